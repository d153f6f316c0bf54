#pragma once

#include <cstdint>

#include "engine/base/checked.hpp"
#include "engine/base/int128.hpp"

namespace lockstep {

[[nodiscard]] std::int64_t median3(std::int64_t a, std::int64_t b, std::int64_t c) noexcept;

/// 2^32 * (1 - decay^seconds), where decay_q32 = 2^32 * decay is the factor of one second. The
/// power is taken by squaring, each product floored. decay_q32 = 0: the full weight.
[[nodiscard]] std::uint64_t ema_weight_q32(std::uint32_t decay_q32, std::int64_t seconds) noexcept;

/// One step of an average in Q32 that keeps its fraction: average + floor((sample - average) * w).
[[nodiscard]] Checked ema_step(Int128 average_q32, Int128 sample_q32,
                               std::uint64_t weight_q32) noexcept;

/// What the mark of a perpetual or future is made from. Absent prices are kNoPrice.
struct MarkInputs {
    std::int64_t index = 0;
    Int128 basis_q32 = 0;  ///< averaged distance of the book's middle from the index
    std::int64_t best_bid = 0;
    std::int64_t best_ask = 0;
    std::int64_t last = 0;
    std::int64_t external = 0;
};

/// median3(index + basis, median3(bid, ask, last), external). A missing `last` is the middle of the
/// book, a missing external price the index; without a two-sided book the mark is the external
/// price, else the index.
[[nodiscard]] std::int64_t mark_price(const MarkInputs& inputs) noexcept;

/// floor((bid + ask) / 2).
[[nodiscard]] std::int64_t middle(std::int64_t bid, std::int64_t ask) noexcept;

}  // namespace lockstep
