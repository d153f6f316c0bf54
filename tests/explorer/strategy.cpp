#include "tests/explorer/strategy.hpp"

#include <algorithm>
#include <bit>

namespace lockstep::test {
namespace {

bool holds(WorkerMask mask, std::uint32_t worker) {
    return worker < 32 && ((mask >> worker) & 1U) != 0;
}

/// The n-th worker of a mask.
std::uint32_t nth(WorkerMask mask, std::uint64_t n) {
    for (; n > 0; --n) {
        mask &= mask - 1;
    }
    return static_cast<std::uint32_t>(std::countr_zero(mask));
}

}  // namespace

std::uint32_t Situation::usual_choice() const noexcept {
    if (reason == Reason::kPoint) {
        return current;
    }
    const WorkerMask above = current >= 31 ? 0 : runnable & ~((WorkerMask{2} << current) - 1);
    return static_cast<std::uint32_t>(std::countr_zero(above != 0 ? above : runnable));
}

std::uint32_t RandomWalk::choose(const Situation& situation) {
    WorkerMask from = situation.runnable;
    if (situation.step >= stopped_until_) {
        stopped_ = 32;
    }
    if (stops_ && stopped_ == 32 && situation.reason == Situation::Reason::kPoint &&
        random_.chance(1, 8)) {
        stopped_ = situation.current;
        stopped_until_ = situation.step + 20 + random_.below(1'500);
    }
    if (stopped_ != 32 && from != (WorkerMask{1} << stopped_)) {
        from &= ~(WorkerMask{1} << stopped_);
    }
    if (situation.reason == Situation::Reason::kYield &&
        from != (WorkerMask{1} << situation.current)) {
        from &= ~(WorkerMask{1} << situation.current);
    }
    return nth(from, random_.below(static_cast<std::uint64_t>(std::popcount(from))));
}

std::uint64_t RandomWalk::next_question(std::uint64_t step) {
    return step + 1 + random_.below(mean_ * 2);
}

std::string RandomWalk::name() const {
    return "walk(mean " + std::to_string(mean_) + (stops_ ? ", stops)" : ")");
}

PriorityChanges::PriorityChanges(std::uint64_t seed, std::uint32_t changes, std::uint64_t length)
    : changes_(changes) {
    Random random(seed);
    for (std::int64_t& priority : priority_) {
        priority = static_cast<std::int64_t>(random.below(1U << 30));
    }
    for (std::uint32_t i = 0; i < changes; ++i) {
        change_at_.push_back(1 + random.below(length));
    }
    std::sort(change_at_.begin(), change_at_.end());
}

std::uint32_t PriorityChanges::choose(const Situation& situation) {
    if (changed_ < change_at_.size() && change_at_[changed_] <= situation.step) {
        priority_[situation.current] = --bottom_;
        ++changed_;
    }
    if (situation.reason == Situation::Reason::kYield) {
        priority_[situation.current] = --bottom_;
    }
    std::uint32_t best = 32;
    for (std::uint32_t i = 0; i < 32; ++i) {
        if (holds(situation.runnable, i) && (best == 32 || priority_[i] > priority_[best])) {
            best = i;
        }
    }
    return best;
}

std::uint64_t PriorityChanges::next_question(std::uint64_t step) {
    return changed_ < change_at_.size() ? std::max(change_at_[changed_], step + 1) : kNever;
}

std::string PriorityChanges::name() const {
    return "priorities(" + std::to_string(changes_) + " changes)";
}

std::uint32_t Replay::choose(const Situation& situation) {
    const std::uint32_t usual = situation.usual_choice();
    while (at_ < trace_.size() && trace_[at_].step < situation.step) {
        ++at_;
    }
    if (at_ == trace_.size() || trace_[at_].step != situation.step) {
        return usual;
    }
    const std::uint32_t wanted = trace_[at_++].to;
    if (!holds(situation.runnable, wanted)) {
        return usual;
    }
    effective_ += wanted != usual ? 1U : 0U;
    return wanted;
}

std::uint64_t Replay::next_question(std::uint64_t step) {
    while (at_ < trace_.size() && trace_[at_].step <= step) {
        ++at_;
    }
    return at_ < trace_.size() ? trace_[at_].step : kNever;
}

std::unique_ptr<Strategy> random_strategy(Random& random) {
    const std::uint64_t seed = random.next();
    if (random.chance(2, 5)) {
        const auto changes = static_cast<std::uint32_t>(random.below(6));
        return std::make_unique<PriorityChanges>(seed, changes, 1ULL << random.between(7, 11));
    }
    const std::uint64_t mean = 1ULL << random.below(9);
    return std::make_unique<RandomWalk>(seed, mean, random.chance(1, 3));
}

}  // namespace lockstep::test
