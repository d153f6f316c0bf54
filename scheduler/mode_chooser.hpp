#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lockstep {

/// Learns whether blocks of a size run faster in parallel or serially. Changes speed only.
///
/// Role:  the floor of the adaptive mode: a stream of blocks that are serial by nature costs what
///        the serial executor costs. Costs are measured, since conflicts alone do not tell: a chain
///        of long transactions and a crowd of short ones may show the same graph.
/// Rule:  the cheaper way by a moving average per transaction, separately for sizes that differ by
///        a factor of two. The serial one where the other gains next to nothing: it leaves the
///        other cores to others. Now and then a block probes the other way, as often as that costs
///        no more than a small share of the time: soon when both are close, rarely when the other
///        is far behind, and at once when the cost of the chosen way has changed.
class ModeChooser {
  public:
    [[nodiscard]] bool prefers_serial(std::size_t transactions) const noexcept {
        const Bucket& bucket = buckets_[bucket_of(transactions)];
        if (bucket.tries < kFirstTries) {
            return bucket.tries % 2 == 1;
        }
        return bucket.until_probe == 0 ? !bucket.serial_is_better() : bucket.serial_is_better();
    }
    /// What a block cost that ran to its end.
    void record(bool serial, std::size_t transactions, std::uint64_t nanoseconds) noexcept {
        if (transactions == 0) {
            return;
        }
        Bucket& bucket = buckets_[bucket_of(transactions)];
        const auto now = std::max<std::uint64_t>(1, nanoseconds * 1000 / transactions);
        const bool serial_was_better = bucket.serial_is_better();
        average(serial ? bucket.serial_ps : bucket.parallel_ps, now);
        if (bucket.tries < kFirstTries) {
            ++bucket.tries;
            // The first blocks make the memory that later ones use, so each way is tried again,
            // unless it is far behind even so.
            if (bucket.tries == 2 && bucket.parallel_ps / kFarBehind > bucket.serial_ps) {
                bucket.tries = kFirstTries;
            }
            bucket.plan_probe();
        } else if (serial != serial_was_better) {  // a probe
            bucket.plan_probe();
            if (now + now / 32 < bucket.preferred_ps()) {
                bucket.until_probe = 0;  // once more: it may have become the better one
            }
        } else if (serial_was_better != bucket.serial_is_better()) {
            bucket.plan_probe();
        } else if (bucket.until_probe == 0 || bucket.has_shifted()) {
            bucket.until_probe = 0;
        } else {
            --bucket.until_probe;
        }
    }

  private:
    static constexpr std::uint32_t kFirstTries = 4;
    static constexpr std::uint64_t kFarBehind = 4;
    static constexpr std::uint64_t kProbeShare = 64;  ///< probes cost at most one part in so many
    static constexpr std::uint64_t kProbeSoon = 16;   ///< blocks
    static constexpr std::uint64_t kProbeLate = 512;

    struct Bucket {
        std::uint32_t tries = 0;
        std::uint64_t until_probe = 0;  ///< blocks before the next one that probes
        std::uint64_t serial_ps = 0;    ///< picoseconds per transaction, moving average
        std::uint64_t parallel_ps = 0;
        std::uint64_t planned_ps = 0;  ///< of the better way when the probe was planned

        [[nodiscard]] bool serial_is_better() const noexcept {
            return serial_ps < parallel_ps + parallel_ps / 32;
        }
        [[nodiscard]] std::uint64_t preferred_ps() const noexcept {
            return serial_is_better() ? serial_ps : parallel_ps;
        }
        /// The cost of the better way is no longer what it was when the probe was planned.
        [[nodiscard]] bool has_shifted() const noexcept {
            return preferred_ps() > planned_ps * 3 / 2 || preferred_ps() < planned_ps * 2 / 3;
        }
        void plan_probe() noexcept {
            planned_ps = preferred_ps();
            const std::uint64_t other = serial_is_better() ? parallel_ps : serial_ps;
            const std::uint64_t excess = other - std::min(other, planned_ps);
            until_probe = std::clamp(excess / std::max<std::uint64_t>(1, planned_ps / kProbeShare),
                                     kProbeSoon, kProbeLate);
        }
    };

    /// Moves faster towards less: what disturbs a measurement makes it longer.
    static void average(std::uint64_t& mean, std::uint64_t now) noexcept {
        if (mean == 0 || now < mean * 2 / 3) {
            mean = now;
        } else if (now < mean) {
            mean -= (mean - now) / 2;
        } else {
            mean += (now - mean) / 4;
        }
    }
    static std::size_t bucket_of(std::size_t transactions) noexcept {
        return static_cast<std::size_t>(std::bit_width(transactions));
    }

    std::array<Bucket, 65> buckets_{};
};

}  // namespace lockstep
