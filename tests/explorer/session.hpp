#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "engine/serial_executor.hpp"
#include "tests/explorer/explorer.hpp"
#include "tests/support/program_machine.hpp"
#include "tests/support/random_blocks.hpp"

namespace lockstep::test {

/// The toy machine, with executions that can run out of memory and that offer a change of worker
/// even when they touch nothing.
struct ExploredMachine : ProgramMachine {
    /// Executions by explored workers until one throws std::bad_alloc.
    static inline std::uint64_t executions_before_failure = kNever;

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
};

/// Trouble from outside during one block.
struct ExploredFaults {
    std::uint64_t cancel_at = kNever;         ///< step at which the host asks to stop
    std::uint64_t out_of_memory_at = kNever;  ///< execution that throws std::bad_alloc
    std::uint64_t noise = 0;                  ///< seed of spurious failures of weak exchanges
};

/// One state run through both executors, the parallel one under explored schedules.
class ExploredTwin {
  public:
    explicit ExploredTwin(const ExploredSetting& setting);
    ~ExploredTwin();

    /// Runs a block under the strategy and compares everything with the serial executor. What is
    /// wrong, nothing when all is well. After trouble the object is of no further use.
    [[nodiscard]] std::optional<std::string> run(const Block<Program>& block, Strategy& strategy,
                                                 const ExploredFaults& faults);

    [[nodiscard]] const ExecutionMetrics& metrics() const noexcept;
    /// Blocks that were cancelled or ran out of memory.
    [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

    static constexpr std::uint64_t kStepsMax = 60'000;
    static constexpr TxnLimits kLimits{.steps = 40, .event_bytes = 40};

  private:
    struct Objects;
    [[nodiscard]] std::optional<std::string> compare(const BlockResult& expected,
                                                     const BlockResult& actual,
                                                     std::uint64_t executions,
                                                     std::uint64_t waits) const;
    std::unique_ptr<Objects> objects_;
    std::uint64_t given_up_ = 0;
};

/// A block that went wrong, with all that is needed to run it again.
struct Finding {
    std::uint64_t seed = 0;
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
    std::uint64_t given_up = 0;
    ExecutionMetrics metrics;
};

/// Runs the session that follows from `seed`: a few small blocks on one state, each under its own
/// strategy. Nothing when all is well.
[[nodiscard]] std::optional<Finding> explore_session(std::uint64_t seed, ExplorationCount& count);

/// Runs `block` under every schedule that differs from the usual one in at most `bound` decisions,
/// up to `schedules_max` of them.
[[nodiscard]] std::optional<Finding> explore_exhaustively(const ExploredSetting& setting,
                                                          const Block<Program>& block,
                                                          std::uint32_t bound,
                                                          std::uint64_t schedules_max,
                                                          ExplorationCount& count);

/// The finding with fewer switches and steps of transactions, as far as it still goes wrong.
[[nodiscard]] Finding shrink(const Finding& finding);

/// The finding as text, with the command that runs it again.
[[nodiscard]] std::string describe(const Finding& finding);

/// Prints the session at work on stderr when the process aborts.
void report_session_on_abort();

}  // namespace lockstep::test
