#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "engine/base/random.hpp"
#include "engine/virtual/fiber.hpp"
#include "scheduler/work_span.hpp"
#include "tests/explorer/strategy.hpp"

namespace lockstep::test {

/// Looks at the objects under test between two steps.
class Monitor {
  public:
    virtual ~Monitor() = default;
    /// After a write of `worker`: what is wrong, null when all is well.
    [[nodiscard]] virtual const char* check(std::uint32_t worker) = 0;
};

/// Hears of the work that workers begin and end, which is what recorded schedules consist of.
class WorkListener {
  public:
    virtual ~WorkListener() = default;
    /// `worker` has come to the begin or the end of `work`, on transaction `which` where it
    /// executes one. Its next step is a point: a strategy may let others go first.
    virtual void come_to(std::uint32_t worker, Work work, std::uint64_t which, bool begins) = 0;
};

/// Runs workers as fibers of one thread, in an order that a strategy decides.
///
/// Every operation of an ExplorerSync atomic or lock is a step; a strategy may pass on to another
/// worker before it, and after it when it wrote. Memory is sequentially consistent. A worker in
/// Atomic::wait is not runnable until it is notified, so a lost wake-up is a deadlock.
class Explorer {
  public:
    enum class Outcome : std::uint8_t {
        kFinished,
        kDeadlock,  ///< every worker that has not ended sleeps
        kLivelock,  ///< more steps than the bound
        kBroken,    ///< the monitor found something, see broken()
    };
    /// A worker that stops where it stands, as if its core were taken away.
    struct Halt {
        std::uint32_t worker = 0;
        std::uint64_t from = kNever;  ///< its first step that it does not take
        /// Step at which it goes on, or earlier when nobody else can. kNever: it never goes on.
        std::uint64_t until = kNever;
    };
    /// Trouble that runs met, so that tests can tell that it happened.
    struct Injected {
        std::uint64_t weak_failures = 0;  ///< weak exchanges that failed for no reason
        std::uint64_t suspicions = 0;     ///< transactions taken for stale for no reason
        std::uint64_t interrupts = 0;     ///< calls of Plan::interrupt
        std::uint64_t halts = 0;
        std::uint64_t restarts = 0;  ///< halted workers that went on
    };
    struct Plan {
        Strategy* strategy = nullptr;
        std::uint64_t steps_max = 0;
        Monitor* monitor = nullptr;
        WorkListener* listener = nullptr;
        Halt halt = {};
        std::uint64_t suspicion = 0;  ///< chance in 16 that validation suspects a transaction
        std::uint64_t interrupt_at = kNever;        ///< step of the interrupt
        std::function<void()> interrupt = nullptr;  ///< what the outside world does then
        std::uint64_t noise = 0;                    ///< seed of spurious failures of weak exchanges
    };

    [[nodiscard]] static Explorer& here() noexcept;

    /// What the next run does.
    void set_plan(Plan plan) { plan_ = std::move(plan); }

    /// Runs `job(0) … job(workers - 1)`. Workers other than 0 that have not started when worker 0
    /// ends never do, as in a pool whose threads came late.
    Outcome run(std::uint32_t workers, const std::function<void(std::uint32_t)>& job);

    [[nodiscard]] bool active() const noexcept { return active_; }
    [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
    /// Steps of the last run.
    [[nodiscard]] std::uint64_t steps() const noexcept { return due_ - countdown_; }
    /// Decisions of the last run that were not the usual ones.
    [[nodiscard]] const Trace& trace() const noexcept { return trace_; }

    void point() noexcept {
        if (--countdown_ == 0) {
            decide(Situation::Reason::kPoint);
        }
    }
    /// The point behind a write.
    void wrote() noexcept {
        if (plan_.monitor != nullptr && active_) {
            ask_monitor();
        }
        point();
    }
    /// The current worker begins or ends a stretch of work.
    void work(Work work, std::uint64_t which, bool begins) noexcept {
        if (plan_.listener != nullptr && active_) {
            plan_.listener->come_to(current_, work, which, begins);
            point();
        }
    }
    void yield() noexcept;
    /// The current worker sleeps until notify(address). Returns at once outside of run.
    void sleep(const void* address) noexcept;
    void notify(const void* address) noexcept;
    [[nodiscard]] bool spurious_failure() noexcept {
        const bool fails = active_ && noise_.chance(1, 16);
        injected_.weak_failures += fails ? 1U : 0U;
        return fails;
    }
    [[nodiscard]] bool suspects() noexcept {
        const bool yes = active_ && plan_.suspicion != 0 && noise_.chance(plan_.suspicion, 16);
        injected_.suspicions += yes ? 1U : 0U;
        return yes;
    }
    /// Sums over all runs of this process.
    [[nodiscard]] const Injected& injected() const noexcept { return injected_; }
    /// What the monitor found in the last run.
    [[nodiscard]] const char* broken() const noexcept { return broken_; }

  private:
    struct Worker {
        Fiber fiber;
        std::uint32_t index = 0;
        const void* sleeps_on = nullptr;
        bool started = false;
    };

    static void enter(void* worker);
    void decide(Situation::Reason reason) noexcept;
    void ask_monitor() noexcept;
    void pass_on(Situation::Reason reason) noexcept;
    void restart_halted() noexcept;
    [[nodiscard]] bool halt_due(std::uint64_t step) const noexcept {
        return !halted_ && step >= plan_.halt.from && current_ == plan_.halt.worker;
    }
    void rearm(std::uint64_t step);
    void stop(Outcome outcome) noexcept;
    void end_worker(Worker& worker);

    Plan plan_;
    const std::function<void(std::uint32_t)>* job_ = nullptr;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<Fiber> thread_;
    Random noise_{0};
    Injected injected_;
    const char* broken_ = nullptr;
    bool halted_ = false;   ///< the halt of this run has begun
    bool resting_ = false;  ///< … and has not ended
    Trace trace_;
    WorkerMask runnable_ = 0;
    WorkerMask unfinished_ = 0;
    std::uint32_t current_ = 0;
    std::uint64_t asked_at_ = kNever;  ///< step of the strategy's next question
    std::uint64_t due_ = kNever;       ///< step at which countdown_ reaches zero
    std::uint64_t countdown_ = kNever;
    Outcome outcome_ = Outcome::kFinished;
    bool active_ = false;
};

inline Explorer the_explorer;
inline Explorer& Explorer::here() noexcept {
    return the_explorer;
}

/// The Sync policy of explored runs.
struct ExplorerSync {
    /// Shortest waits before sleeping: a worker without work goes to sleep at once.
    static constexpr std::uint32_t kIdleSpinRounds = 1;
    static constexpr std::uint32_t kIdleYieldRounds = 1;

