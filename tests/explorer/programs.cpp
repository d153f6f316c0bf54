#include "tests/explorer/programs.hpp"

namespace lockstep::test {
namespace {

Program doubtful_program(Random& random, std::uint32_t universe) {
    const auto key = [&] { return static_cast<std::uint32_t>(random.below(universe)); };
    const auto amount = [&] { return random.between(-6, 6); };
    const Step write{.op = Op::kWrite, .key = key(), .operand = amount()};
    Program program;
    switch (random.below(4)) {
        case 0:
            program.steps = {{.op = Op::kAdd, .key = key(), .operand = amount(), .bounds = {0, 8}}};
            break;
        case 1: {
            static constexpr Op kDoubts[] = {Op::kAdd, Op::kAtLeast, Op::kExists};
            program.steps = {{.op = kDoubts[random.below(3)],
                              .key = key(),
                              .operand = amount(),
                              .bounds = {0, 8}},
                             write,
                             {.op = Op::kRejectIfOdd}};
            break;
        }
        default:
            program.steps = {{.op = Op::kRead, .key = key()}, write};
            break;
    }
    declare_hints(random, {.universe = universe, .hints = Hints::kExact}, program);
    if (random.chance(1, 12)) {
        program.declared.clear();
    }
    return program;
}

/// The shared cells of a block: conflicts on one of them are what it is about.
struct HotKeys {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
};

/// One question or change, mostly of the hot cell.
Step repeated_step(Random& random, Op op, std::uint32_t key) {
    Step step{.op = op, .key = key, .operand = random.between(-4, 6)};
    if (op == Op::kAdd && random.chance(2, 3)) {
        step.bounds = {.lower = 0, .upper = random.between(0, 12)};
    }
    return step;
}

/// Who adds: plainly, in vain, or not for good.
void append_adder(Random& random, std::uint32_t key, Program& program) {
    program.steps.push_back(repeated_step(random, Op::kAdd, key));
    if (random.chance(1, 4)) {
        program.steps.insert(program.steps.begin(), {.op = Op::kSave});
        program.steps.push_back({.op = Op::kRollback});
    } else if (random.chance(1, 6)) {
        program.steps.push_back({.op = Op::kRejectIfOdd});
    }
}

/// Who asks for one cell again and again, and tells the others what the answers were.
void append_asker(Random& random, HotKeys keys, Program& program) {
    static constexpr Op kAsked[] = {Op::kRead, Op::kRead,   Op::kRead, Op::kAtLeast,
                                    Op::kAdd,  Op::kExists, Op::kSave, Op::kRollback};
    const bool reads_only = random.chance(1, 3);
    const std::uint64_t questions = 2 + random.below(7);
    for (std::uint64_t i = 0; i < questions; ++i) {
        const bool ends = i == 0 || i + 1 == questions;
        const std::uint32_t key = ends || random.chance(1, 2) ? keys.first : keys.second;
        const Op op = reads_only ? Op::kRead : kAsked[random.below(8)];
        program.steps.push_back(repeated_step(random, op, key));
    }
    program.steps.push_back(random.chance(1, 2) ? Step{.op = Op::kEmit, .operand = 1}
                                                : repeated_step(random, Op::kWrite, keys.second));
}

/// Declares all but a few of the accesses.
void declare_most(Random& random, Program& program) {
    for (const Step& step : program.steps) {
        const bool names_key = step.op <= Op::kExists;
        if (!names_key || random.chance(1, 6)) {
            continue;
        }
        const bool writes = step.op == Op::kWrite || step.op == Op::kErase;
        program.declared.emplace_back(step.key, writes                ? Access::kWrite
                                                : step.op == Op::kAdd ? Access::kAdd
                                                                      : Access::kRead);
    }
}

Program repeated_program(Random& random, HotKeys keys) {
    Program program;
    switch (random.below(10)) {
        case 0:  // an addition that nobody announced
        case 1:
            append_adder(random, keys.first, program);
            break;
        case 2:  // … that was announced
            append_adder(random, keys.first, program);
            declare_most(random, program);
            break;
        case 3:  // … that was announced and never comes
            program.steps = {{.op = Op::kRead, .key = keys.second}};
            program.declared = {{keys.first, Access::kAdd}};
            break;
        case 4:
        case 5:
            program.steps.push_back(
                repeated_step(random, random.chance(1, 4) ? Op::kErase : Op::kWrite, keys.first));
            declare_most(random, program);
            break;
        default:
            append_asker(random, keys, program);
            declare_most(random, program);
            break;
    }
    return program;
}

template <class MakeProgram>
Block<Program> make_block(Random& random, std::uint64_t height, MakeProgram&& make_program) {
    Block<Program> block{.header = {.height = height, .time_ms = 1}};
    const std::uint64_t size = 3 + random.below(7);
    for (std::uint64_t i = 0; i < size; ++i) {
        block.transactions.push_back(make_program());
    }
    return block;
}

}  // namespace

Block<Program> doubtful_block(Random& random, std::uint32_t universe, std::uint64_t height) {
    return make_block(random, height, [&] { return doubtful_program(random, universe); });
}

Block<Program> repeated_block(Random& random, std::uint32_t universe, std::uint64_t height) {
    const HotKeys keys{.first = static_cast<std::uint32_t>(random.below(universe)),
                       .second = static_cast<std::uint32_t>(random.below(universe))};
    return make_block(random, height, [&] { return repeated_program(random, keys); });
}

}  // namespace lockstep::test
