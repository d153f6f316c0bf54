#pragma once

// Included before anything else by the files that simulate: Relacy redefines words of the
// language as macros, which must be gone before the code under test is read.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <relacy/relacy.hpp>

#undef assert
#undef calloc
#undef delete
#undef errno
#undef free
#undef futex
#undef malloc
#undef memory_order_acq_rel
#undef memory_order_acquire
#undef memory_order_consume
#undef memory_order_relaxed
#undef memory_order_release
#undef memory_order_seq_cst
#undef new
#undef pthread_attr_t
#undef pthread_cond_broadcast
#undef pthread_cond_destroy
#undef pthread_cond_init
#undef pthread_cond_signal
#undef pthread_cond_t
#undef pthread_cond_timedwait
#undef pthread_cond_wait
#undef pthread_condattr_t
#undef pthread_create
#undef pthread_join
#undef pthread_mutex_destroy
#undef pthread_mutex_init
#undef pthread_mutex_lock
#undef pthread_mutex_t
#undef pthread_mutex_timedlock
#undef pthread_mutex_unlock
#undef pthread_mutexattr_destroy
#undef pthread_mutexattr_init
#undef pthread_mutexattr_settype
#undef pthread_mutexattr_t
#undef pthread_rwlock_destroy
#undef pthread_rwlock_init
#undef pthread_rwlock_rdlock
#undef pthread_rwlock_t
#undef pthread_rwlock_tryrdlock
#undef pthread_rwlock_trywrlock
#undef pthread_rwlock_unlock
#undef pthread_rwlock_wrlock
#undef pthread_t
#undef pthread_yield
#undef realloc
#undef sched_yield
#undef sem_destroy
#undef sem_getvalue
#undef sem_init
#undef sem_post
#undef sem_t
#undef sem_trywait
#undef sem_wait
#define errno (*__errno_location())

namespace lockstep::test {

inline rl::memory_order relacy_order(std::memory_order order) noexcept {
    switch (order) {
        case std::memory_order_relaxed:
            return rl::mo_relaxed;
        case std::memory_order_consume:
        case std::memory_order_acquire:
            return rl::mo_acquire;
        case std::memory_order_release:
            return rl::mo_release;
        case std::memory_order_acq_rel:
            return rl::mo_acq_rel;
        case std::memory_order_seq_cst:
            break;
    }
    return rl::mo_seq_cst;
}

/// Plain data that Relacy watches: an access that races with another is an error. Outside of a
/// simulation it is just the value.
template <class T>
class Plain {
  public:
    Plain() : Plain(T{}) {}
    Plain(T value) : value_(value) {
        if (rl::is_ctx()) {
            watch_.emplace(0);
        }
    }
    Plain(const Plain& other) : Plain(other.get()) {}
    Plain& operator=(const Plain& other) { return *this = other.get(); }
    Plain& operator=(T value) {
        if (watch_.has_value()) {
            (*watch_)(RL_INFO).store(0);
        }
        value_ = value;
        return *this;
    }
    ~Plain() = default;

    [[nodiscard]] T get() const {
        if (watch_.has_value()) {
            static_cast<void>((*watch_)(RL_INFO).load());
        }
        return value_;
    }
    operator T() const { return get(); }
    T operator->() const { return get(); }
    Plain& operator+=(T operand) { return *this = static_cast<T>(get() + operand); }
    T operator++(int) {
        const T before = get();
        *this = static_cast<T>(before + 1);
        return before;
    }

  private:
    mutable std::optional<rl::var<int>> watch_;
    T value_;
};

/// The Sync policy of simulations: Relacy chooses the next thread before each operation, and which
/// of the values that the C++ memory model allows a load returns.
struct RelacySync {
    static constexpr std::uint32_t kIdleSpinRounds = 1;
    static constexpr std::uint32_t kIdleYieldRounds = 1;