    template <class T>
    class Atomic {
      public:
        constexpr Atomic() noexcept = default;
        constexpr Atomic(T value) noexcept : value_(value) {}
        Atomic(const Atomic&) = delete;
        Atomic& operator=(const Atomic&) = delete;

        T load(std::memory_order = std::memory_order_seq_cst) const noexcept {
            Explorer::here().point();
            return value_;
        }
        void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
            Explorer::here().point();
            value_ = value;
            Explorer::here().wrote();
        }
        T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
            return change([value](T) { return value; });
        }
        bool compare_exchange_strong(T& expected, T desired, std::memory_order,
                                     std::memory_order = std::memory_order_seq_cst) noexcept {
            Explorer::here().point();
            if (value_ != expected) {
                expected = value_;
                return false;
            }
            value_ = desired;
            Explorer::here().wrote();
            return true;
        }
        bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                                   std::memory_order failure = std::memory_order_seq_cst) noexcept {
            if (Explorer::here().spurious_failure()) {
                expected = load();
                return false;
            }
            return compare_exchange_strong(expected, desired, success, failure);
        }
        T fetch_add(T operand, std::memory_order = std::memory_order_seq_cst) noexcept {
            return change([operand](T value) { return static_cast<T>(value + operand); });
        }
        T fetch_sub(T operand, std::memory_order = std::memory_order_seq_cst) noexcept {
            return change([operand](T value) { return static_cast<T>(value - operand); });
        }
        T fetch_or(T operand, std::memory_order = std::memory_order_seq_cst) noexcept {
            return change([operand](T value) { return static_cast<T>(value | operand); });
        }
        T fetch_and(T operand, std::memory_order = std::memory_order_seq_cst) noexcept {
            return change([operand](T value) { return static_cast<T>(value & operand); });
        }
        void wait(T old, std::memory_order = std::memory_order_seq_cst) const noexcept {
            Explorer::here().point();
            while (value_ == old && Explorer::here().active()) {
                Explorer::here().sleep(this);
            }
        }
        /// The value, without a step: for monitors.
        [[nodiscard]] T peek() const noexcept { return value_; }
        void notify_one() noexcept { notify_all(); }  // waking too many is always allowed
        void notify_all() noexcept {
            Explorer::here().point();
            Explorer::here().notify(this);
        }

      private:
        template <class Change>
        T change(Change&& change_value) noexcept {
            Explorer::here().point();
            const T before = value_;
            value_ = change_value(before);
            Explorer::here().wrote();
            return before;
        }
        T value_{};
    };

    class Mutex {
      public:
        void lock() noexcept {
            Explorer::here().point();
            while (locked_ && Explorer::here().active()) {
                Explorer::here().sleep(this);
            }
            locked_ = true;
        }
        void unlock() noexcept {
            locked_ = false;
            Explorer::here().notify(this);
            Explorer::here().point();
        }

      private:
        bool locked_ = false;
    };

    /// Tells the listener of the run.
    class Span {
      public:
        explicit Span(Work work, std::uint64_t which = 0) noexcept : work_(work), which_(which) {
            Explorer::here().work(work_, which_, true);
        }
        Span(const Span&) = delete;
        Span& operator=(const Span&) = delete;
        ~Span() { Explorer::here().work(work_, which_, false); }
        void done(std::uint64_t) const noexcept {}

      private:
        Work work_;
        std::uint64_t which_;
    };

    static bool suspects() noexcept { return Explorer::here().suspects(); }
    static void relax() noexcept { Explorer::here().yield(); }
    static void yield() noexcept { Explorer::here().yield(); }
};

/// A schedule that did not come to an end; the objects it ran on are unusable.
struct ScheduleStuck : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Stands in for WorkerPool: the workers are fibers.
class FiberPool {
  public:
    explicit FiberPool(std::uint32_t workers) : workers_(workers) {}
    [[nodiscard]] std::uint32_t workers() const noexcept { return workers_; }
    void run(const std::function<void(std::uint32_t worker)>& job) {
        const Explorer::Outcome outcome = Explorer::here().run(workers_, job);
        if (outcome != Explorer::Outcome::kFinished) {
            throw ScheduleStuck("the schedule did not come to an end");
        }
    }

  private:
    std::uint32_t workers_;
};

}  // namespace lockstep::test
