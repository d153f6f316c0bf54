#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "replay/trace/schedule_file.hpp"
#include "tests/explorer/explorer.hpp"

namespace lockstep::test {

/// What is left open between the begin and the end of a task.
enum class Pace : std::uint8_t {
    kEarly,  ///< a task does what it does right behind its begin
    kLate,   ///< … right before its end
};

/// How far a schedule could be followed.
struct FollowReport {
    std::uint64_t followed = 0;    ///< events that came in their turn
    std::uint64_t missed = 0;      ///< events that did not come, or not in their turn
    std::uint64_t unrecorded = 0;  ///< events that came and are not recorded
    std::string first = {};        ///< the first that was missed or is not recorded

    /// `a of b events followed`, and what else there is to say.
    [[nodiscard]] std::string text() const;
};

/// Lets workers begin and end tasks in the order in which another run did.
///
/// Role:    strategy and listener of one run. A worker that comes to an event that is recorded for
///          later is held until its turn; whoever brings the next event about goes first. A worker
///          behind the end of a task goes on until its next task, sleep or yield, so that those
///          whose events come after see what it publishes.
/// Limits:  the record knows tasks, not steps: claims, parking and wake-ups follow from them as far
///          as they do. An event that nobody can bring about is given up, so that any schedule
///          ends.
class FollowSchedule final : public Strategy, public WorkListener {
  public:
    FollowSchedule(const BlockSchedule& schedule, Pace pace);

    std::uint32_t choose(const Situation& situation) override;
    std::uint64_t next_question(std::uint64_t step) override { return step + 1; }
    [[nodiscard]] std::string name() const override { return "recorded schedule"; }
    void come_to(std::uint32_t worker, Work work, std::uint64_t which, bool begins) override;

    [[nodiscard]] FollowReport report() const;

  private:
    static constexpr std::size_t kNone = ~std::size_t{0};
    /// How many of its own events a worker may leave out to come to the one it is at.
    static constexpr std::size_t kSkipsMax = 64;
    /// Rounds in which every worker yields before the next event is given up.
    static constexpr std::uint32_t kRoundsMax = 64;

    enum class Fate : std::uint8_t { kOpen, kFollowed, kMissed };

    struct Worker {
        std::vector<std::size_t> events;  ///< own ones, by time
        std::size_t next = 0;             ///< in `events`: the first that is open
        std::vector<std::size_t> ends;    ///< of the tasks at work, kNone: not recorded
        std::size_t held_at = kNone;      ///< the event it has come to
    };

    [[nodiscard]] bool is_begin(std::size_t event) const noexcept;
    [[nodiscard]] std::size_t find_begin(Worker& worker, const ScheduleEvent& event);
    void skip_closed(Worker& worker) const noexcept;
    void follow(std::size_t event);
    void miss(std::size_t event);
    void note_first(const ScheduleEvent& event, const char* what);

    const std::vector<ScheduleEvent> events_;
    const Pace pace_;
    std::vector<std::size_t> partners_;  ///< of a begin: its end
    std::vector<Fate> fates_;
    std::vector<Worker> workers_;
    std::size_t head_ = 0;  ///< the next event
    WorkerMask held_ = 0;
    WorkerMask tired_ = 0;  ///< has yielded since the last event
    std::uint32_t rounds_ = 0;
    std::uint32_t running_on_ = 32;  ///< goes first until its next event; 32: nobody
    FollowReport report_;
};

}  // namespace lockstep::test
