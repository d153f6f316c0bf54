#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accounts/ids.hpp"
#include "accounts/position.hpp"
#include "instruments/funding.hpp"
#include "instruments/margin.hpp"
#include "instruments/margin_row.hpp"
#include "instruments/status.hpp"
#include "instruments/transaction.hpp"

namespace lockstep {

/// A market as transactions of one block see it. Made at the start of the block, then constant.
struct MarketContext {
    MarketId id{};
    MarketTerms terms{};
    MarketStatus status = MarketStatus::kHalted;  ///< in effect, after expiry and breakers
    bool priced = false;                          ///< index and mark exist
    bool stale = false;                           ///< the index is old, or about to change
    std::int64_t index = 0;                       ///< ticks
    /// Ticks. Settled markets: the settlement price, or the payoff of an option.
    std::int64_t mark = 0;
    std::int64_t band_low = 0;   ///< first allowed trade price
    std::int64_t band_high = 0;  ///< last allowed trade price
    FundingIndex funding{};
    std::uint32_t epoch = 0;        ///< daily settlements so far
    std::int64_t settle_price = 0;  ///< of the last daily settlement
    Int128 open_interest = 0;       ///< lots, at block start
    std::int64_t max_price = 0;
    std::int64_t max_position_lots = 0;
    std::int64_t oi_cap_lots = 0;
    std::int64_t min_notional = 0;
    MarginTable margin{};
    std::array<FeeTier, kMaxFeeTiers> fees{};  ///< by account tier; the last given one repeats

    [[nodiscard]] bool trading() const noexcept {
        return status == MarketStatus::kActive || status == MarketStatus::kReduceOnly;
    }
    [[nodiscard]] bool settled() const noexcept { return status == MarketStatus::kSettled; }
    /// Several brackets: what a position needs depends on what its owner holds beside it.
    [[nodiscard]] bool tiered() const noexcept {
        return margin.count > 1 && terms.kind != MarketKind::kEuropeanOption;
    }
};

/// An asset as margin sees it.
struct AssetContext {
    bool known = false;
    bool priced = false;
    bool fresh = false;  ///< the price is neither old nor about to change
    std::int32_t haircut_ppm = 0;
    std::int32_t liability_ppm = 0;
    std::int64_t price = 1;    ///< ticks
    std::int64_t divisor = 1;  ///< numeraire quanta = amount * price / divisor

    /// Its quanta count as they are.
    [[nodiscard]] bool is_unit() const noexcept {
        return fresh && price == 1 && divisor == 1 && (haircut_ppm | liability_ppm) == 0;
    }
};

/// Decision of the start of the block on an oracle update.
struct OracleDecision {
    OracleUpdate update{};
    AccountId signer{};
    Status status = Status::kApplied;
};

/// Decision of the start of the block on a book update.
struct BookDecision {
    BookUpdate update{};
    AccountId signer{};
    Status status = Status::kApplied;
};

/// Everything that user transactions of a block share: derived from state at its start (D5, D6,
/// D8), so that no trade reads a cell that all trades of a market would share.
///
/// Threads: built by begin_block, then read by any thread.
struct VenueContext {
    std::uint64_t height = 0;
    std::int64_t time_ms = 0;
    std::int64_t last_time_ms = 0;  ///< of the block before
    SetVenueParams venue{};
    std::vector<MarginRow> rows;             ///< of each listed market, by id
    std::vector<std::uint32_t> market_slot;  ///< by id: 1 + place in `rows`, 0 = none
    std::vector<MarketContext> markets;      ///< those that do not rest, sorted by id
    std::vector<std::uint32_t> awake;        ///< of each row: 1 + place in `markets`, 0: it rests
    std::vector<bool> named;                 ///< by id: some transaction of the block names it
    std::array<AssetContext, kMaxAssets> assets{};
    bool governs = false;                ///< some transaction sets parameters
    bool liquidates = false;             ///< some transaction liquidates
    std::vector<OracleDecision> oracle;  ///< sorted by (update, signer)
    std::vector<BookDecision> books;     ///< sorted by (update, signer)

    /// Makes room for the markets of these ids, which ascend.
    void reserve(std::span<const std::uint32_t> ids);
    /// Takes the next market by id.
    void add(const MarketContext& market);
    void add_resting(MarketId id, const MarginRow& row) {
        rows.push_back(row);
        if (awake.size() < rows.size()) {
            awake.resize(rows.size());
        }
        if (market_slot.size() <= raw(id)) {
            market_slot.resize(raw(id) + std::size_t{1});
        }
        market_slot[raw(id)] = static_cast<std::uint32_t>(rows.size());
    }
    /// 1 + place of a market in `rows`; 0: there is none.
    [[nodiscard]] std::uint32_t place_of(MarketId id) const noexcept {
        return raw(id) < market_slot.size() ? market_slot[raw(id)] : 0;
    }
    /// The market of a row, by place_of; null while it rests.
    [[nodiscard]] const MarketContext* market_at(std::uint32_t place) const noexcept {
        return awake[place - 1] == 0 ? nullptr : &markets[awake[place - 1] - 1];
    }
    /// The market, or null. REQUIRES: a transaction of the block names it, so that it does not
    /// rest.
    [[nodiscard]] const MarketContext* market(MarketId id) const noexcept {
        const std::uint32_t place = place_of(id);
        return place == 0 ? nullptr : market_at(place);
    }
    /// Whether what rests until then still does: the clock has neither reached it nor jumped since
    /// the block before.
    [[nodiscard]] bool may_rest(std::int64_t until_ms) const noexcept {
        return time_ms < until_ms && last_time_ms <= time_ms &&
               time_ms - last_time_ms <= kFundingCatchUpMs;
    }
    void name(MarketId id) {
        if (raw(id) < kMaxMarkets) {
            named.resize(kMaxMarkets);
            named[raw(id)] = true;
        }
    }
    [[nodiscard]] bool names(MarketId id) const noexcept {
        return raw(id) < named.size() && named[raw(id)];
    }
    /// The asset, or null.
    [[nodiscard]] const AssetContext* asset(AssetId id) const noexcept {
        return raw(id) < kMaxAssets && assets[raw(id)].known ? &assets[raw(id)] : nullptr;
    }
    /// Status of the update; kMalformed when the start of the block has not seen it.
    [[nodiscard]] Status oracle_status(AccountId signer, const OracleUpdate& update) const;
    [[nodiscard]] Status book_status(AccountId signer, const BookUpdate& update) const;
};

/// The order in which updates of a block are applied: feed, source, sequence; then everything else,
/// so that only identical updates tie. Identical updates share one decision.
[[nodiscard]] bool applies_before(const OracleDecision& a, const OracleDecision& b) noexcept;
[[nodiscard]] bool applies_before(const BookDecision& a, const BookDecision& b) noexcept;

}  // namespace lockstep
