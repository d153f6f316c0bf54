#include "tests/explorer/session.hpp"

#include <csignal>
#include <cstdio>
#include <stop_token>
#include <utility>

namespace lockstep::test {

namespace {

using Parallel = ParallelExecutor<ExploredMachine, ExplorerSync, FiberPool>;

std::uint64_t session_at_work = 0;

}  // namespace

struct ExploredTwin::Objects {
    explicit Objects(const ExploredSetting& setting)
        : machine{{.universe = setting.universe}},
          pool(setting.workers),
          parallel(machine, parallel_store, pool, kLimits, setting.options) {}

    ExploredMachine machine;
    StateStore<ExploredMachine> serial_store;
    StateStore<ExploredMachine, ExplorerSync> parallel_store;
    SerialExecutor<ExploredMachine> serial{machine, serial_store, kLimits};
    FiberPool pool;
    Parallel parallel;
};

ExploredTwin::ExploredTwin(const ExploredSetting& setting)
    : objects_(std::make_unique<Objects>(setting)) {}

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
    ExploredMachine::executions_before_failure = faults.out_of_memory_at;
    Explorer::here().set_plan({.strategy = &strategy,
                               .steps_max = kStepsMax,
                               .interrupt_at = faults.cancel_at,
                               .interrupt = [&stop] { stop.request_stop(); },
                               .noise = faults.noise});
    std::vector<std::pair<std::uint32_t, Receipt>> committed;
    const ExecuteOptions options{
        .stop = stop.get_token(),
        .on_commit = [&committed](std::uint32_t index, const Receipt& receipt,
                                  std::span<const std::byte>) {
            committed.emplace_back(index, receipt);
        }};
    const auto actual = o.parallel.execute(block, options);
    if (Explorer::here().outcome() != Explorer::Outcome::kFinished) {
        return Explorer::here().outcome() == Explorer::Outcome::kDeadlock
                   ? "deadlock: every worker sleeps"
                   : "livelock: no end after " + std::to_string(kStepsMax) + " steps";
    }
    if (!actual.has_value()) {
        const bool allowed = faults.cancel_at != kNever || faults.out_of_memory_at != kNever;
        if (!allowed) {
            return "the block failed: " + actual.error().message;
        }
        ++given_up_;
        if (o.parallel_store.digest() != before || o.parallel_store.size() != size_before ||
            o.parallel_store.recompute_digest() != before) {
            return "a block that was given up left traces in the state";  // [E3]
        }
        return std::nullopt;
    }
    const auto expected = o.serial.execute(block);
    if (!expected.has_value()) {
        return "the serial executor failed: " + expected.error().message;
    }
    for (std::uint32_t i = 0; i < committed.size(); ++i) {
        const Receipt& serial = expected->receipts[i];
        if (committed[i].first != i || committed[i].second.effects != serial.effects) {
            return "on_commit was called out of order or with another receipt, call " +
                   std::to_string(i);
        }
    }
    if (committed.size() != block.transactions.size()) {
        return "on_commit was not called once per transaction";
    }
    return compare(*expected, *actual, metrics().executions - executions_before,
                   metrics().waits - waits_before);
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

std::unique_ptr<Strategy> random_strategy(Random& random) {
    const std::uint64_t seed = random.next();
    if (random.chance(2, 5)) {
        const auto changes = static_cast<std::uint32_t>(random.below(6));
        return std::make_unique<PriorityChanges>(seed, changes, 1ULL << random.between(7, 11));
    }
    const std::uint64_t mean = 1ULL << random.below(9);
    return std::make_unique<RandomWalk>(seed, mean, random.chance(1, 3));
}

ExploredSetting random_setting(Random& random) {
    ExploredSetting setting;
    setting.workers = static_cast<std::uint32_t>(random.between(2, 4));
    setting.universe = static_cast<std::uint32_t>(random.between(1, 6));
    setting.options.chunk_max = static_cast<std::uint32_t>(random.between(1, 3));
    setting.options.window =
        random.chance(1, 3) ? static_cast<std::uint32_t>(random.between(1, 4)) : 4096;
    setting.options.use_declared = !random.chance(1, 8);
    setting.options.revalidate = !random.chance(1, 4);
    return setting;
}

BlockShape random_shape(Random& random, const ExploredSetting& setting) {
    BlockShape shape;
    shape.transactions_max = static_cast<std::uint32_t>(random.between(2, 9));
    shape.universe = setting.universe;
    shape.steps_max = static_cast<std::uint32_t>(random.between(1, 8));
    shape.hints = static_cast<Hints>(random.below(5));
    shape.hostile = random.chance(1, 2);
    return shape;
}

/// Transactions whose writes hang on predictions of numbers, and readers of those writes: wrong
/// predictions make transactions change their minds after others have read from them.
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

Block<Program> doubtful_block(Random& random, std::uint32_t universe, std::uint64_t height) {
    Block<Program> block{.header = {.height = height, .time_ms = 1}};
    const std::uint64_t size = 3 + random.below(7);
    for (std::uint64_t i = 0; i < size; ++i) {
        block.transactions.push_back(doubtful_program(random, universe));
    }
    return block;
}

ExploredFaults random_faults(Random& random) {
    ExploredFaults faults;
    if (random.chance(1, 12)) {
        faults.cancel_at = 1 + random.below(800);
    }
    if (random.chance(1, 40)) {
        faults.out_of_memory_at = random.below(12);
    }
    faults.noise = random.next();
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
    const bool doubtful = random.chance(1, 2);
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
        finding.blocks.push_back(doubtful ? doubtful_block(random, finding.setting.universe, i + 1)
                                          : random_block(random, shape, i + 1));
        const std::unique_ptr<Strategy> strategy = random_strategy(random);
        finding.faults = random_faults(random);
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
    }
    count.given_up += twin.given_up();
    count.metrics += twin.metrics();
    return std::nullopt;
}

