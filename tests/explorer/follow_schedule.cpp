#include "tests/explorer/follow_schedule.hpp"

#include <algorithm>
#include <bit>

#include "engine/base/check.hpp"

namespace lockstep::test {
namespace {

using Kind = ScheduleEvent::Kind;

constexpr std::uint32_t kNobody = 32;

WorkerMask bit(std::uint32_t worker) {
    return WorkerMask{1} << worker;
}

std::string describe(const ScheduleEvent& event) {
    const bool begins = event.kind == Kind::kExecuteBegins || event.kind == Kind::kCommitBegins;
    const bool executes = event.kind == Kind::kExecuteBegins || event.kind == Kind::kExecuteEnds;
    return "worker " + std::to_string(event.worker) + (begins ? " begins " : " ends ") +
           (executes ? "transaction " + std::to_string(event.transaction) : "a commit turn");
}

}  // namespace

std::string FollowReport::text() const {
    std::string out = std::to_string(followed) + " of " + std::to_string(followed + missed) +
                      " events followed, " + std::to_string(unrecorded) + " not recorded";
    return first.empty() ? out : out + "; first " + first;
}

FollowSchedule::FollowSchedule(const BlockSchedule& schedule, Pace pace)
    : events_(schedule.events),
      pace_(pace),
      partners_(events_.size(), kNone),
      fates_(events_.size(), Fate::kOpen),
      workers_(schedule.workers) {
    LOCKSTEP_CHECK(schedule.workers <= kNobody);
    std::vector<std::vector<std::size_t>> open(schedule.workers);
    for (std::size_t i = 0; i < events_.size(); ++i) {
        const std::uint32_t worker = events_[i].worker;
        workers_[worker].events.push_back(i);
        if (is_begin(i)) {
            open[worker].push_back(i);
        } else if (!open[worker].empty()) {
            partners_[open[worker].back()] = i;
            open[worker].pop_back();
        }
    }
}

FollowReport FollowSchedule::report() const {
    FollowReport out = report_;
    out.missed = events_.size() - out.followed;  // what the run did not come to included
    return out;
}

std::uint32_t FollowSchedule::choose(const Situation& situation) {
    const std::uint32_t current = situation.current;
    if (situation.reason != Situation::Reason::kPoint && running_on_ == current) {
        running_on_ = kNobody;
    }
    if (situation.reason == Situation::Reason::kYield) {
        tired_ |= bit(current);
    }
    for (;;) {
        while (head_ < events_.size() && fates_[head_] != Fate::kOpen) {
            ++head_;
        }
        if (head_ == events_.size()) {
            return situation.usual_choice();  // nobody is held any more
        }
        const std::uint32_t wanted = events_[head_].worker;
        if (workers_[wanted].held_at == head_) {
            follow(head_);
            continue;
        }
        if (situation.reason == Situation::Reason::kPoint && current != wanted) {
            tired_ &= ~bit(wanted);  // what it waits for may have come
        }
        const WorkerMask free = situation.runnable & ~held_;
        const WorkerMask rested = free & ~tired_;
        if (running_on_ != kNobody && (free & bit(running_on_)) != 0) {
            return running_on_;
        }
        if ((rested & bit(wanted)) != 0) {
            return wanted;
        }
        if (rested != 0) {
            return static_cast<std::uint32_t>(std::countr_zero(rested));
        }
        if (free != 0 && ++rounds_ <= kRoundsMax) {
            tired_ = 0;
            continue;
        }
        miss(head_);
        rounds_ = 0;
        tired_ = 0;
    }
}

void FollowSchedule::come_to(std::uint32_t worker, Work work, std::uint64_t which, bool begins) {
    if (work != Work::kExecute && work != Work::kCommit) {
        return;
    }
    const ScheduleEvent event{.kind = work == Work::kExecute
                                          ? (begins ? Kind::kExecuteBegins : Kind::kExecuteEnds)
                                          : (begins ? Kind::kCommitBegins : Kind::kCommitEnds),
                              .worker = worker,
                              .transaction = work == Work::kExecute ? which : 0};
    if (running_on_ == worker) {
        running_on_ = kNobody;
    }
    Worker& own = workers_[worker];
    std::size_t at = kNone;
    if (begins) {
        at = find_begin(own, event);
        own.ends.push_back(at == kNone ? kNone : partners_[at]);
    } else {
        at = own.ends.back();
        own.ends.pop_back();
    }
    if (at == kNone || fates_[at] != Fate::kOpen) {
        if (at == kNone) {
            ++report_.unrecorded;
            note_first(event, "is not recorded");
        }
        return;
    }
    for (skip_closed(own); own.events[own.next] != at; skip_closed(own)) {
        miss(own.events[own.next]);
    }
    own.held_at = at;
    held_ |= bit(worker);
}

bool FollowSchedule::is_begin(std::size_t event) const noexcept {
    return events_[event].kind == Kind::kExecuteBegins ||
           events_[event].kind == Kind::kCommitBegins;
}

/// The open event of the worker that says what it is about to begin. Commit turns come and go, so
/// one is taken for recorded only when it is next; an execution may come after some that do not.
std::size_t FollowSchedule::find_begin(Worker& worker, const ScheduleEvent& event) {
    skip_closed(worker);
    const std::size_t looked_at = event.kind == Kind::kCommitBegins ? 1 : kSkipsMax;
    const std::size_t end = std::min(worker.events.size(), worker.next + looked_at);
    for (std::size_t i = worker.next; i < end; ++i) {
        const std::size_t candidate = worker.events[i];
        if (fates_[candidate] == Fate::kOpen && events_[candidate] == event) {
            return candidate;
        }
    }
    return kNone;
}

void FollowSchedule::skip_closed(Worker& worker) const noexcept {
    while (worker.next < worker.events.size() &&
           fates_[worker.events[worker.next]] != Fate::kOpen) {
        ++worker.next;
    }
}

void FollowSchedule::follow(std::size_t event) {
    const std::uint32_t worker = events_[event].worker;
    fates_[event] = Fate::kFollowed;
    ++report_.followed;
    workers_[worker].held_at = kNone;
    held_ &= ~bit(worker);
    rounds_ = 0;
    tired_ = 0;
    running_on_ = !is_begin(event) || pace_ == Pace::kEarly ? worker : kNobody;
}

void FollowSchedule::miss(std::size_t event) {
    fates_[event] = Fate::kMissed;
    note_first(events_[event], "did not come");
}

void FollowSchedule::note_first(const ScheduleEvent& event, const char* what) {
    if (report_.first.empty()) {
        report_.first = "after " + std::to_string(report_.followed) + " events: \"" +
                        describe(event) + "\" " + what;
    }
}

}  // namespace lockstep::test
