#include <utility>

#include "tests/explorer/session.hpp"

namespace lockstep::test {
namespace {

Step step(Op op, std::uint32_t key, std::int64_t operand = 0, Bounds bounds = {}) {
    return {.op = op, .key = key, .operand = operand, .bounds = bounds};
}

std::vector<TinyCase> make_tiny_cases() {
    using Declared = std::vector<std::pair<std::uint32_t, Access>>;
    const auto program = [](std::vector<Step> steps, Declared declared = {}) {
        return Program{.steps = std::move(steps), .declared = std::move(declared)};
    };
    const auto block = [](std::vector<Program> programs) {
        return Block<Program>{.header = {.height = 1, .time_ms = 1},
                              .transactions = std::move(programs)};
    };
    const Program increments = program({step(Op::kRead, 0), step(Op::kWrite, 0, 1)});
    Program known = increments;
    known.declared = {{0, Access::kWrite}};
    const Program looks = program({step(Op::kRead, 0), step(Op::kEmit, 0)}, {{0, Access::kRead}});
    Program announced_add = program({step(Op::kAdd, 0, 3, {.lower = -9'000'000'000'000})});
    announced_add.declared = {{0, Access::kAdd}};
    const Program adds = program({step(Op::kAdd, 0, 6, {.lower = 0, .upper = 10})});
    return {
        {"UndeclaredWritersOfOneKey", block({increments, increments})},
        {"DeclaredWritersOfOneKey", block({known, known})},
        {"MixedWritersOfOneKey", block({known, increments, known})},
        {"AddersAtTheBound", block({adds, adds})},
        {"ReaderBehindAnAdder", block({adds, program({step(Op::kRead, 0), step(Op::kWrite, 1)})})},
        {"PlannedWritersOfOneKey", block({known, known, known}), true},
        {"PlannedReadersBetweenWriters", block({known, looks, looks, known}), true},
        {"PlannedAddersBetweenReaders", block({looks, announced_add, announced_add, looks, known}),
         true},
        {"WriterThatChangesItsMind",
         block({program({step(Op::kWrite, 0, 3)}),
                program({step(Op::kRead, 0), step(Op::kWrite, 1, 7), step(Op::kRejectIfOdd, 0)}),
                program({step(Op::kRead, 1), step(Op::kWrite, 2)})})},
    };
}

}  // namespace

const std::vector<TinyCase>& tiny_cases() {
    static const std::vector<TinyCase> cases = make_tiny_cases();
    return cases;
}

ExploredSetting tiny_setting(const TinyCase& tiny) {
    return {.workers = 2, .universe = 4, .options = {.chunk_max = 1, .plan = tiny.plan}};
}

std::optional<Finding> explore_once(const TinyCase& tiny, const Trace& trace) {
    Finding finding{.strategy = std::string("case ") + tiny.name,
                    .setting = tiny_setting(tiny),
                    .blocks = {tiny.block},
                    .trace = trace};
    Replay replay(trace);
    ExploredTwin twin(finding.setting);
    const auto wrong = twin.run(tiny.block, replay, {});
    if (!wrong.has_value()) {
        return std::nullopt;
    }
    finding.what = *wrong;
    return finding;
}

std::optional<Finding> explore_exhaustively(const TinyCase& tiny, std::uint32_t bound,
                                            std::uint64_t schedules_max, ExplorationCount& count) {
    const ExploredSetting setting = tiny_setting(tiny);
    Finding finding{
        .strategy = std::string("case ") + tiny.name, .setting = setting, .blocks = {tiny.block}};
    std::vector<Trace> open = {{}};
    while (!open.empty() && count.schedules < schedules_max) {
        finding.trace = std::move(open.back());
        open.pop_back();
        Replay replay(finding.trace);
        ExploredTwin twin(setting);
        const auto wrong = twin.run(tiny.block, replay, {});
        ++count.schedules;
        const std::uint64_t steps = Explorer::here().steps();
        count.steps += steps;
        count.checks += twin.checks();
        count.metrics += twin.metrics();
        if (wrong.has_value()) {
            finding.what = *wrong;
            return finding;
        }
        if (replay.effective() < finding.trace.size() || finding.trace.size() == bound) {
            continue;
        }
        const std::uint64_t from = finding.trace.empty() ? 1 : finding.trace.back().step + 1;
        for (std::uint64_t step = from; step < steps; ++step) {
            for (std::uint32_t to = 0; to < setting.workers; ++to) {
                open.push_back(finding.trace);
                open.back().push_back({.step = step, .to = to});
            }
        }
    }
    return std::nullopt;
}

}  // namespace lockstep::test