    template <class T>
    class Atomic {
        // Relacy prints values, which enumerations cannot be.
        using Number = typename std::conditional_t<std::is_enum_v<T>, std::underlying_type<T>,
                                                   std::type_identity<T>>::type;

      public:
        Atomic() : Atomic(T{}) {}
        /// No step of a schedule: it may happen under a lock that Relacy does not know.
        Atomic(T value) {
            rl::ctx().disable_preemption();
            value_.store(static_cast<Number>(value), rl::mo_relaxed, RL_INFO);
            rl::ctx().enable_preemption();
        }
        Atomic(const Atomic&) = delete;
        Atomic& operator=(const Atomic&) = delete;

        T load(std::memory_order order = std::memory_order_seq_cst) const {
            return static_cast<T>(value_.load(relacy_order(order), RL_INFO));
        }
        void store(T value, std::memory_order order = std::memory_order_seq_cst) {
            value_.store(static_cast<Number>(value), relacy_order(order), RL_INFO);
        }
        T exchange(T value, std::memory_order order = std::memory_order_seq_cst) {
            return static_cast<T>(value_.rmw(rl::rmw_type_t<rl::rmw_type_swap>(),
                                             static_cast<Number>(value), relacy_order(order),
                                             RL_INFO));
        }
        bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                     std::memory_order failure) {
            return exchange_if<false>(expected, desired, success, failure);
        }
        bool compare_exchange_strong(T& expected, T desired, std::memory_order order) {
            return exchange_if<false>(expected, desired, order, std::memory_order_relaxed);
        }
        bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                                   std::memory_order failure) {
            return exchange_if<true>(expected, desired, success, failure);
        }
        bool compare_exchange_weak(T& expected, T desired, std::memory_order order) {
            return exchange_if<true>(expected, desired, order, std::memory_order_relaxed);
        }
        T fetch_add(T operand, std::memory_order order = std::memory_order_seq_cst) {
            return value_.rmw(rl::rmw_type_t<rl::rmw_type_add>(), operand, relacy_order(order),
                              RL_INFO);
        }
        T fetch_sub(T operand, std::memory_order order = std::memory_order_seq_cst) {
            return value_.rmw(rl::rmw_type_t<rl::rmw_type_sub>(), operand, relacy_order(order),
                              RL_INFO);
        }
        /// As a futex: compares the newest value and sleeps in one step.
        void wait(T old, std::memory_order order) {
            while (value_.rmw(rl::rmw_type_t<rl::rmw_type_add>(), T{0}, relacy_order(order),
                              RL_INFO) == old) {
                value_.wait(rl::ctx(), false, false, RL_INFO);
            }
        }
        void notify_all() {
            rl::ctx().sched();
            value_.wake(rl::ctx(), -1, RL_INFO);
        }

      private:
        template <bool kWeak>
        bool exchange_if(T& expected, T desired, std::memory_order success,
                         std::memory_order failure) {
            auto number = static_cast<Number>(expected);
            const bool done =
                value_.compare_exchange(rl::bool_t<kWeak>(), number, static_cast<Number>(desired),
                                        relacy_order(success), rl::mo_relaxed, RL_INFO);
            // Relacy wants the order of a failure to be no stronger than that of a success, as C++
            // did before 2017. Loading once more, no older value, has the same effect.
            if (!done && failure != std::memory_order_relaxed) {
                number = value_.load(relacy_order(failure), RL_INFO);
            }
            expected = static_cast<T>(number);
            return done;
        }

        mutable rl::atomic<Number> value_;
    };

    class Mutex {
      public:
        void lock() { mutex_.lock(RL_INFO); }
        void unlock() { mutex_.unlock(RL_INFO); }

      private:
        rl::mutex mutex_;
    };

    static constexpr bool suspects() noexcept { return false; }
    static void relax() { rl::ctx().yield(1, RL_INFO); }
    static void yield() { rl::ctx().yield(1, RL_INFO); }
};

}  // namespace lockstep::test
