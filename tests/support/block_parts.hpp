#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/parallel/block_run.hpp"
#include "engine/parallel/link_stage.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {

/// A program that declares these accesses and does nothing.
inline Program declaring(std::vector<std::pair<std::uint32_t, Access>> declared) {
    return {.declared = std::move(declared)};
}

/// What the parts of a way share for one block, without an executor: tests call the parts one by
/// one, in the order of their choice.
struct BlockParts {
    using Run = BlockRun<ProgramMachine, StdSync>;
    using Key = ProgramMachine::Key;

    explicit BlockParts(std::vector<Program> programs, std::uint32_t workers = 2)
        : transactions(std::move(programs)), run(machine, store, kProgramLimits, workers) {
        run.transactions = transactions;
        run.options = &options;
        run.context.emplace();
        run.result.receipts.resize(transactions.size());
        run.block_number = store.next_block_number();
        run.accesses.begin({}, transactions.size());
        run.scheduler.reset(run.size(), {});
        run.keep = true;
    }
    /// Resolves and links all declarations by one worker.
    template <class Links, class Worker>
    void link(Links& links, Worker& worker) {
        LinkStage<Run, Links, StdSync> stage(run, links);
        stage.prepare(0);
        stage.resolve_and_link(worker);
    }
    void set(Key key, std::int64_t number) {
        const Int128 value = number;
        store.set(key, &value);
    }
    [[nodiscard]] auto& cell(Key key) { return store.cell(store.intern(key)); }

    std::vector<Program> transactions;
    ExecuteOptions options;
    ProgramMachine machine{.universe = 100};
    StateStore<ProgramMachine> store;
    Run run;
};

}  // namespace lockstep::test
