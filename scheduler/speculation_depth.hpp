#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/base/cache_line.hpp"
#include "scheduler/sync.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

/// How far ahead of the commit frontier it pays to execute, learned from what became of the
/// transactions that did.
///
/// Role:    commits are judged in samples. Where few had to run again the window doubles; where
///          many had it is halved, which keeps version chains short and lets more of what matters
///          be committed first. Where nearly all had even so, speculation rests: what follows runs
///          in order, at the frontier, each transaction once; then it is tried again, after longer
///          rests each time. Changes speed only. What was learned outlasts the block.
/// Threads: open between blocks; count_stale and judge by the holder of the frontier; the rest by
///          any worker, as hints.
template <class Sync = StdSync>
class SpeculationDepth {
  public:
    static constexpr TxnIndex kSample = 64;     ///< commits that are judged together
    static constexpr TxnIndex kWindowMin = 32;  ///< shortest window that learning chooses
    static constexpr TxnIndex kRestMin = 256;   ///< transactions in order, before another try
    static constexpr TxnIndex kRestMax = 8192;
    static constexpr TxnIndex kChunksInWindow = 16;

    /// Starts a block with what the last one has taught, which was one of `last_size`.
    void open(TxnIndex window_max, bool learns, TxnIndex last_size) noexcept {
        const TxnIndex until = in_order_until();
        const bool shortened = window() < window_max_;
        window_max_ = window_max;
        window_min_ = learns ? std::min(kWindowMin, window_max) : window_max;
        set_window(shortened ? std::clamp(window(), window_min_, window_max_) : window_max_);
        judged_ = learns && until > last_size ? until - last_size : 0;
        set_in_order_until(judged_);
        stale_ = 0;
        learns_ = learns;
    }

    /// Whether `txn` had better run at the frontier only.
    [[nodiscard]] bool in_order(TxnIndex txn) const noexcept { return txn < in_order_until(); }
    /// Whether `txn` may be claimed.
    [[nodiscard]] bool reaches(TxnIndex txn, TxnIndex frontier) const noexcept {
        return txn < frontier + window() || in_order(txn);
    }
    /// Transactions per claim: `chunk_max`, less in a window that has become short.
    [[nodiscard]] TxnIndex chunk(TxnIndex chunk_max) const noexcept {
        const TxnIndex now = window();
        return now == window_max_ ? chunk_max
                                  : std::clamp<TxnIndex>(now / kChunksInWindow, 1, chunk_max);
    }

    /// The transaction at the frontier had to run again.
    void count_stale() noexcept { ++stale_; }
    /// Whether a sample of commits is complete now that everything below `committed` is.
    [[nodiscard]] bool judges(TxnIndex committed) const noexcept {
        return committed >= judged_ + kSample;
    }
    /// Judges it. Everything below `claimed` may have been executed already.
    void judge(TxnIndex committed, TxnIndex claimed) noexcept {
        const TxnIndex stale = std::exchange(stale_, 0);
        judged_ = committed;
        if (!learns_) {
            return;
        }
        if (stale >= kSample - kSample / 8 && window() == window_min_) {
            judged_ = std::max(committed, claimed) + rest_;
            set_in_order_until(judged_);
            rest_ = std::min(2 * rest_, kRestMax);
        } else if (stale > kSample / 8) {
            set_window(std::max(window() / 2, window_min_));
        } else if (stale < kSample / 32) {
            set_window(std::min(2 * window(), window_max_));
            rest_ = kRestMin;
        }
    }

  private:
    // relaxed, all four: hints, which publish nothing.
    [[nodiscard]] TxnIndex window() const noexcept {
        return window_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] TxnIndex in_order_until() const noexcept {
        return in_order_until_.load(std::memory_order_relaxed);  // relaxed: as above
    }
    void set_window(TxnIndex window) noexcept {
        window_.store(window, std::memory_order_relaxed);  // relaxed: as above
    }
    void set_in_order_until(TxnIndex txn) noexcept {
        in_order_until_.store(txn, std::memory_order_relaxed);  // relaxed: as above
    }

    bool learns_ = false;
    TxnIndex window_max_ = 0;
    TxnIndex window_min_ = 0;
    /// Plain data of the holder of the frontier, on a line of its own.
    alignas(kCacheLineSize) TxnIndex judged_ = 0;  ///< commits from here on are judged next
    TxnIndex stale_ = 0;                           ///< of them, so many ran again
    TxnIndex rest_ = kRestMin;

    // window_: claims stay below frontier + window_.   writers: holder   readers: all
    //   publish: nothing.   layout: own line, written once in many commits, if at all.
    alignas(kCacheLineSize) typename Sync::template Atomic<TxnIndex> window_{0};
    // in_order_until_: see in_order; as window_.
    typename Sync::template Atomic<TxnIndex> in_order_until_{0};
};

}  // namespace lockstep