namespace {

/// All blocks but the last under the usual schedule, then the last under the given one.
std::optional<std::string> run_again(const Finding& finding, Strategy& last) {
    ExploredTwin twin(finding.setting);
    for (std::size_t i = 0; i < finding.blocks.size(); ++i) {
        const bool is_last = i + 1 == finding.blocks.size();
        Replay usual({});
        Strategy& strategy = is_last ? last : usual;
        const auto wrong =
            twin.run(finding.blocks[i], strategy, is_last ? finding.faults : ExploredFaults{});
        if (wrong.has_value()) {
            return wrong;
        }
    }
    return std::nullopt;
}

bool still_wrong(Finding& finding) {
    Replay replay(finding.trace);
    const auto wrong = run_again(finding, replay);
    if (wrong.has_value()) {
        finding.what = *wrong;
    }
    return wrong.has_value();
}

/// Looks for a schedule under which the changed blocks go wrong.
bool search_wrong(Finding& finding) {
    if (still_wrong(finding)) {
        return true;
    }
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        Random random(seed);
        const std::unique_ptr<Strategy> strategy = random_strategy(random);
        const auto wrong = run_again(finding, *strategy);
        if (wrong.has_value()) {
            finding.what = *wrong;
            finding.trace = Explorer::here().trace();
            return true;
        }
    }
    return false;
}

bool shrink_blocks(Finding& best) {
    bool shrunk = false;
    for (std::size_t i = 0; i + 1 < best.blocks.size();) {
        Finding smaller = best;
        smaller.blocks.erase(smaller.blocks.begin() + static_cast<std::ptrdiff_t>(i));
        if (search_wrong(smaller)) {
            best = std::move(smaller);
            shrunk = true;
        } else {
            ++i;
        }
    }
    for (std::size_t i = 0; i < best.blocks.back().transactions.size();) {
        Finding smaller = best;
        auto& transactions = smaller.blocks.back().transactions;
        transactions.erase(transactions.begin() + static_cast<std::ptrdiff_t>(i));
        if (search_wrong(smaller)) {
            best = std::move(smaller);
            shrunk = true;
        } else {
            ++i;
        }
    }
    return shrunk;
}

void shrink_steps(Finding& best) {
    for (std::size_t t = 0; t < best.blocks.back().transactions.size(); ++t) {
        for (std::size_t i = 0; i < best.blocks.back().transactions[t].steps.size();) {
            Finding smaller = best;
            auto& steps = smaller.blocks.back().transactions[t].steps;
            steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
            if (search_wrong(smaller)) {
                best = std::move(smaller);
            } else {
                ++i;
            }
        }
    }
}

void shrink_trace(Finding& best) {
    for (std::size_t length = best.trace.size(); length > 0; length /= 2) {
        for (std::size_t i = 0; i + length <= best.trace.size();) {
            Finding smaller = best;
            const auto first = smaller.trace.begin() + static_cast<std::ptrdiff_t>(i);
            smaller.trace.erase(first, first + static_cast<std::ptrdiff_t>(length));
            if (still_wrong(smaller)) {
                best = std::move(smaller);
            } else {
                i += length;
            }
        }
    }
}

}  // namespace

Finding shrink(const Finding& finding) {
    Finding best = finding;
    if (!search_wrong(best)) {
        return finding;  // it depends on the schedules of the blocks before
    }
    shrink_blocks(best);
    shrink_steps(best);
    shrink_trace(best);
    static_cast<void>(still_wrong(best));
    return best;
}

std::optional<Finding> explore_exhaustively(const ExploredSetting& setting,
                                            const Block<Program>& block, std::uint32_t bound,
                                            std::uint64_t schedules_max, ExplorationCount& count) {
    Finding finding{.strategy = "exhaustive", .setting = setting, .blocks = {block}};
    std::vector<Trace> open = {{}};
    while (!open.empty() && count.schedules < schedules_max) {
        finding.trace = std::move(open.back());
        open.pop_back();
        Replay replay(finding.trace);
        ExploredTwin twin(setting);
        const auto wrong = twin.run(block, replay, {});
        ++count.schedules;
        const std::uint64_t steps = Explorer::here().steps();
        count.steps += steps;
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

void report_session_on_abort() {
    std::signal(SIGABRT, [](int) {
        std::fprintf(stderr, "aborted in session %llu; again: explore --session %llu\n",
                     static_cast<unsigned long long>(session_at_work),
                     static_cast<unsigned long long>(session_at_work));
        std::signal(SIGABRT, SIG_DFL);
    });
}

}  // namespace lockstep::test
