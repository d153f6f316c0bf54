#pragma once

#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {

/// How a block is executed.
enum class Kind { kSerial, kInPlace, kSpeculative, kPlanned, kAdaptive };
inline constexpr Kind kKinds[] = {Kind::kSerial, Kind::kInPlace, Kind::kSpeculative, Kind::kPlanned,
                                  Kind::kAdaptive};

/// All executors over one state, of which one kind runs the blocks.
template <class Machine>
struct EveryExecutor {
    EveryExecutor(Kind kind_in, const Machine& machine, StateStore<Machine>& store,
                  std::uint32_t workers = 3)
        : kind(kind_in),
          pool(workers),
          serial(machine, store, kProgramLimits),
          in_place(machine, store, kProgramLimits),
          parallel(machine, store, pool, kProgramLimits,
                   ParallelOptions{.plan = kind == Kind::kPlanned || kind == Kind::kAdaptive,
                                   .adaptive = kind == Kind::kAdaptive}) {}

    Result<BlockResult, Error> execute(const Block<Program>& block,
                                       const ExecuteOptions& options = {},
                                       BlockDiff<Machine>* diff = nullptr) {
        switch (kind) {
            case Kind::kSerial:
                return serial.execute(block, options, {}, diff);
            case Kind::kInPlace:
                return in_place.execute(block, options, diff);
            default:
                return parallel.execute(block, options, {}, diff);
        }
    }
    void continue_from(const Digest& block) {
        serial.set_previous_block_digest(block);
        in_place.set_previous_block_digest(block);
        parallel.set_previous_block_digest(block);
    }

    const Kind kind;
    WorkerPool pool;
    SerialExecutor<Machine> serial;
    InPlaceExecutor<Machine> in_place;
    ParallelExecutor<Machine> parallel;
};

}  // namespace lockstep::test
