#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "engine/virtual/virtual_cores.hpp"

namespace lockstep {

/// The Sync policy of virtual cores: every operation first lets cores with earlier clocks go, then
/// charges for the transfer of its line. Memory is sequentially consistent.
struct VirtualSync {
    static constexpr std::uint32_t kIdleSpinRounds = 200;
    static constexpr std::uint32_t kIdleYieldRounds = 50;

    template <class T>
    class Atomic {
      public:
        constexpr Atomic() noexcept = default;
        // NOLINTNEXTLINE(google-explicit-constructor) as that of std::atomic
        constexpr Atomic(T value) noexcept : value_(value) {}
        Atomic(const Atomic&) = delete;
        Atomic& operator=(const Atomic&) = delete;

        T load(std::memory_order = std::memory_order_seq_cst) const noexcept {
            cores().point();
            cores().load(line_);
            return value_;
        }
        void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept {
            cores().point();
            if (order == std::memory_order_seq_cst) {  // seq_cst: an exchange on most machines
                cores().modify(line_);
            } else {
                cores().store(line_);
            }
            value_ = value;
        }
        T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
            return change([value](T) { return value; });
        }
        bool compare_exchange_strong(T& expected, T desired, std::memory_order,
                                     std::memory_order = std::memory_order_seq_cst) noexcept {
            cores().point();
            cores().modify(line_);
            if (value_ != expected) {
                expected = value_;
                return false;
            }
            value_ = desired;
            return true;
        }
        bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                                   std::memory_order failure = std::memory_order_seq_cst) noexcept {
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
            cores().point();
            cores().load(line_);
            while (value_ == old && cores().active()) {
                cores().sleep(this);
            }
        }
        void notify_one() noexcept { cores().notify(this, false); }
        void notify_all() noexcept { cores().notify(this, true); }

      private:
        static VirtualCores& cores() noexcept { return VirtualCores::here(); }
        template <class Change>
        T change(Change&& change_value) noexcept {
            cores().point();
            cores().modify(line_);
            const T before = value_;
            value_ = change_value(before);
            return before;
        }
        T value_{};
        mutable VirtualLine line_;
    };

    class Mutex {
      public:
        void lock() noexcept {
            VirtualCores& cores = VirtualCores::here();
            cores.point();
            cores.modify(line_);
            while (locked_ && cores.active()) {
                cores.sleep(this);
            }
            locked_ = true;
        }
        void unlock() noexcept {
            VirtualCores& cores = VirtualCores::here();
            cores.point();
            cores.modify(line_);
            locked_ = false;
            cores.notify(this, false);
        }

      private:
        bool locked_ = false;
        VirtualLine line_;
    };

    class Span {
      public:
        explicit Span(Work kind, std::uint64_t which = 0) noexcept : kind_(kind), which_(which) {
            VirtualCores::here().begin_work(kind);
            since_ = VirtualCores::here().now();
        }
        Span(const Span&) = delete;
        Span& operator=(const Span&) = delete;
        ~Span() { VirtualCores::here().end_work(kind_, since_); }
        void done(std::uint64_t units) noexcept {
            VirtualCores::here().do_work(kind_, which_, units);
        }

      private:
        Work kind_;
        std::uint64_t which_;
        Picoseconds since_ = 0;
    };

    static constexpr bool suspects() noexcept { return false; }
    static void relax() noexcept {
        VirtualCores::here().spend(VirtualCores::here().costs().relax);
        VirtualCores::here().point();
    }
    static void yield() noexcept {
        VirtualCores::here().spend(VirtualCores::here().costs().yield);
        VirtualCores::here().point();
    }
};

/// Stands in for WorkerPool: the workers are virtual cores.
class VirtualPool {
  public:
    [[nodiscard]] std::uint32_t workers() const noexcept { return VirtualCores::here().cores(); }
    void run(const std::function<void(std::uint32_t worker)>& job) {
        VirtualCores::here().run(job);
    }
};

}  // namespace lockstep
