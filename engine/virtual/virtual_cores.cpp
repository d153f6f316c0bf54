#include "engine/virtual/virtual_cores.hpp"

#include <functional>

#include "engine/base/check.hpp"

namespace lockstep {
namespace {

constexpr Picoseconds kNever = std::numeric_limits<Picoseconds>::max();
/// Work that runs over arrays, or prefetches the cells that it comes to.
constexpr bool streams(Work kind) noexcept {
    return kind == Work::kPrepare || kind == Work::kResolve || kind == Work::kLink ||
           kind == Work::kList || kind == Work::kInstall || kind == Work::kFinish;
}
/// Rounds that a worker without a job spins before it sleeps, as in WorkerPool.
constexpr Picoseconds kPoolSpins = 2'000;

}  // namespace

void VirtualCores::reset(std::uint32_t cores, const VirtualCosts& costs) {
    LOCKSTEP_CHECK(!active_ && cores >= 1 && cores <= kCoresMax);
    costs_ = costs;
    cores_ = cores;
    calls_ = {};
    if (thread_ == nullptr) {
        thread_ = std::make_unique<Fiber>();
    }
    while (all_.size() < cores) {
        all_.push_back(std::make_unique<Core>());
        all_.back()->index = static_cast<std::uint32_t>(all_.size() - 1);
    }
    for (const auto& core : all_) {
        core->clock = core->drained = core->left = 0;
        core->streams = false;
    }
    pool_line_ = {};
    clock_ = 0;
    next_clock_ = kNever;
    current_ = 0;
    spent_ = {};
    units_ = {};
}

void VirtualCores::run(const std::function<void(std::uint32_t)>& job) {
    LOCKSTEP_CHECK(!active_);
    job_ = &job;
    store(pool_line_);  // opens the job
    for (std::uint32_t i = 0; i < cores_; ++i) {
        Core& core = *all_[i];
        core.sleeps_on = nullptr;
        core.started = core.streams = false;
        core.fiber.prepare(&VirtualCores::enter, &core);
    }
    std::uint32_t woken = 0;
    for (std::uint32_t i = 1; i < cores_; ++i) {
        Core& core = *all_[i];
        if (clock_ > core.left + kPoolSpins * costs_.relax) {
            core.clock = clock_ + costs_.wake_latency + ++woken * costs_.wake_call;
        } else {
            core.clock = clock_;
        }
        push(core);
    }
    spend(woken == 0 ? 0 : costs_.wake_call);  // the kernel goes on waking beside the caller
    current_ = 0;
    end_ = clock_;
    active_ = true;
    all_[0]->clock = clock_;
    Fiber::switch_to(*thread_, all_[0]->fiber);
    active_ = false;
    current_ = 0;
    clock_ = end_;
    turns_.clear();
    next_clock_ = kNever;
    modify(pool_line_);  // closes it
}

void VirtualCores::enter(void* argument) {
    Core& core = *static_cast<Core*>(argument);
    VirtualCores& cores = here();
    core.started = true;
    if (core.index != 0) {
        cores.modify(cores.pool_line_);  // joins
    }
    (*cores.job_)(core.index);
    cores.point();
    cores.end_core(core);
}

void VirtualCores::end_core(Core& core) {
    if (core.index != 0) {
        modify(pool_line_);  // leaves
    } else {
        // No worker joins any more.
        std::erase_if(turns_, [this](const Turn& turn) { return !all_[turn.second]->started; });
        std::make_heap(turns_.begin(), turns_.end(), std::greater<>{});
    }
    core.left = clock_;
    end_ = std::max(end_, clock_);
    switch_to_earliest();
}

void VirtualCores::push(Core& core) {
    turns_.emplace_back(core.clock, core.index);
    std::push_heap(turns_.begin(), turns_.end(), std::greater<>{});
    next_clock_ = turns_.front().first;
}

void VirtualCores::pass_on() noexcept {
    Core& core = *all_[current_];
    core.clock = clock_;
    push(core);
    switch_to_earliest();
}

void VirtualCores::switch_to_earliest() noexcept {
    Fiber& from = all_[current_]->fiber;
    if (turns_.empty()) {
        const bool all_left =
            std::all_of(all_.begin(), all_.begin() + cores_,
                        [](const auto& core) { return core->sleeps_on == nullptr; });
        LOCKSTEP_CHECK(all_left);  // else all workers sleep
        Fiber::switch_to(from, *thread_);
        return;
    }
    std::pop_heap(turns_.begin(), turns_.end(), std::greater<>{});
    const Turn next = turns_.back();
    turns_.pop_back();
    next_clock_ = turns_.empty() ? kNever : turns_.front().first;
    clock_ = next.first;
    if (next.second != current_) {
        current_ = next.second;
        Fiber::switch_to(from, all_[current_]->fiber);
    }
}

bool VirtualCores::has_alone(const VirtualLine& line) const noexcept {
    std::array<std::uint64_t, 2> others = line.sharers;
    others[current_ / 64] &= ~(std::uint64_t{1} << (current_ % 64));
    return others[0] == 0 && others[1] == 0;
}

void VirtualCores::take(VirtualLine& line) noexcept {
    line.owner = current_;
    line.sharers = {};
    line.sharers[current_ / 64] = std::uint64_t{1} << (current_ % 64);
}

void VirtualCores::load(VirtualLine& line) noexcept {
    if (shares(line, current_)) {
        return;
    }
    // A line that no worker wrote costs what it costs one worker alone.
    if (line.owner < cores_) {
        const bool streamed = all_[current_]->streams;
        clock_ = streamed ? clock_ + costs_.stream_transfer
                          : std::max(clock_, line.busy_until) + costs_.load_transfer;
    }
    line.sharers[current_ / 64] |= std::uint64_t{1} << (current_ % 64);
}

void VirtualCores::store(VirtualLine& line) noexcept {
    Core& core = *all_[current_];
    if (core.streams) {
        clock_ += has_alone(line) ? 0 : costs_.stream_transfer;
    } else if (!has_alone(line)) {
        const Picoseconds start = std::max({clock_, line.busy_until, core.drained});
        core.drained = line.busy_until = start + costs_.store_transfer;
        const Picoseconds slack = costs_.store_buffer * costs_.store_transfer;
        clock_ = std::max(clock_, core.drained - std::min(core.drained, slack));
    }
    take(line);
}

void VirtualCores::modify(VirtualLine& line) noexcept {
    Core& core = *all_[current_];
    if (core.streams) {
        store(line);
        return;
    }
    clock_ = std::max(clock_, core.drained);
    if (!has_alone(line)) {
        clock_ = std::max(clock_, line.busy_until) + costs_.rmw_transfer;
        line.busy_until = clock_;
    }
    take(line);
}

void VirtualCores::sleep(const void* address) noexcept {
    if (!active_) {
        return;
    }
    spend(costs_.park);
    Core& core = *all_[current_];
    core.clock = clock_;
    core.sleeps_on = address;
    switch_to_earliest();
}

void VirtualCores::notify(const void* address, bool all) noexcept {
    if (!active_) {
        return;
    }
    for (std::uint32_t i = 0; i < cores_; ++i) {
        Core& core = *all_[i];
        if (core.sleeps_on != address) {
            continue;
        }
        spend(costs_.wake_call);
        core.sleeps_on = nullptr;
        core.clock = std::max(core.clock, clock_ + costs_.wake_latency);
        push(core);
        if (!all) {
            return;
        }
    }
}

void VirtualCores::begin_work(Work kind) noexcept {
    all_[current_]->streams = streams(kind);
    if (kind == Work::kExecute) {
        spend(costs_.dispatch);
    }
}

void VirtualCores::do_work(Work kind, std::uint64_t which, std::uint64_t units) noexcept {
    const auto at = static_cast<std::size_t>(kind);
    const bool by_call = kind == Work::kExecute && which < calls_.size();
    const Picoseconds near = by_call ? calls_[which] : costs_.work[at];
    spend(units * (near + costs_.foreign[at] * (cores_ - 1) / cores_));
    units_[at] += units;
    if (streams(kind)) {
        all_[current_]->streams = false;  // what follows publishes
    }
}

}  // namespace lockstep
