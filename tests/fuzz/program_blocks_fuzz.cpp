#include "tests/explorer/session.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/fuzz_schedule.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/random_seeds.hpp"

namespace lockstep::fuzz {
namespace {

using namespace lockstep::test;

Step fuzz_step(FuzzInput& in) {
    Step step{.op = static_cast<Op>(in.below(static_cast<std::uint64_t>(Op::kRejectIfOdd) + 1)),
              .key = static_cast<std::uint32_t>(in.below(8))};
    if (step.op == Op::kAdd || step.op == Op::kAtLeast || step.op == Op::kWrite ||
        step.op == Op::kEmit) {
        const std::uint8_t amount = in.byte();
        step.operand = amount < 250 ? amount - 100 : in.edge64();
    } else if (step.op == Op::kScan) {
        step.operand = in.between(-1, 8);
    }
    if (step.op == Op::kAdd) {
        const std::int64_t kLows[] = {0, 0, -20, -5'000'000'000, 10};
        const std::int64_t kHighs[] = {30, 8, 5'000'000'000, 0};
        const std::uint8_t bounds = in.byte();
        if (bounds % 4 != 0) {
            step.bounds = {.lower = kLows[bounds / 4 % 5], .upper = kHighs[bounds / 32 % 4]};
        }
    }
    return step;
}

/// Declared keys are the program's own, or whatever the input says.
void fuzz_hints(FuzzInput& in, Program& program) {
    const std::uint8_t shape = in.byte();
    if (shape % 4 < 2) {
        for (const Step& step : program.steps) {
            const bool writes = step.op == Op::kWrite || step.op == Op::kErase;
            const Access access = writes                ? Access::kWrite
                                  : step.op == Op::kAdd ? Access::kAdd
                                                        : Access::kRead;
            program.declared.emplace_back(step.key, access);
        }
    }
    if (shape % 4 > 0) {
        for (std::uint8_t count = shape / 4 % 8; count > 0; --count) {
            program.declared.emplace_back(static_cast<std::uint32_t>(in.below(10)),
                                          static_cast<Access>(in.below(3)));
        }
    }
}

Block<Program> fuzz_block(FuzzInput& in, std::uint64_t height) {
    Block<Program> block{
        .header = {.height = height, .time_ms = static_cast<std::int64_t>(height)}};
    if (const std::uint8_t limit = in.byte(); limit >= 200) {
        block.header.weight_limit = limit - 200U;
    }
    for (std::uint64_t count = in.below(10); count > 0 && !in.empty(); --count) {
        Program program;
        const std::uint8_t shape = in.byte();
        program.weight = shape % 4;
        for (std::uint8_t steps = shape / 4 % 8; steps > 0; --steps) {
            program.steps.push_back(fuzz_step(in));
        }
        fuzz_hints(in, program);
        block.transactions.push_back(std::move(program));
    }
    return block;
}

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    return random_seeds(8, 60);
}

}  // namespace lockstep::fuzz

/// A session of small blocks on one state: serial executor against the parallel one, whose workers
/// change hands where the input says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    FuzzInput in(input_bytes(data, size));
    ExploredSetting setting;
    setting.workers = static_cast<std::uint32_t>(1 + in.below(4));
    setting.universe = static_cast<std::uint32_t>(1 + in.below(8));
    setting.options.chunk_max = static_cast<std::uint32_t>(1 + in.below(4));
    setting.options.window = in.flag() ? static_cast<std::uint32_t>(1 + in.below(4)) : 4096;
    setting.options.use_declared = in.byte() % 8 != 0;
    setting.options.revalidate = in.flag();
    setting.options.plan = in.flag();
    ExploredTwin twin(setting);
    for (std::uint64_t height = 1; height <= 6 && !in.empty(); ++height) {
        const auto strategy = fuzz_strategy(in, setting.workers);
        ExploredFaults faults{.noise = in.byte()};
        if (const std::uint8_t fault = in.byte(); fault >= 240) {
            (fault % 2 == 0 ? faults.cancel_at : faults.out_of_memory_at) = 1U + in.byte();
        }
        const auto wrong = twin.run(fuzz_block(in, height), *strategy, faults);
        require(!wrong.has_value(), wrong.value_or(""));
    }
    return 0;
}
