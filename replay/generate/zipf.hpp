#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/random.hpp"

namespace lockstep {

/// Draws 0 .. count-1 with weights proportional to 1 / (i + 1)^(quarters / 4), in integers only.
///
/// Role:   skewed accounts and markets, the same on every machine. 0 quarters is uniform, 4 the
///         plain Zipf law.
/// Method: weight i is floor(2^40 / (i + 1)^(quarters / 4)), at least 1, with the fourth root taken
///         by integer square roots in Q48; Walker's alias method, exact in integers.
/// Cost:   one table of 16 bytes an entry; a draw is two random numbers and one look-up.
class Zipf {
  public:
    static constexpr std::uint32_t kCountMax = 1U << 22;
    static constexpr std::uint32_t kQuartersMax = 16;

    /// REQUIRES: 1 <= count <= kCountMax, quarters <= kQuartersMax.
    Zipf(std::uint32_t count, std::uint32_t quarters);

    [[nodiscard]] std::uint32_t draw(Random& random) const noexcept;
    [[nodiscard]] std::uint32_t count() const noexcept {
        return static_cast<std::uint32_t>(columns_.size());
    }

    /// The weight of rank `index`; exposed for tests.
    [[nodiscard]] static std::uint64_t weight(std::uint32_t index, std::uint32_t quarters) noexcept;

  private:
    struct Column {
        std::uint64_t threshold = 0;  ///< of total_: below it the column's own rank is drawn
        std::uint32_t alias = 0;
    };

    std::vector<Column> columns_;
    std::uint64_t total_ = 0;
};

}  // namespace lockstep
