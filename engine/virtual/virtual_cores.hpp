#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/virtual/fiber.hpp"
#include "engine/virtual/virtual_costs.hpp"

namespace lockstep {

/// Who has a cache line. Part of every atomic of VirtualSync.
struct VirtualLine {
    Picoseconds busy_until = 0;  ///< when the transfer under way ends
    std::array<std::uint64_t, 2> sharers{};
    std::uint32_t owner = std::numeric_limits<std::uint32_t>::max();  ///< wrote it last
};

/// Cores in virtual time: each runs one worker on a fiber, with a clock of its own. The core that
/// is furthest behind runs next, so accesses to shared lines happen in the order of virtual time.
///
/// Threads: one. Outside of `run` the calling code is core 0.
/// Invariants
///   [VC1] the same costs, jobs and number of cores give the same clocks, on every machine.
///   [VC2] an access happens only when no runnable core has an earlier clock.
class VirtualCores {
  public:
    static constexpr std::uint32_t kCoresMax = 128;

    /// Where the cores of the program are; VirtualSync refers to it.
    [[nodiscard]] static VirtualCores& here() noexcept;

    /// Starts over at time 0 with `cores` cores. REQUIRES: 1 <= cores <= kCoresMax, no run.
    void reset(std::uint32_t cores, const VirtualCosts& costs);
    /// Costs of the machine's calls by transaction; empty: VirtualCosts::work. Must stay alive.
    void set_calls(std::span<const Picoseconds> calls) noexcept { calls_ = calls; }

    /// Runs `job(0) … job(cores - 1)`. Core 0 goes on at once, the others join when they have
    /// woken; those that have not when core 0 ends never do, as in a WorkerPool.
    void run(const std::function<void(std::uint32_t)>& job);

    [[nodiscard]] std::uint32_t cores() const noexcept { return cores_; }
    /// The running core's clock; outside of run that of core 0.
    [[nodiscard]] Picoseconds now() const noexcept { return clock_; }
    /// Time of all cores spent in a kind of work since reset, waiting for lines included.
    [[nodiscard]] Picoseconds spent(Work kind) const noexcept {
        return spent_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::uint64_t units(Work kind) const noexcept {
        return units_[static_cast<std::size_t>(kind)];
    }

    // ---- what VirtualSync calls -----------------------------------------------------------------

    /// Lets cores with earlier clocks go first.
    void point() noexcept {
        if (active_ && clock_ > next_clock_) {
            pass_on();
        }
    }
    void load(VirtualLine& line) noexcept;
    void store(VirtualLine& line) noexcept;
    void modify(VirtualLine& line) noexcept;
    void spend(Picoseconds time) noexcept { clock_ += time; }
    [[nodiscard]] const VirtualCosts& costs() const noexcept { return costs_; }
    /// The running core sleeps until notified. Returns at once outside of run.
    void sleep(const void* address) noexcept;
    void notify(const void* address, bool all) noexcept;
    void begin_work(Work kind) noexcept;
    void do_work(Work kind, std::uint64_t which, std::uint64_t units) noexcept;
    void end_work(Work kind, Picoseconds since) noexcept {
        spent_[static_cast<std::size_t>(kind)] += clock_ - since;
    }
    [[nodiscard]] bool active() const noexcept { return active_; }

  private:
    struct Core {
        Fiber fiber;
        std::uint32_t index = 0;
        Picoseconds clock = 0;
        Picoseconds drained = 0;  ///< when the store buffer is empty
        Picoseconds left = 0;     ///< when it left the last job
        const void* sleeps_on = nullptr;
        bool started = false;
        bool streams = false;  ///< works ahead of its accesses; see stream_transfer
    };
    using Turn = std::pair<Picoseconds, std::uint32_t>;  ///< clock, core

    static void enter(void* core);
    void end_core(Core& core);
    void push(Core& core);
    void pass_on() noexcept;
    void switch_to_earliest() noexcept;
    [[nodiscard]] static bool shares(const VirtualLine& line, std::uint32_t core) noexcept {
        return ((line.sharers[core / 64] >> (core % 64)) & 1U) != 0;
    }
    [[nodiscard]] bool has_alone(const VirtualLine& line) const noexcept;
    void take(VirtualLine& line) noexcept;

    VirtualCosts costs_;
    std::uint32_t cores_ = 1;
    std::span<const Picoseconds> calls_;
    const std::function<void(std::uint32_t)>* job_ = nullptr;
    std::vector<std::unique_ptr<Core>> all_;
    std::unique_ptr<Fiber> thread_;
    std::vector<Turn> turns_;  ///< heap of runnable cores, earliest first
    VirtualLine pool_line_;    ///< where workers join and leave
    Picoseconds clock_ = 0;    ///< of the running core
    Picoseconds next_clock_ = std::numeric_limits<Picoseconds>::max();  ///< earliest in turns_
    Picoseconds end_ = 0;  ///< when the last worker has left the job
    std::uint32_t current_ = 0;
    std::array<Picoseconds, kWorkKinds> spent_{};
    std::array<std::uint64_t, kWorkKinds> units_{};
    bool active_ = false;
};

inline VirtualCores the_virtual_cores;
inline VirtualCores& VirtualCores::here() noexcept {
    return the_virtual_cores;
}

}  // namespace lockstep
