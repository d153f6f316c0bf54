#pragma once

#include <cstdint>

#include "accounts/position.hpp"
#include "engine/base/int128.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

struct MarketContext;

/// Share of `amount` in ppm, rounded up. REQUIRES: amount < 2^63, ppm <= 10^6.
[[nodiscard]] constexpr std::uint64_t ceil_ppm(std::uint64_t amount, std::uint32_t ppm) noexcept {
    constexpr std::uint64_t kWhole = 1'000'000;
    // amount = whole * 10^6 + rest: the first product is exact, the second one small.
    return amount / kWhole * ppm + (amount % kWhole * ppm + (kWhole - 1)) / kWhole;
}

/// What a position means for margin, in quanta of its settlement asset.
struct PositionTerm {
    Int128 profit = 0;
    Int128 maintenance = 0;
    Int128 initial = 0;
};

/// What margin needs of a market in nearly all cases, in 64 bytes; made once a block.
///
/// Role:    linear and dated markets whose position lies in the first bracket, in 64-bit numbers.
///          `term` says when a position is not of that kind; the plain formulas of margin.hpp then
///          decide. Where it answers, it answers what they would.
struct MarginRow {
    FundingIndex index{};
    std::int64_t value_per_lot = 0;    ///< at the mark
    std::uint64_t notional_upper = 0;  ///< up to which the rates hold
    std::uint32_t maintenance_ppm = 0;
    std::uint32_t initial_ppm = 0;
    std::uint32_t asset = 0;  ///< in which the market settles

    [[nodiscard]] static MarginRow make(const MarketContext& market) noexcept;
    /// False, and nothing said, where the plain formulas have to decide.
    [[nodiscard]] bool term(const Position& position, PositionTerm& out) const noexcept {
        const std::int64_t lots = position.lots;
        std::int64_t value = 0;
        if (lots > kMaxLots || lots < -kMaxLots ||
            __builtin_mul_overflow(lots, value_per_lot, &value)) {
            return false;
        }
        const std::uint64_t notional = size_of(value);
        Int128 owed = position.remainder;  // Q32
        if (notional > notional_upper ||
            !charge(index.funding, position.since.funding, lots, owed) ||
            !charge(index.social, position.since.social, static_cast<std::int64_t>(size_of(lots)),
                    owed) ||
            __builtin_add_overflow(position.cost, (owed >> 32) + value, &out.profit)) {
            return false;
        }
        out.maintenance = ceil_ppm(notional, maintenance_ppm);
        out.initial = ceil_ppm(notional, initial_ppm);
        return true;
    }

  private:
    [[nodiscard]] static std::uint64_t size_of(std::int64_t value) noexcept {
        return value < 0 ? 0 - static_cast<std::uint64_t>(value)
                         : static_cast<std::uint64_t>(value);
    }
    /// Takes lots * (now - since) off what is owed; false where the difference is a large one.
    [[nodiscard]] static bool charge(Int128 now, Int128 since, std::int64_t lots,
                                     Int128& owed) noexcept {
        if (now == since) {
            return true;
        }
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
