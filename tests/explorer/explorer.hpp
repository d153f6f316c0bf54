#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "engine/base/random.hpp"
#include "tests/explorer/fiber.hpp"
#include "tests/explorer/strategy.hpp"

namespace lockstep::test {

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
    };
    struct Plan {
        Strategy* strategy = nullptr;
        std::uint64_t steps_max = 0;
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
    void yield() noexcept;
    /// The current worker sleeps until notify(address). Returns at once outside of run.
    void sleep(const void* address) noexcept;
    void notify(const void* address) noexcept;
    [[nodiscard]] bool spurious_failure() noexcept { return active_ && noise_.chance(1, 16); }

  private:
    struct Worker {
        Fiber fiber;
        std::uint32_t index = 0;
        const void* sleeps_on = nullptr;
        bool started = false;
    };

    static void enter(void* worker);
    void decide(Situation::Reason reason) noexcept;
    void pass_on(Situation::Reason reason) noexcept;
    void rearm(std::uint64_t step);
    void stop(Outcome outcome) noexcept;
    void end_worker(Worker& worker);

    Plan plan_;
    const std::function<void(std::uint32_t)>* job_ = nullptr;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<Fiber> thread_;
    Random noise_{0};
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
            Explorer::here().point();
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
            Explorer::here().point();
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
            Explorer::here().point();
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
            throw ScheduleStuck(outcome == Explorer::Outcome::kDeadlock ? "deadlock" : "livelock");
        }
    }

  private:
    std::uint32_t workers_;
};

}  // namespace lockstep::test
