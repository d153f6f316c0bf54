#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lockstep {

/// One valid source of a feed.
struct SourceQuote {
    std::int64_t price = 0;    ///< ticks
    std::uint32_t weight = 0;  ///< > 0
    std::uint32_t source = 0;  ///< breaks ties of equal prices
};

/// The index of a feed: sources are sorted by (price, source), each is clamped to the lower
/// weighted median +- `clamp_ppm` of it, and the weighted mean is floored. Sorts `quotes`; none
/// when empty.
[[nodiscard]] std::optional<std::int64_t> aggregate_index(std::span<SourceQuote> quotes,
                                                          std::int32_t clamp_ppm) noexcept;

/// True when the step from `before` to `after` is larger than `jump_ppm` of `before`; never for 0.
[[nodiscard]] bool is_jump(std::int64_t before, std::int64_t after, std::int32_t jump_ppm) noexcept;

}  // namespace lockstep
