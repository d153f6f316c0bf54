#pragma once

#include <cstdint>

#include "accounts/expiring_table.hpp"
#include "accounts/owner.hpp"
#include "accounts/positions.hpp"
#include "engine/base/random.hpp"
#include "instruments/context.hpp"
#include "instruments/status.hpp"
#include "instruments/transaction.hpp"

namespace lockstep {

/// One side of a fill while it is worked on.
struct FillSide {
    const Order* order = nullptr;
    bool buys = false;
    bool takes = false;
    const Cell* account = nullptr;  ///< head block, as stored
    bool tracked = false;           ///< fills of the order are counted
    std::uint64_t order_id = 0;     ///< order_key of the order
    TablePlace order_place{};       ///< of its fills
    std::int64_t filled = 0;        ///< of the order, lots; after this fill
    Int128 fee = 0;

    AccountBlocks blocks{};  ///< as stored
    Position position{};     ///< stored, then settled, then filled
    PositionPlace place{};   ///< of the stored one
    std::int64_t lots_before = 0;
    Int128 cost_before = 0;
    FundingFlow funding{};
    Int128 swept = 0;         ///< cash from daily settlements
    Int128 cost_settled = 0;  ///< cost before the fill, after funding and daily settlements
    Int128 closed = 0;        ///< cash that the closed lots realised
    Int128 owner_lots = 0;    ///< of all accounts of the owner in the market, after the fill

    [[nodiscard]] AccountHead head() const noexcept { return AccountHead(*account); }
    /// Lots, long and short alike, that the fill adds to the side.
    [[nodiscard]] Int128 growth() const noexcept {
        return size_of_lots(position.lots) - size_of_lots(lots_before);
    }
};

/// Both sides and the numbers they share.
struct Fill {
    const Trade* trade = nullptr;
    const MarketContext* market = nullptr;
    Int128 paid = 0;      ///< by the buyer to the seller; negative for inverse contracts
    Int128 notional = 0;  ///< quanta of the settlement asset, >= 0
    FillSide buyer{};
    FillSide seller{};
};

/// Key of an order's fills in the table of its account: the salt, spread over all bits. Different
/// salts have different keys.
[[nodiscard]] constexpr std::uint64_t order_key(const Order& order) noexcept {
    return mix64(order.salt);
}

/// What orders have to fit: the venue and the time of the block.
struct OrderTerms {
    std::uint64_t domain = 0;
    std::int64_t now_ms = 0;
};

/// Price times size: `paid` and `notional` of the fill. kOverflow when out of range.
[[nodiscard]] Status price_fill(Fill& fill) noexcept;

/// Fees of both sides by tier, or as the matcher charged them.
[[nodiscard]] Status charge_fees(Fill& fill) noexcept;

/// Checks of one order against the fill, in this order: domain, side, expired, cancelled, overfill,
/// price limit, fee limit. Needs `account`, `filled` as stored, and `fee`; counts the fill.
[[nodiscard]] Status check_order(const Fill& fill, FillSide& side,
                                 const OrderTerms& terms) noexcept;

/// Checks of the pair, in this order: market mismatch, self trade, size step, tick, zero notional,
/// price band, explicit fees.
[[nodiscard]] Status check_pair(const Fill& fill) noexcept;

/// True when the fill moves the side's position towards zero and not beyond.
[[nodiscard]] bool only_reduces(const FillSide& side, std::int64_t lots) noexcept;

/// Checks against positions, in this order: minimum notional (where neither side only reduces),
/// reduce-only orders, reduce-only market, stale feed.
[[nodiscard]] Status check_positions(const Fill& fill) noexcept;

/// Position limit of one side, for all accounts of its owner; reducing is always allowed.
[[nodiscard]] bool exceeds_position_limit(const Fill& fill, const FillSide& side) noexcept;

/// True when the fill opens a market on a side that has as many open as it may.
[[nodiscard]] inline bool has_no_room(const FillSide& side) noexcept {
    return !side.place.present && side.head().positions() >= kMaxOpenMarkets;
}

/// Open interest that the fill adds, lots.
[[nodiscard]] Int128 open_interest_change(const Fill& fill) noexcept;

/// Settles funding and daily settlements, then applies the fill and its fee. kOverflow leaves the
/// side unusable.
[[nodiscard]] Status settle_side(const MarketContext& market, FillSide& side) noexcept;
[[nodiscard]] Status fill_side(const Fill& fill, FillSide& side) noexcept;

}  // namespace lockstep
