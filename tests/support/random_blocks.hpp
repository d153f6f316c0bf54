#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/base/random.hpp"
#include "engine/contract/access_list.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {

/// How declared keys relate to what a program really does.
enum class Hints : std::uint8_t { kNone, kExact, kPartial, kWrong, kMixed };

/// Shape of random blocks; everything follows from the seed.
struct BlockShape {
    std::uint32_t transactions_min = 2;
    std::uint32_t transactions_max = 32;
    std::uint32_t universe = 8;  ///< fewer keys, more conflicts
    std::uint32_t steps_max = 8;
    std::uint32_t delay_max = 0;
    Hints hints = Hints::kNone;
    bool hostile = true;   ///< throws, endless loops, data-dependent keys
    bool limits = true;    ///< sometimes a weight limit that cuts the block
    bool scans = false;    ///< range reads
    bool changes = false;  ///< values changed in place
};

inline Step random_step(Random& random, const BlockShape& shape) {
    static constexpr Op kTame[] = {
        Op::kRead,    Op::kRead,   Op::kWrite, Op::kWrite, Op::kErase,    Op::kAdd,        Op::kAdd,
        Op::kAtLeast, Op::kExists, Op::kEmit,  Op::kSave,  Op::kRollback, Op::kRejectIfOdd};
    static constexpr Op kHostile[] = {Op::kJump, Op::kThrowIfOdd, Op::kSpinIfOdd};
    Step step;
    step.op = shape.hostile && random.chance(1, 12) ? kHostile[random.below(std::size(kHostile))]
                                                    : kTame[random.below(std::size(kTame))];
    if (shape.scans && random.chance(1, 8)) {
        step.op = Op::kScan;
    }
    if (shape.changes && random.chance(1, 4)) {
        step.op = Op::kChange;
    }
    step.key = static_cast<std::uint32_t>(random.below(shape.universe));
    step.operand = random.between(-20, 20);
    if (step.op == Op::kAdd) {
        switch (random.below(4)) {
            case 0:
                step.bounds = {.lower = 0, .upper = 30};
                break;
            case 1:
                step.bounds = {.lower = -5'000'000'000, .upper = 5'000'000'000};
                break;
            case 2:
                step.bounds = {.lower = 10, .upper = kInt128Max};
                break;
            default:
                break;
        }
    }
    return step;
}

inline void declare_hints(Random& random, const BlockShape& shape, Program& program) {
    Hints hints = shape.hints;
    if (hints == Hints::kMixed) {
        hints = static_cast<Hints>(random.below(4));
    }
    if (hints == Hints::kNone) {
        return;
    }
    for (const Step& step : program.steps) {
        if (hints == Hints::kPartial && random.chance(1, 2)) {
            continue;
        }
        std::uint32_t key = step.key;
        Access access = Access::kRead;
        if (step.op == Op::kWrite || step.op == Op::kErase || step.op == Op::kChange) {
            access = Access::kWrite;
        } else if (step.op == Op::kAdd) {
            access = Access::kAdd;
        }
        if (hints == Hints::kWrong) {
            key = static_cast<std::uint32_t>(random.below(shape.universe + 2));
            access = static_cast<Access>(random.below(3));
        }
        program.declared.emplace_back(key, access);
    }
}

/// What the programs of a block declare, as an access list: as right or wrong as they are.
inline AccessList<ProgramMachine::Key> declared_list(const Block<Program>& block) {
    AccessList<ProgramMachine::Key> out;
    for (const Program& program : block.transactions) {
        std::map<ProgramMachine::Key, CellAccess<ProgramMachine::Key>> accesses;
        for (const auto& [key, access] : program.declared) {
            auto& entry = accesses[key];
            entry.key = key;
            entry.dependence = access == Access::kAdd ? Dependence::kPredicate : Dependence::kValue;
            if (access != Access::kRead) {
                entry.effect = access == Access::kAdd ? Effect::kAdd : Effect::kWrite;
            }
        }
        std::vector<CellAccess<ProgramMachine::Key>> listed;
        for (const auto& [key, access] : accesses) {
            listed.push_back(access);
        }
        out.append(listed);
    }
    return out;
}

inline Program random_program(Random& random, const BlockShape& shape) {
    Program program;
    const std::uint64_t steps = 1 + random.below(shape.steps_max);
    for (std::uint64_t i = 0; i < steps; ++i) {
        program.steps.push_back(random_step(random, shape));
    }
    program.weight = random.below(5);
    program.delay =
        shape.delay_max == 0 ? 0 : static_cast<std::uint32_t>(random.below(shape.delay_max));
    declare_hints(random, shape, program);
    return program;
}

inline Block<Program> random_block(Random& random, const BlockShape& shape, std::uint64_t height) {
    Block<Program> block{
        .header = {.height = height, .time_ms = static_cast<std::int64_t>(height)}};
    const auto size =
        static_cast<std::uint64_t>(random.between(shape.transactions_min, shape.transactions_max));
    for (std::uint64_t i = 0; i < size; ++i) {
        block.transactions.push_back(random_program(random, shape));
    }
    if (shape.limits && random.chance(1, 6)) {
        block.header.weight_limit = random.below(size * 3);
    }
    return block;
}

}  // namespace lockstep::test
