#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "bench/bars/bars.hpp"
#include "bench/critical_path.hpp"
#include "bench/trace/trace_machine.hpp"
#include "bench/trace/trace_reader.hpp"
#include "bench/workloads/recorded_log.hpp"
#include "replay/import/open_recorded_data.hpp"

namespace lockstep::bench {
namespace {

constexpr std::uint64_t kRoundsPerMgasNs = 300'000;  ///< 0.3 ns of work for each unit of gas
constexpr std::uint32_t kBatchTrades = 1'000;

/// The folder of recorded data: LOCKSTEP_DATA, else ../shared/data.
std::optional<std::filesystem::path> data_folder(const char* name) {
    const char* named = std::getenv("LOCKSTEP_DATA");
    const std::filesystem::path folder =
        std::filesystem::path(named != nullptr && *named != '\0' ? named : "../shared/data") / name;
    std::error_code ignored;
    if (std::filesystem::is_directory(folder, ignored)) {
        return folder;
    }
    std::fprintf(stderr, "%s: there are no recorded data; their figures are left out\n",
                 folder.string().c_str());
    return std::nullopt;
}

/// The engine with access lists: records them in the first pass, uses them from then on, and counts
/// what they got wrong.
template <Machine M>
class ListedContestant final : public Contestant<M> {
  public:
    using typename Contestant<M>::Key;
    using typename Contestant<M>::Value;

    /// `blocks`: in a pass, the one that begins it included.
    template <class Workload>
    ListedContestant(const Workload& workload, std::uint32_t workers, std::size_t blocks)
        : engine_(populated_contestant(workload, Entrant::engine(workers))), lists_(blocks) {}
    void set(const Key& key, const Value* value) override { engine_->set(key, value); }
    BlockResult execute(const Block<typename M::Transaction>& block) override {
        AccessList<Key>& list = lists_[executed_ % lists_.size()];
        AccessMismatches<Key> mismatches;
        AccessOptions<Key> accesses;
        if (executed_++ < lists_.size()) {
            accesses.recorded = &list;
        } else {
            accesses.known = &list;
            accesses.mismatches = &mismatches;
        }
        auto result = engine_->execute_with(block, accesses);
        mismatches_ += mismatches.count;
        return result;
    }
    [[nodiscard]] Digest state_digest() const override { return engine_->state_digest(); }
    [[nodiscard]] ExecutionMetrics metrics() const override { return engine_->metrics(); }
    [[nodiscard]] std::uint64_t mismatches() const noexcept { return mismatches_; }

  private:
    std::unique_ptr<Contestant<M>> engine_;
    std::vector<AccessList<Key>> lists_;
    std::size_t executed_ = 0;
    std::uint64_t mismatches_ = 0;
};

/// Sums over one pass of all blocks.
struct Pass {
    double serial_ns = 0;
    double unaided_ns = 0;  ///< engine without any help
    double listed_ns = 0;   ///< engine with access lists
    double least_ns = 0;    ///< what critical paths and ceiling allow
};

template <class Of>
double median_of(const std::vector<Pass>& passes, Of&& of) {
    std::vector<double> values;
    for (const Pass& pass : passes) {
        values.push_back(of(pass));
    }
    return median(std::move(values));
}

/// What the race over a recorded workload gave.
struct RecordedRace {
    RaceResult result;  ///< T, unaided, listed
    std::vector<Pass> passes;
    double ceiling = 1;
    std::uint64_t mismatches = 0;

