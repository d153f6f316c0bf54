#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lockstep {

/// Learns whether blocks of a size run faster in parallel or serially. Changes speed only.
///
/// Role:  the floor of the adaptive mode: a stream of blocks that are serial by nature costs what
///        the serial executor costs. Costs are measured, since conflicts alone do not tell: a chain
///        of long transactions and a crowd of short ones may show the same graph.
/// Rule:  the cheaper way by a moving average per transaction, separately for sizes that differ by
/// a
///        factor of two; every 32nd block tries the other way.
class ModeChooser {
  public:
    [[nodiscard]] bool prefers_serial(std::size_t transactions) noexcept {
        Bucket& bucket = bucket_of(transactions);
        const std::uint64_t turn = bucket.blocks++;
        if (turn < 2 * kFirstTries) {
            return turn % 2 == 1;
        }
        const bool serial_is_cheaper = bucket.serial_ps < bucket.parallel_ps;
        return turn % kProbeEvery == 0 ? !serial_is_cheaper : serial_is_cheaper;
    }
    void record(bool serial, std::size_t transactions, std::chrono::nanoseconds spent) noexcept {
        if (transactions == 0) {
            return;
        }
        Bucket& bucket = bucket_of(transactions);
        const auto now = static_cast<std::uint64_t>(spent.count()) * 1000 / transactions;
        std::uint64_t& average = serial ? bucket.serial_ps : bucket.parallel_ps;
        average = average == 0 ? now : average - average / 4 + now / 4;
    }

  private:
    struct Bucket {
        std::uint64_t blocks = 0;
        std::uint64_t serial_ps = 0;  ///< picoseconds per transaction, moving average
        std::uint64_t parallel_ps = 0;
    };
    static constexpr std::uint64_t kFirstTries = 2;
    static constexpr std::uint64_t kProbeEvery = 32;

    Bucket& bucket_of(std::size_t transactions) noexcept {
        return buckets_[static_cast<std::size_t>(std::bit_width(transactions))];
    }

    std::array<Bucket, 65> buckets_{};
};

}  // namespace lockstep
