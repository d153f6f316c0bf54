#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/explorer/explorer.hpp"
#include "tests/explorer/inspector.hpp"
#include "tests/support/program_machine.hpp"
#include "tests/support/random_blocks.hpp"

namespace lockstep::test {

/// The toy machine, with executions that can run out of memory and that offer a change of worker
/// even when they touch nothing.
struct ExploredMachine : ProgramMachine {
    /// Executions by explored workers until one throws std::bad_alloc.
    static inline std::uint64_t executions_before_failure = kNever;
    static inline Key unit_cells = 1;  ///< how many cells make a unit

    static Key unit(Key key) { return key - key % unit_cells; }

    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context& context) const {
        if (Explorer::here().active()) {
            Explorer::here().point();
            if (executions_before_failure-- == 0) {
                throw std::bad_alloc();
            }
        }
        return ProgramMachine::execute(view, program, context);
    }
};

/// What explored blocks run on.
struct ExploredSetting {
    std::uint32_t workers = 2;
    std::uint32_t universe = 4;
    ParallelOptions options = {};
    bool listed = false;  ///< hints are given as access lists
    std::uint32_t unit_cells = 1;
};

/// Trouble from outside during one block.
struct ExploredFaults {
    std::uint64_t cancel_at = kNever;         ///< step at which the host asks to stop
    std::uint64_t out_of_memory_at = kNever;  ///< execution that throws std::bad_alloc
    std::uint64_t noise = 0;                  ///< seed of spurious failures of weak exchanges
    std::uint64_t suspicion = 0;  ///< chance in 16 that validation takes what stands for stale
    Explorer::Halt halt = {};     ///< a worker that stops, for a while or for ever
};

/// One state run through both executors, the parallel one under explored schedules.
class ExploredTwin {
  public:
    explicit ExploredTwin(const ExploredSetting& setting);
    ~ExploredTwin();

    /// Runs a block under the strategy and compares everything with the serial executor. What is
    /// wrong, nothing when all is well. After trouble, or when stuck(), the object is of no further
    /// use.
    [[nodiscard]] std::optional<std::string> run(const Block<Program>& block, Strategy& strategy,
                                                 const ExploredFaults& faults);

    [[nodiscard]] const ExecutionMetrics& metrics() const noexcept;
    /// Blocks that were given up.
    [[nodiscard]] std::uint64_t cancelled() const noexcept { return cancelled_; }
    [[nodiscard]] std::uint64_t out_of_memory() const noexcept { return out_of_memory_; }
    /// A worker that halted for ever kept the block from ending; what was committed is right.
    [[nodiscard]] bool stuck() const noexcept { return stuck_; }
    [[nodiscard]] std::uint64_t checks() const noexcept { return inspector_.checks(); }

    static constexpr std::uint64_t kStepsMax = 60'000;
    static constexpr TxnLimits kLimits{.steps = 40, .event_bytes = 40};

  private:
    struct Objects;
    using Commits = std::vector<std::pair<std::uint32_t, Receipt>>;

    [[nodiscard]] static std::optional<std::string> compare_commits(const BlockResult& expected,
                                                                    const Commits& committed);
    [[nodiscard]] std::optional<std::string> compare(const BlockResult& expected,
                                                     const BlockResult& actual,
                                                     std::uint64_t executions,
                                                     std::uint64_t waits) const;
    std::unique_ptr<Objects> objects_;
    bool listed_ = false;
    std::uint32_t unit_cells_;
    Inspector inspector_;
    std::uint64_t cancelled_ = 0;
    std::uint64_t out_of_memory_ = 0;
    bool stuck_ = false;
};

/// A block that went wrong, with all that is needed to run it again.
struct Finding {
    std::uint64_t seed = 0;   ///< of the session; 0: a tiny case, named by `strategy`
    std::uint32_t block = 0;  ///< number within the session, from 0
    std::string strategy = {};
    std::string what = {};
    ExploredSetting setting = {};
    std::vector<Block<Program>> blocks = {};  ///< all blocks up to the one that went wrong
    ExploredFaults faults = {};
    Trace trace = {};
};

/// Sums over sessions.
struct ExplorationCount {
    std::uint64_t schedules = 0;  ///< blocks run under a schedule
    std::uint64_t steps = 0;
    std::uint64_t checks = 0;  ///< of invariants, by Inspector
    std::uint64_t cancelled = 0;
    std::uint64_t out_of_memory = 0;
    std::uint64_t stuck = 0;  ///< blocks that a worker halted for ever kept from ending
    ExecutionMetrics metrics;
};

/// Runs the session that follows from `seed`: a few small blocks on one state, each under its own
/// strategy. Nothing when all is well.
[[nodiscard]] std::optional<Finding> explore_session(std::uint64_t seed, ExplorationCount& count);

/// A block small enough for every schedule with few switches.
struct TinyCase {
    const char* name;
    Block<Program> block;
    bool plan = false;  ///< executed as planned where that goes well
};
[[nodiscard]] const std::vector<TinyCase>& tiny_cases();
[[nodiscard]] ExploredSetting tiny_setting(const TinyCase& tiny);

/// Runs the case under every schedule that differs from the usual one in at most `bound` decisions,
/// up to `schedules_max` of them.
[[nodiscard]] std::optional<Finding> explore_exhaustively(const TinyCase& tiny, std::uint32_t bound,
                                                          std::uint64_t schedules_max,
                                                          ExplorationCount& count);

/// One block under one list of switches; nothing when all is well.
[[nodiscard]] std::optional<Finding> explore_once(const TinyCase& tiny, const Trace& trace);

/// The finding with fewer switches and steps of transactions, as far as it still goes wrong.
[[nodiscard]] Finding shrink(const Finding& finding);

/// The finding as text, with the command that runs it again.
[[nodiscard]] std::string describe(const Finding& finding);

/// Prints the session at work on stderr when the process aborts.
void report_session_on_abort();

}  // namespace lockstep::test
