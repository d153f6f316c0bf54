#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "accounts/state_key.hpp"

namespace lockstep {

/// Parts of the venue's state that digest files sum up apart.
enum class StateModule : std::uint8_t {
    kAccounts,    ///< head blocks: who they are, cash, the first positions
    kNonces,      ///< spent nonces
    kCollateral,  ///< cash without room in head blocks, deposits that were credited
    kPositions,   ///< continuation blocks, lots by owner
    kOrders,      ///< fills of orders
    kAssets,      ///< parameters of venue and assets, asset totals
    kInsurance,
    kFeeds,    ///< feeds and their prices
    kMarkets,  ///< terms and parameters
    kPrices,   ///< what the phases of a block derive: ticks, marks, funding, settlement, books
    kTotals,   ///< numbers of a market that transactions add to
};

/// Names of the modules, in order.
inline constexpr std::array<std::string_view, 11> kStateModules = {
    "accounts",  "nonces", "collateral", "positions", "orders", "assets",
    "insurance", "feeds",  "markets",    "prices",    "totals"};
static_assert(static_cast<std::size_t>(StateModule::kTotals) + 1 == kStateModules.size());

/// The module that cells of a kind belong to.
[[nodiscard]] constexpr StateModule state_module(CellKind kind) noexcept {
    switch (kind) {
        case CellKind::kAccount:
        case CellKind::kOwner:
            return StateModule::kAccounts;
        case CellKind::kNonces:
            return StateModule::kNonces;
        case CellKind::kCash:
        case CellKind::kDepositUsed:
            return StateModule::kCollateral;
        case CellKind::kPositions:
        case CellKind::kOwnerLots:
            return StateModule::kPositions;
        case CellKind::kOrders:
            return StateModule::kOrders;
        case CellKind::kInsurance:
            return StateModule::kInsurance;
        default:
            break;
    }
    if (kind < CellKind::kFeedList) {
        return StateModule::kAssets;
    }
    if (kind < CellKind::kMarketList) {
        return StateModule::kFeeds;
    }
    if (kind < CellKind::kTick) {
        return StateModule::kMarkets;
    }
    return kind < CellKind::kOpenInterest ? StateModule::kPrices : StateModule::kTotals;
}

}  // namespace lockstep
