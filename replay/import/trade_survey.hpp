#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/checked.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// Decimals of MarketSurvey::reach and HoldingSurvey::reach.
inline constexpr std::uint8_t kReachScale = 6;

/// Decimals of MarketSurvey::volume.
inline constexpr std::uint8_t kVolumeScale = 18;

/// What a first pass over recorded data tells about one market.
struct MarketSurvey {
    RecordedMarket market;
    std::uint8_t price_scale = 0;  ///< finest decimal of any price
    std::uint8_t size_scale = 0;   ///< finest decimal of any size, and of positions unless spot
    std::optional<std::uint8_t> coin_fee_scale;  ///< finest decimal of fees in the coin, when any
    Checked reach{0};  ///< sum over accounts of the largest position, in 1e-6, rounded up
    std::uint64_t trades = 0;
    Checked volume{0};  ///< sum of the sizes, at kVolumeScale
    std::optional<Decimal> first_price;
    Decimal lowest_price;  ///< of trades and index prices; valid with first_price
    Decimal highest_price;
};

/// An account's dealings in one market.
struct HoldingSurvey {
    std::uint32_t ordinal = 0;  ///< how many other markets the account traded before
    std::optional<Decimal> first_position = {};  ///< before the first trade, when recorded
    Checked reach{0};  ///< largest position around a trade, in 1e-6, rounded up
};

/// The first pass: finds scales, markets, accounts and opening positions.
///
/// Role:   makes the grid on which the second pass (TradeImport) is exact.
/// Memory: grows with markets, accounts and (account, market) pairs, not with trades.
class TradeSurvey final : public RecordSink {
  public:
    std::optional<RecordedMarketId> find_market(std::string_view name) const override;
    RecordedMarketId add_market(const RecordedMarket& market) override;
    Result<void, Error> block(const RecordedBlock& block) override;
    Result<void, Error> trade(const RecordedTrade& trade) override;
    Result<void, Error> index(RecordedMarketId market, const Decimal& price) override;
    void leave_out(std::string_view rule) override;

    [[nodiscard]] const std::vector<MarketSurvey>& markets() const noexcept { return markets_; }
    /// Names of the accounts in order of first appearance.
    [[nodiscard]] const std::vector<std::string>& accounts() const noexcept { return accounts_; }
    [[nodiscard]] std::optional<std::uint32_t> find_account(std::string_view name) const;
    [[nodiscard]] const HoldingSurvey& holding(std::uint32_t account,
                                               RecordedMarketId market) const;
    /// (account, market) pairs in order of first appearance.
    [[nodiscard]] const std::vector<std::pair<std::uint32_t, RecordedMarketId>>& holdings() const {
        return holding_order_;
    }
    /// Most markets that one account traded; ordinals are below it.
    [[nodiscard]] std::uint32_t markets_of(std::uint32_t account) const {
        return markets_of_[account];
    }
    /// True when the account was on both sides of a trade in the market.
    [[nodiscard]] bool traded_with_itself(std::uint32_t account) const {
        return self_trader_[account];
    }
    /// Finest decimal of any fee, by currency.
    [[nodiscard]] const std::map<std::string, std::uint8_t, std::less<>>& fee_scales() const {
        return fee_scales_;
    }
    [[nodiscard]] std::uint64_t trades() const noexcept { return trades_; }
    [[nodiscard]] std::uint64_t self_trades() const noexcept { return self_trades_; }
    /// Trades of which at least one side is not recorded.
    [[nodiscard]] std::uint64_t anonymous_trades() const noexcept { return anonymous_trades_; }
    [[nodiscard]] bool has_blocks() const noexcept { return has_blocks_; }
    [[nodiscard]] std::optional<RecordedBlock> first_block() const { return first_block_; }
    [[nodiscard]] std::int64_t first_time_ms() const noexcept { return first_time_ms_; }
    /// Rows left out, by rule.
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& left_out() const {
        return left_out_;
    }

  private:
    struct NameHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            // tidy: allow(banned) the maps are asked by name only; their order is never seen
            return std::hash<std::string_view>{}(text);
        }
    };
    template <class Value>
    using NameMap = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

    [[nodiscard]] static std::uint64_t pair_key(std::uint32_t account, RecordedMarketId market) {
        return (std::uint64_t{account} << 32) | raw(market);
    }
    std::uint32_t add_account(std::string_view name);
    void see_side(RecordedMarketId market, const RecordedSide& side, const Decimal& size);
    void see_price(MarketSurvey& market, const Decimal& price);
    void see_time(std::int64_t time_ms);

    std::vector<MarketSurvey> markets_;
    NameMap<RecordedMarketId> market_ids_;
    std::vector<std::string> accounts_;
    NameMap<std::uint32_t> account_ids_;
    absl::flat_hash_map<std::uint64_t, HoldingSurvey> holdings_;
    std::vector<std::pair<std::uint32_t, RecordedMarketId>> holding_order_;
    std::vector<std::uint32_t> markets_of_;
    std::vector<bool> self_trader_;
    std::map<std::string, std::uint8_t, std::less<>> fee_scales_;
    std::map<std::string, std::uint64_t, std::less<>> left_out_;
    std::uint64_t trades_ = 0;
    std::uint64_t self_trades_ = 0;
    std::uint64_t anonymous_trades_ = 0;
    bool has_blocks_ = false;
    std::optional<RecordedBlock> first_block_;
    std::int64_t first_time_ms_ = std::numeric_limits<std::int64_t>::max();
};

/// a < b for decimals of any scale; values beyond the range at the finer scale compare by sign.
[[nodiscard]] bool less_than(const Decimal& a, const Decimal& b);

}  // namespace lockstep