    [[nodiscard]] std::string note(double Pass::*engine, std::size_t runner) const {
        char text[192];
        std::snprintf(
            text, sizeof text,
            "%.2f x T, %.2f allowed, ceiling %.2f, %.3f executions, cpu %.2f x T",
            median_of(passes, [&](const Pass& pass) { return pass.serial_ns / pass.*engine; }),
            median_of(passes, [](const Pass& pass) { return pass.serial_ns / pass.least_ns; }),
            ceiling, executions(runner), result.cpu(runner));
        return text;
    }
    [[nodiscard]] double executions(std::size_t runner) const {
        return static_cast<double>(result.tracks[runner].metrics.executions) /
               static_cast<double>(result.transactions);
    }
};

/// Races the engine, with and without access lists, against T over whole passes.
template <class Workload>
RecordedRace race_passes(const BarSizes& sizes, const Workload& workload, std::size_t blocks) {
    using M = typename Workload::Machine;
    const auto profiles = profile_blocks(workload, blocks);
    const auto count = static_cast<std::uint32_t>(blocks);
    Laps laps = sizes.laps_with_ceiling(0);
    laps.warm_ups =
        sizes.of(3, 1) * count;  // lists are recorded, the adaptive mode tries both ways
    laps.at_least = sizes.of(7, 1) * count;
    laps.at_most = laps.at_least;
    auto listed = std::make_unique<ListedContestant<M>>(workload, sizes.workers, blocks + 1);
    const ListedContestant<M>& lists = *listed;
    Race race(workload);
    race.enter(Entrant::twin())
        .enter(Entrant::engine(sizes.workers, {.use_declared = false, .adaptive = true}))
        .enter("listed", std::move(listed));
    RecordedRace out{.result = race.run(laps), .passes = {}};
    out.mismatches = lists.mismatches();
    out.passes.resize(laps.at_least / count);
    out.ceiling = std::max(median(out.result.ceiling), 1.0);
    for (std::size_t lap = 0; lap < laps.at_least; ++lap) {
        Pass& pass = out.passes[lap / count];
        const double serial = out.result.tracks[0].block_ns[lap];
        pass.serial_ns += serial;
        pass.unaided_ns += out.result.tracks[1].block_ns[lap];
        pass.listed_ns += out.result.tracks[2].block_ns[lap];
        pass.least_ns += serial * least_share<M>(profiles[lap % count], out.ceiling);
    }
    return out;
}

/// `chained`: its critical path, not the ceiling, is what bounds it with lists as well.
template <class Workload>
void measure(const BarSizes& sizes, Scoreboard& board, const Workload& workload, std::size_t blocks,
             const std::string& name, bool chained) {
    const RecordedRace race = race_passes(sizes, workload, blocks);
    if (!race.result.equal()) {
        board.wrong_result(name);
    }
    board.add({.name = name + ", no help",
               .value = median_of(race.passes,
                                  [](const Pass& pass) { return pass.least_ns / pass.unaided_ns; }),
               .bar = Figure::Bar::kAtLeast,
               .target = 0.8,
               .unit = "of what is allowed",
               .note = race.note(&Pass::unaided_ns, 1)});
    board.add({.name = name + ", access lists",
               .value = median_of(race.passes,
                                  [&](const Pass& pass) {
                                      return (chained ? pass.least_ns
                                                      : pass.serial_ns / race.ceiling) /
                                             pass.listed_ns;
                                  }),
               .bar = Figure::Bar::kAtLeast,
               .target = 0.92,
               .unit = chained ? "of what is allowed" : "of ceiling x T",
               .note = race.note(&Pass::listed_ns, 2)});
    board.add({.name = name + ", access lists: executions",
               .value = race.executions(2),
               .bar = Figure::Bar::kAtMost,
               .target = 1.0,
               .unit = "per transaction",
               .note = std::to_string(race.mismatches) + " mismatches with a right list"});
}

/// Every tenth access of a recorded list is made wrong: each must be named, and change no result.
void measure_mismatches(Scoreboard& board, const TraceWorkload<false>& workload) {
    constexpr std::size_t kWrong = 10;
    const auto run = [&](const AccessOptions<TraceKey>& accesses) {
        const auto engine = make_contestant(workload.machine, Entrant::engine(2));
        auto source = workload.source();
        static_cast<void>(engine->execute(source.next()));
        return engine->execute_with(source.next(), accesses).block;
    };
    AccessList<TraceKey> right;
    const Digest expected = run({.recorded = &right});
    AccessList<TraceKey> wrong;
    std::size_t changed = 0;
    for (std::size_t txn = 0; txn < right.size(); ++txn) {
        std::vector<CellAccess<TraceKey>> accesses(right.of(txn).begin(), right.of(txn).end());
        if (changed < kWrong && !accesses.empty()) {
            const bool writes = accesses.back().effect == Effect::kWrite;
            accesses.back().effect = writes ? Effect::kAdd : Effect::kWrite;
            ++changed;
        }
        wrong.append(accesses);
    }
    AccessMismatches<TraceKey> mismatches;
    if (run({.known = &wrong, .mismatches = &mismatches}) != expected) {
        board.wrong_result("a damaged access list");
    }
    board.add({.name = "a damaged access list: wrong accesses that are named",
               .value = changed == 0 ? 0
                                     : static_cast<double>(mismatches.named.size()) /
                                           static_cast<double>(changed),
               .bar = Figure::Bar::kAtLeast,
               .target = 1.0,
               .unit = "of those made wrong",
               .note = std::to_string(mismatches.count) + " counted, " + std::to_string(changed) +
                       " made wrong; the result is the serial one"});
}

void measure_hyperliquid(const BarSizes& sizes, Scoreboard& board) {
    const auto folder = data_folder("hyperliquid_fills");
    if (!folder) {
        return;
    }
    for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
        const std::string path = entry.path().string();
        if (path.find(".jsonl") == std::string::npos) {
            continue;
        }
        const auto data = open_recorded_data({.path = path});
        auto workload = data ? recorded_log("hyperliquid", **data, kBatchTrades)
                             : Result<RewoundLogWorkload, Error>(failure(data.error()));
        if (!workload) {
            std::fprintf(stderr, "%s\n", workload.error().describe().c_str());
            continue;
        }
        const std::size_t blocks = workload->blocks->size();
        measure(sizes, board, *workload, blocks, "Hyperliquid fills, blocks of 10^3", false);
        return;
    }
}

void measure_ethereum(const BarSizes& sizes, Scoreboard& board) {
    const auto folder = data_folder("ethereum_access_traces");
    if (!folder) {
        return;
    }
    for (const TraceFiles& files : find_traces(*folder)) {
        auto read = read_trace(files);
        if (!read) {
            std::fprintf(stderr, "%s\n", read.error().describe().c_str());
            continue;
        }
        const auto trace = std::make_shared<const Trace>(std::move(*read));
        for (const bool as_delta : {true, false}) {
            const TraceWorkload<false> workload{
                .name = "ethereum",
                .machine = {.trace = trace,
                            .beneficiary_as_delta = as_delta,
                            .rounds_per_mgas = rounds_for(kRoundsPerMgasNs)}};
            measure(
                sizes, board, workload, trace->blocks.size(),
                std::string("Ethereum trace, beneficiary as ") + (as_delta ? "delta" : "plain key"),
                !as_delta);
            if (as_delta) {
                measure_mismatches(board, workload);
            }
        }
        return;
    }
}

}  // namespace

void measure_recorded(const BarSizes& sizes, Scoreboard& board) {
    measure_hyperliquid(sizes, board);
    measure_ethereum(sizes, board);
}

}  // namespace lockstep::bench
