#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/checked.hpp"
#include "replay/import/decimal.hpp"

namespace lockstep {

/// Scales that tie ticks, lots and money of one market together.
struct EntryScales {
    std::uint8_t price_scale = 0;   ///< one tick is 10^-price_scale
    std::uint8_t size_scale = 0;    ///< one lot is 10^-size_scale
    std::uint8_t entry_scale = 0;   ///< entry prices are shown floored to 10^-entry_scale
    std::uint8_t profit_scale = 6;  ///< profits are printed in quanta of 10^-profit_scale
};

/// How a booked profit relates to the average entry price.
enum class ProfitMatch : std::uint8_t {
    kNothingClosed,  ///< the fill only opens; the booked profit is 0
    kFirstClose,     ///< the entry was not known; this profit fixes it
    kExact,          ///< the average entry gives the booked profit to one quantum
    kFloored,        ///< it does after flooring to the entry grid
    kDifferent,
};

/// Average entry price of one position, kept outside of the venue to check booked profits.
///
/// Method: an interval [low, high] in Q64 ticks holds the average. It is a point when the position
///         was opened under our eyes; else the first profit booked for a close gives it, and each
///         later one narrows it. Averages are rounded outwards, so the truth never falls out.
class EntryPrice {
  public:
    /// Judges one fill of `lots` (signed, the side's own) at `price` ticks on a position of
    /// `before` lots, and follows it. Overflow counts as kDifferent.
    [[nodiscard]] ProfitMatch fill(const EntryScales& scales, std::int64_t before,
                                   std::int64_t lots, std::int64_t price, const Decimal& profit);
    /// The position changed in an unknown way.
    void forget() noexcept { known_.reset(); }
    /// True when the entry was never inferred from a booked profit.
    [[nodiscard]] bool opened_here() const noexcept { return opened_here_; }

  private:
    struct Range {
        Checked low;
        Checked high;
    };

    void open(std::int64_t before, std::int64_t lots, std::int64_t price);
    [[nodiscard]] ProfitMatch close(const EntryScales& scales, std::int64_t closed,
                                    std::int64_t price, const Decimal& profit);

    std::optional<Range> known_;
    bool opened_here_ = false;
};

}  // namespace lockstep
