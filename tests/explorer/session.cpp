#include "tests/explorer/session.hpp"

#include <csignal>
#include <cstdio>
#include <stop_token>
#include <utility>

#include "tests/explorer/programs.hpp"
#include "tests/support/in_parallel.hpp"

namespace lockstep::test {

namespace {

using Parallel = ParallelExecutor<ExploredMachine, ExplorerSync, FiberPool>;

std::uint64_t session_at_work = 0;

}  // namespace

struct ExploredTwin::Objects {
    explicit Objects(const ExploredSetting& setting)
        : machine{{.universe = setting.universe}},
          pool(setting.workers),
          parallel(machine, parallel_store, pool, kLimits, in_parallel(setting.options)) {}

    ExploredMachine machine;
    StateStore<ExploredMachine> serial_store;
    StateStore<ExploredMachine, ExplorerSync> parallel_store;
    SerialExecutor<ExploredMachine> serial{machine, serial_store, kLimits};
    FiberPool pool;
    Parallel parallel;
};

ExploredTwin::ExploredTwin(const ExploredSetting& setting)
    : objects_(std::make_unique<Objects>(setting)),
      listed_(setting.listed),
      unit_cells_(setting.unit_cells) {}

ExploredTwin::~ExploredTwin() {
    if (Explorer::here().outcome() != Explorer::Outcome::kFinished) {
        // Stuck workers still point into the objects.
        static std::vector<std::unique_ptr<Objects>> abandoned;
        abandoned.push_back(std::move(objects_));
    }
}

const ExecutionMetrics& ExploredTwin::metrics() const noexcept {
    return objects_->parallel.metrics();
}

std::optional<std::string> ExploredTwin::run(const Block<Program>& block, Strategy& strategy,
                                             const ExploredFaults& faults) {
    Objects& o = *objects_;
    const Digest before = o.parallel_store.digest();
    const std::size_t size_before = o.parallel_store.size();
    const std::uint64_t executions_before = metrics().executions;
    const std::uint64_t waits_before = metrics().waits;
    std::stop_source stop;
    const bool halts_for_ever = faults.halt.from != kNever && faults.halt.until == kNever;
    const std::uint64_t steps_max = halts_for_ever ? kStepsMax / 10 : kStepsMax;
    inspector_.watch(o.parallel);
    ExploredMachine::executions_before_failure = faults.out_of_memory_at;
    ExploredMachine::unit_cells = unit_cells_;
    Explorer::here().set_plan({.strategy = &strategy,
                               .steps_max = steps_max,
                               .monitor = &inspector_,
                               .halt = faults.halt,
                               .suspicion = faults.suspicion,
                               .interrupt_at = faults.cancel_at,
                               .interrupt = [&stop] { stop.request_stop(); },
                               .noise = faults.noise});
    Commits committed;
    const ExecuteOptions options{
        .stop = stop.get_token(),
        .on_commit = [&committed](std::uint32_t index, const Receipt& receipt,
                                  std::span<const std::byte>) {
            committed.emplace_back(index, receipt);
        }};
    const AccessList<ProgramMachine::Key> known = declared_list(block);
    AccessList<ProgramMachine::Key> actual_list;
    AccessList<ProgramMachine::Key> expected_list;
    const auto actual = o.parallel.execute(
        block, options, {.known = listed_ ? &known : nullptr, .recorded = &actual_list});
    const Explorer::Outcome outcome = Explorer::here().outcome();
    if (outcome == Explorer::Outcome::kBroken) {
        return std::string("invariant: ") + Explorer::here().broken();
    }
    if (outcome != Explorer::Outcome::kFinished && halts_for_ever) {
        stuck_ = true;
        const auto expected = o.serial.execute(block);
        return expected.has_value() ? compare_commits(*expected, committed) : std::nullopt;
    }
    if (outcome != Explorer::Outcome::kFinished) {
        return outcome == Explorer::Outcome::kDeadlock
                   ? "deadlock: every worker sleeps"
                   : "livelock: no end after " + std::to_string(kStepsMax) + " steps";
    }
    if (!actual.has_value()) {
        const bool allowed = faults.cancel_at != kNever || faults.out_of_memory_at != kNever;
        if (!allowed) {
            return "the block failed: " + actual.error().message;
        }
        ++(actual.error().message == "cancelled" ? cancelled_ : out_of_memory_);
        if (o.parallel_store.digest() != before || o.parallel_store.size() != size_before ||
            o.parallel_store.recompute_digest() != before) {
            return "a block that was given up left traces in the state";  // [E3]
        }
        return std::nullopt;
    }
    const auto expected = o.serial.execute(block, {}, {.recorded = &expected_list});
    if (!expected.has_value()) {
        return "the serial executor failed: " + expected.error().message;
    }
    if (auto wrong = compare_commits(*expected, committed)) {
        return wrong;
    }
    if (committed.size() != block.transactions.size()) {
        return "on_commit was not called once per transaction";
    }
    if (expected_list != actual_list) {
        return "access lists differ";
    }
    return compare(*expected, *actual, metrics().executions - executions_before,
                   metrics().waits - waits_before);
}

std::optional<std::string> ExploredTwin::compare_commits(const BlockResult& expected,
                                                         const Commits& committed) {
    for (std::uint32_t i = 0; i < committed.size(); ++i) {
        const Receipt& serial = expected.receipts[i];
        if (committed[i].first != i || committed[i].second.effects != serial.effects) {
            return "on_commit was called out of order or with another receipt, call " +
                   std::to_string(i);
        }
    }
    return std::nullopt;
}

std::optional<std::string> ExploredTwin::compare(const BlockResult& expected,
                                                 const BlockResult& actual,
                                                 std::uint64_t executions,
                                                 std::uint64_t waits) const {
    const Objects& o = *objects_;
    for (std::size_t i = 0; i < expected.receipts.size(); ++i) {
        if (expected.receipts[i] != actual.receipts[i]) {
            return "receipt " + std::to_string(i) + " differs: serial status " +
                   std::to_string(expected.receipts[i].status) + ", parallel " +
                   std::to_string(actual.receipts[i].status);
        }
    }
    if (expected.events != actual.events) {
        return "events differ";
    }
    if (expected != actual) {
        return expected.state != actual.state ? "state digests differ" : "block digests differ";
    }
    if (o.parallel_store.recompute_digest() != actual.state ||
        o.parallel_store.size() != o.serial_store.size()) {
        return "the store does not match its digest";  // [SS1] [SS2]
    }
    const std::uint64_t bound =
        expected.receipts.size() * (Scheduler<ExplorerSync>::kIncarnationsMax + 1) + waits;
    if (executions > bound) {
        return std::to_string(executions) + " executions exceed the bound on incarnations";
    }
    return std::nullopt;
}

namespace {

ExploredSetting random_setting(Random& random) {
    ExploredSetting setting;
    setting.workers = static_cast<std::uint32_t>(random.between(2, 4));
    setting.universe = static_cast<std::uint32_t>(random.between(1, 6));
    setting.options.chunk_max = static_cast<std::uint32_t>(random.between(1, 3));
    setting.options.claims_min = random.chance(1, 2) ? 1 : 8;
    setting.options.window =
        random.chance(1, 3) ? static_cast<std::uint32_t>(random.between(1, 4)) : 4096;
    setting.options.use_declared = !random.chance(1, 8);
    setting.options.revalidate = !random.chance(1, 4);
    setting.listed = random.chance(1, 5);
    setting.options.plan = random.chance(1, 2);
    if (random.chance(1, 2)) {
        setting.unit_cells = random.chance(1, 2) ? 2 : 4;
    }
    return setting;
}

BlockShape random_shape(Random& random, const ExploredSetting& setting) {
    BlockShape shape;
    shape.transactions_max = static_cast<std::uint32_t>(random.between(2, 9));
    shape.universe = setting.universe;
    shape.steps_max = static_cast<std::uint32_t>(random.between(1, 8));
    shape.hints = static_cast<Hints>(random.below(5));
    shape.hostile = random.chance(1, 2);
    shape.scans = random.chance(1, 3);
    return shape;
}

Flavour random_flavour(Random& random) {
    return static_cast<Flavour>(random.below(3));
}

Block<Program> make_block(Random& random, Flavour flavour, const BlockShape& shape,
                          std::uint64_t height) {
    switch (flavour) {
        case Flavour::kDoubtful:
            return doubtful_block(random, shape.universe, height);
        case Flavour::kRepeated:
            return repeated_block(random, shape.universe, height);
        case Flavour::kAny:
            break;
    }
    return random_block(random, shape, height);
}

ExploredFaults random_faults(Random& random, std::uint32_t workers) {
    ExploredFaults faults;
    if (random.chance(1, 12)) {
        faults.cancel_at = 1 + random.below(800);
    }
    if (random.chance(1, 40)) {
        faults.out_of_memory_at = random.below(12);
    }
    faults.noise = random.next();
    if (random.chance(1, 6)) {
        faults.suspicion = 1 + random.below(6);
    }
    if (random.chance(1, 6)) {
        faults.halt.worker = static_cast<std::uint32_t>(random.below(workers));
        faults.halt.from = 1 + random.below(600);
        faults.halt.until = faults.halt.from + (1ULL << random.between(4, 12));
        if (random.chance(1, 1'500)) {
            faults.halt.until = kNever;
        }
    }
    return faults;
}

}  // namespace

std::optional<Finding> explore_session(std::uint64_t seed, ExplorationCount& count) {
    constexpr std::uint32_t kBlocks = 10;
    session_at_work = seed;
    Random random(mix64(seed));
    Finding finding{.seed = seed, .setting = random_setting(random)};
    ExploredTwin twin(finding.setting);
    const BlockShape shape = random_shape(random, finding.setting);
    const Flavour flavour = random_flavour(random);
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
        finding.blocks.push_back(make_block(random, flavour, shape, i + 1));
        const std::unique_ptr<Strategy> strategy = random_strategy(random);
        finding.faults = random_faults(random, finding.setting.workers);
        const auto wrong = twin.run(finding.blocks.back(), *strategy, finding.faults);
        ++count.schedules;
        count.steps += Explorer::here().steps();
        if (wrong.has_value()) {
            finding.block = i;
            finding.strategy = strategy->name();
            finding.what = *wrong;
            finding.trace = Explorer::here().trace();
            return finding;
        }
        if (twin.stuck()) {
            ++count.stuck;
            break;
        }
    }
    count.cancelled += twin.cancelled();
    count.out_of_memory += twin.out_of_memory();
    count.checks += twin.checks();
    count.metrics += twin.metrics();
    return std::nullopt;
}

void report_session_on_abort() {
    std::signal(SIGABRT, [](int) {
        std::fprintf(stderr, "aborted in session %llu; again: explore --session %llu\n",
                     static_cast<unsigned long long>(session_at_work),
                     static_cast<unsigned long long>(session_at_work));
        std::signal(SIGABRT, SIG_DFL);
    });
}

}  // namespace lockstep::test
