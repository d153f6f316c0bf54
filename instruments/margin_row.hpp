#pragma once

#include <cstdint>

#include "accounts/position.hpp"
#include "engine/base/int128.hpp"
#include "instruments/margin.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

struct MarketContext;

/// What a position means for margin. Requirements are not rounded up yet.
struct PositionTerm {
    Int128 profit = 0;        ///< quanta of its settlement asset
    UInt128 maintenance = 0;  ///< ppm of quanta
    UInt128 initial = 0;      ///< ppm of quanta
};

/// What margin needs of a market in nearly all cases, in 64 bytes; made once a block.
///
/// Role:    markets whose value and requirements are so much a lot: linear and dated ones up to the
///          end of their first bracket, options, settled ones. `term` says when a position is not
///          of that kind; the plain formulas of margin.hpp then decide. Where it answers, it
///          answers what they would.
struct alignas(64) MarginRow {
    FundingIndex index{};
    std::int64_t value_per_lot = 0;  ///< quanta at the mark
    std::uint64_t maintenance = 0;   ///< a lot, ppm of quanta
    std::uint64_t initial = 0;
    std::uint64_t asset : 8 = 0;        ///< in which the market settles
    std::uint64_t shorts_only : 1 = 0;  ///< a long position counts as its cost
    std::uint64_t whole : 7 = 0;        ///< 1: the numbers of a lot hold for any size
    std::uint64_t lots_end : 48 = 0;    ///< sizes from here on are not answered

    static constexpr std::uint64_t kLotsMask = (std::uint64_t{1} << 48) - 1;

    [[nodiscard]] static MarginRow make(const MarketContext& market) noexcept;
    /// What the plain formulas say, of any size. REQUIRES: whole.
    [[nodiscard]] Requirement requirement(std::int64_t lots) const noexcept;
    [[nodiscard]] Checked value(std::int64_t lots) const noexcept {
        return Checked{counted(lots)} * value_per_lot;
    }
    /// False, and nothing said, where the plain formulas have to decide.
    [[nodiscard]] bool term(const Position& position, PositionTerm& out) const noexcept {
        if (size_of(position.lots) >= lots_end) {
            return false;
        }
        const std::int64_t lots = counted(position.lots);
        const std::int64_t moved = lots * value_per_lot;  // in range below lots_end
        Int128 gain = moved;
        if (position.since != index && !settle(position, gain)) [[unlikely]] {
            return false;
        }
        const UInt128 size = size_of(lots);
        out.maintenance = size * maintenance;
        out.initial = size * initial;
        return !__builtin_add_overflow(position.cost, gain, &out.profit);
    }
    /// Whether it answers, all lots count, and the position is owed no funding: it is then worth
    /// lots * value_per_lot and requires size_of(lots) * initial.
    [[nodiscard]] bool answers_plainly(const Position& position) const noexcept {
        return size_of(position.lots) < lots_end && position.since == index &&
               (shorts_only == 0 || position.lots <= 0);
    }
    [[nodiscard]] static std::uint64_t size_of(std::int64_t value) noexcept {
        return value < 0 ? 0 - static_cast<std::uint64_t>(value)
                         : static_cast<std::uint64_t>(value);
    }

  private:
    [[nodiscard]] std::int64_t counted(std::int64_t lots) const noexcept {
        return shorts_only != 0 && lots > 0 ? 0 : lots;
    }
    /// Adds what funding has brought since; false where an index has moved far.
    [[nodiscard]] bool settle(const Position& position, Int128& gain) const noexcept {
        Int128 owed = position.remainder;  // Q32
        const auto size = static_cast<std::int64_t>(size_of(position.lots));
        if (!charge(index.funding, position.since.funding, position.lots, owed) ||
            !charge(index.social, position.since.social, size, owed)) {
            return false;
        }
        gain += owed >> 32;
        return true;
    }
    /// Takes lots * (now - since) off what is owed; false where the difference is a large one.
    [[nodiscard]] static bool charge(Int128 now, Int128 since, std::int64_t lots,
                                     Int128& owed) noexcept {
        Int128 wide = 0;
        if (__builtin_sub_overflow(now, since, &wide) || wide != static_cast<std::int64_t>(wide)) {
            return false;
        }
        owed -= Int128{lots} * static_cast<std::int64_t>(wide);
        return true;
    }
};
static_assert(sizeof(MarginRow) == 64);

}  // namespace lockstep
