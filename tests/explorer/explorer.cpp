#include "tests/explorer/explorer.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/check.hpp"

namespace lockstep::test {

Explorer::Outcome Explorer::run(std::uint32_t workers,
                                const std::function<void(std::uint32_t)>& job) {
    LOCKSTEP_CHECK(!active_ && workers >= 1 && workers <= 16 && plan_.strategy != nullptr);
    if (thread_ == nullptr) {
        thread_ = std::make_unique<Fiber>();
    }
    if (outcome_ != Outcome::kFinished) {
        // The stacks of a stuck run still hold live objects: they stay as they are.
        static std::vector<std::vector<std::unique_ptr<Worker>>> abandoned;
        abandoned.push_back(std::exchange(workers_, {}));
    }
    while (workers_.size() < workers) {
        workers_.push_back(std::make_unique<Worker>());
    }
    for (std::uint32_t i = 0; i < workers; ++i) {
        Worker& worker = *workers_[i];
        worker.index = i;
        worker.sleeps_on = nullptr;
        worker.started = false;
        worker.fiber.prepare(&Explorer::enter, &worker);
    }
    job_ = &job;
    noise_ = Random(plan_.noise);
    trace_.clear();
    halted_ = resting_ = false;
    broken_ = nullptr;
    runnable_ = unfinished_ = (WorkerMask{1} << workers) - 1;
    current_ = 0;
    outcome_ = Outcome::kFinished;
    active_ = true;
    asked_at_ = plan_.strategy->next_question(0);
    rearm(0);
    Fiber::switch_to(*thread_, workers_[0]->fiber);
    active_ = false;
    const std::uint64_t steps_run = steps();
    due_ = kNever;
    countdown_ = kNever - steps_run;  // steps() keeps answering
    return outcome_;
}

void Explorer::enter(void* argument) {
    Worker& worker = *static_cast<Worker*>(argument);
    Explorer& explorer = here();
    worker.started = true;
    (*explorer.job_)(worker.index);
    explorer.end_worker(worker);
}

void Explorer::end_worker(Worker& worker) {
    const auto drop = [this](std::uint32_t index) {
        runnable_ &= ~(WorkerMask{1} << index);
        unfinished_ &= ~(WorkerMask{1} << index);
    };
    drop(worker.index);
    if (worker.index == 0) {
        for (const auto& other : workers_) {
            if (!other->started) {
                drop(other->index);
            }
        }
    }
    --countdown_;
    pass_on(Situation::Reason::kGone);
}

void Explorer::rearm(std::uint64_t step) {
    const std::uint64_t halting = halted_ ? (resting_ ? plan_.halt.until : kNever)
                                  : current_ == plan_.halt.worker ? plan_.halt.from
                                                                  : kNever;
    due_ = std::max(std::min({asked_at_, plan_.interrupt_at, plan_.steps_max, halting}), step + 1);
    countdown_ = due_ - step;
}

void Explorer::yield() noexcept {
    if (active_) {
        --countdown_;
        decide(Situation::Reason::kYield);
    }
}

void Explorer::sleep(const void* address) noexcept {
    if (!active_) {
        return;
    }
    --countdown_;
    workers_[current_]->sleeps_on = address;
    runnable_ &= ~(WorkerMask{1} << current_);
    decide(Situation::Reason::kGone);
}

void Explorer::notify(const void* address) noexcept {
    if (!active_) {
        return;
    }
    for (const auto& worker : workers_) {
        if (worker->sleeps_on == address) {
            worker->sleeps_on = nullptr;
            runnable_ |= unfinished_ & (WorkerMask{1} << worker->index);
        }
    }
}

void Explorer::decide(Situation::Reason reason) noexcept {
    const std::uint64_t step = steps();
    if (!active_) {
        countdown_ = kNever;
        return;
    }
    if (step >= plan_.steps_max) {
        stop(Outcome::kLivelock);
    }
    if (step >= plan_.interrupt_at) {
        plan_.interrupt_at = kNever;
        ++injected_.interrupts;
        plan_.interrupt();
    }
    if (resting_ && step >= plan_.halt.until) {
        restart_halted();
    }
    if (reason != Situation::Reason::kGone && halt_due(step)) {
        halted_ = resting_ = true;
        ++injected_.halts;
        runnable_ &= ~(WorkerMask{1} << current_);
        reason = Situation::Reason::kGone;
    }
    if (reason == Situation::Reason::kPoint && step < asked_at_) {
        rearm(step);
        return;
    }
    pass_on(reason);
}

void Explorer::pass_on(Situation::Reason reason) noexcept {
    const std::uint64_t step = steps();
    if (runnable_ == 0 && resting_ && plan_.halt.until != kNever) {
        restart_halted();
    }
    if (runnable_ == 0) {
        stop(unfinished_ == 0 ? Outcome::kFinished : Outcome::kDeadlock);
    }
    const Situation situation{
        .reason = reason, .step = step, .runnable = runnable_, .current = current_};
    const std::uint32_t next = plan_.strategy->choose(situation);
    LOCKSTEP_CHECK(((runnable_ >> next) & 1U) != 0);
    if (next != situation.usual_choice()) {
        trace_.push_back({.step = step, .to = next});
    }
    asked_at_ = plan_.strategy->next_question(step);
    Fiber& from = workers_[current_]->fiber;
    const bool changes = next != current_;
    current_ = next;
    rearm(step);
    if (changes) {
        Fiber::switch_to(from, workers_[next]->fiber);
    }
}

void Explorer::restart_halted() noexcept {
    resting_ = false;
    ++injected_.restarts;
    runnable_ |= WorkerMask{1} << plan_.halt.worker;
}

void Explorer::ask_monitor() noexcept {
    broken_ = plan_.monitor->check(current_);
    if (broken_ != nullptr) {
        stop(Outcome::kBroken);
    }
}

void Explorer::stop(Outcome outcome) noexcept {
    outcome_ = outcome;
    Fiber::switch_to(workers_[current_]->fiber, *thread_);
}

}  // namespace lockstep::test
