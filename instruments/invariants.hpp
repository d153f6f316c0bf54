#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "accounts/owner.hpp"
#include "accounts/positions.hpp"
#include "accounts/records.hpp"
#include "instruments/context.hpp"
#include "instruments/market_phase.hpp"

namespace lockstep {

/// The check of one market at the end of a block, over its shared numbers only: I3, and open
/// interest not negative. O(1).
template <class View>
[[nodiscard]] bool market_balances(View& view, MarketId market) {
    return funding_balances(load_funding_sums(view, market)) &&
           number_at(view, market_key(CellKind::kOpenInterest, market)) >= 0;
}

/// Freezes every market whose numbers do not add up: the market stops, the venue goes on. One that
/// governance has settled all the same is left to close.
template <class View>
void freeze_broken_markets(View& view, const VenueContext& context) {
    for (const MarketContext& market : context.markets) {
        const bool ended = market.settled() || market.status == MarketStatus::kFrozen;
        if (ended || market_balances(view, market.id)) {
            continue;
        }
        TickRecord tick;
        if (const Cell* cell = view.read(market_key(CellKind::kTick, market.id))) {
            tick = TickRecord::decode(*cell);
        }
        tick.status = MarketStatus::kFrozen;
        view.write(market_key(CellKind::kTick, market.id), tick.encode());
        EventBytes<4> event;
        event.put(market.id);
        emit(view, EventType::kInvariantBroken, event);
    }
}

/// Recomputes the venue's invariants from all cells of a state (2.4: I1, I2, I3, I5, I8).
/// I5 holds for the lots of owners too.
///
/// Role:    tests, replay and audits; not part of block execution. Feed every cell to add() in any
///          order, then ask violations().
/// Cost:    O(cells) time, O(markets + assets + accounts) memory.
class InvariantScan {
  public:
    void add(const StateKey& key, const Cell& cell);
    /// Empty when everything holds; otherwise one line per violation, in a fixed order.
    [[nodiscard]] std::vector<std::string> violations() const;

  private:
    struct MarketSums {
        MarketTerms terms;
        TickRecord tick;
        Int128 lots = 0;
        Int128 longs = 0;
        Int128 cost = 0;
        Int128 remainders = 0;
        Checked charged;  ///< sum of q * F0 - |q| * SL0 side: q * F0
        Checked social;   ///< sum of |q| * (SL - SL0) is what social claims must show
        Int128 social_size = 0;
        Int128 open_interest = 0;
        Int128 fees = 0;
        Int128 settle_clear = 0;
        Int128 closed_lots = 0;
        Int128 losses = 0;
        FundingSums sums;
        bool known = false;
    };
    struct AssetSums {
        Int128 cash = 0;
        Int128 total = 0;
        Int128 insurance = 0;
        Int128 bad_debt = 0;
    };

    void add_account(const StateKey& key, const Cell& cell);
    void add_positions(std::uint64_t account, std::uint32_t block, const PositionSpan& span);
    void check_accounts(std::vector<std::string>& out) const;
    void check_owners(std::vector<std::string>& out) const;
    void add_market_number(const StateKey& key, Int128 number);
    void check_market(MarketId market, const MarketSums& sums, std::vector<std::string>& out) const;

    std::map<MarketId, MarketSums> markets_;
    std::map<AssetId, AssetSums> assets_;
    /// The markets of each block of an account, by account and number of the block.
    std::map<std::uint64_t, std::map<std::uint32_t, std::vector<std::uint32_t>>> blocks_;
    /// Lots by owner and market: as the accounts have them, and as they are kept.
    std::map<std::pair<std::uint64_t, MarketId>, Int128> owner_lots_;
    std::map<std::pair<std::uint64_t, MarketId>, Int128> kept_lots_;
    std::set<std::uint64_t> shared_;                          ///< accounts of owners with several
    std::map<std::uint64_t, std::set<std::uint64_t>> owned_;  ///< accounts by owner
    std::map<std::uint64_t, std::uint32_t> counts_;           ///< positions, as the head block says
    std::vector<std::string> malformed_;
};

}  // namespace lockstep
