#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "engine/virtual/virtual_costs.hpp"
#include "scheduler/sync.hpp"

namespace lockstep {

/// Measures where the time of blocks goes that the calling thread executes alone.
///
/// Role:    source of VirtualCosts::work. Every nanosecond between start and stop belongs to the
///          innermost span, or to none of them.
/// Threads: one meter per thread; MeteredSync reports to that of the calling thread.
class WorkMeter {
  public:
    [[nodiscard]] static WorkMeter& here() noexcept {
        static thread_local WorkMeter meter;
        return meter;
    }

    /// Starts a block of `transactions`; forgets the one before.
    void start(std::size_t transactions) {
        spent_ = {};
        units_ = {};
        spans_ = inside_ = {};
        calls_.assign(transactions, 0);
        current_ = kOutside;
        mark_ = Clock::now();
    }
    void stop() noexcept { advance(); }

    /// Picoseconds in spans of a kind, without the spans inside them and without the meter's own.
    [[nodiscard]] Picoseconds spent(Work kind) const noexcept {
        return without_meter(static_cast<std::size_t>(kind));
    }
    /// The same for what no span covers.
    [[nodiscard]] Picoseconds outside() const noexcept { return without_meter(kOutside); }
    [[nodiscard]] std::uint64_t units(Work kind) const noexcept {
        return units_[static_cast<std::size_t>(kind)];
    }
    /// By transaction: the last call of the machine.
    [[nodiscard]] const std::vector<Picoseconds>& calls() const noexcept { return calls_; }

    /// Measures what a span costs by itself; once per thread before the first block counts.
    void calibrate() {
        own_ = around_ = 0;
        start(0);
        for (std::uint32_t i = 0; i < kCalibrationSpans; ++i) {
            const std::size_t before = enter(Work::kChain);
            leave(before);
        }
        stop();
        own_ = spent_[static_cast<std::size_t>(Work::kChain)] / kCalibrationSpans;
        around_ = spent_[kOutside] / kCalibrationSpans;
    }

    std::size_t enter(Work kind) noexcept {
        advance();
        const std::size_t before = current_;
        ++inside_[before];
        current_ = static_cast<std::size_t>(kind);
        ++spans_[current_];
        return before;
    }
    /// The time of the span that ends, as measured.
    Picoseconds leave(std::size_t before) noexcept {
        const Picoseconds last = advance();
        current_ = before;
        return last;
    }
    void done(std::uint64_t units) noexcept { units_[current_] += units; }
    void note_call(std::uint64_t which, Picoseconds time) noexcept {
        if (which < calls_.size()) {
            calls_[which] = time > own_ ? time - own_ : 0;
        }
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kOutside = kWorkKinds;
    static constexpr std::uint32_t kCalibrationSpans = 100'000;

    Picoseconds advance() noexcept {
        const auto now = Clock::now();
        const auto passed = static_cast<Picoseconds>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(now - mark_).count() * 1000);
        mark_ = now;
        spent_[current_] += passed;
        return passed;
    }
    [[nodiscard]] Picoseconds without_meter(std::size_t at) const noexcept {
        const Picoseconds meter = spans_[at] * own_ + inside_[at] * around_;
        return spent_[at] > meter ? spent_[at] - meter : 0;
    }

    std::array<Picoseconds, kWorkKinds + 1> spent_{};
    std::array<std::uint64_t, kWorkKinds + 1> units_{};
    std::array<std::uint64_t, kWorkKinds + 1> spans_{};
    std::array<std::uint64_t, kWorkKinds + 1> inside_{};  ///< spans that began inside
    std::vector<Picoseconds> calls_;
    std::size_t current_ = kOutside;
    Clock::time_point mark_{};
    Picoseconds own_ = 0;     ///< what an empty span measures
    Picoseconds around_ = 0;  ///< what it costs the code around it
};

/// StdSync that tells a WorkMeter what is being worked on.
struct MeteredSync : StdSync {
    class Span {
      public:
        explicit Span(Work kind, std::uint64_t which = 0) noexcept
            : which_(which), calls_(kind == Work::kExecute), before_(meter().enter(kind)) {}
        Span(const Span&) = delete;
        Span& operator=(const Span&) = delete;
        ~Span() {
            const Picoseconds time = meter().leave(before_);
            if (calls_) {
                meter().note_call(which_, time);
            }
        }
        void done(std::uint64_t units) const noexcept { meter().done(units); }

      private:
        static WorkMeter& meter() noexcept { return WorkMeter::here(); }
        std::uint64_t which_;
        bool calls_;
        std::size_t before_;
    };
};

}  // namespace lockstep
