#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.hpp"
#include "replay/generate/block_assembler.hpp"
#include "replay/generate/zipf.hpp"
#include "replay/import/import_accounts.hpp"

namespace lockstep {

struct TradeImportOptions {
    std::uint64_t seed = 1;            ///< of the synthetic counterparties
    std::uint32_t accounts = 1000;     ///< synthetic counterparties, at least 2
    std::uint32_t zipf_quarters = 4;   ///< skew of the synthetic counterparties
    std::uint32_t block_trades = 500;  ///< trades per block of data without blocks
    std::int64_t block_ms = 0;         ///< and longest span of a block; 0: none
};

/// What an import put into the log.
struct TradeImportCounts {
    std::uint64_t prelude_blocks = 0;
    std::uint64_t trades = 0;           ///< one per recorded trade
    std::uint64_t opening_trades = 0;   ///< positions that stood before the first record
    std::uint64_t coin_fee_trades = 0;  ///< fees taken from the traded coin
    std::uint64_t balance_trades = 0;   ///< spot balances that changed by neither trade nor fee
    std::uint64_t gap_trades = 0;       ///< positions that changed without a recorded trade
    std::uint64_t one_sided = 0;        ///< against the market's opening account
    std::uint64_t oracle_updates = 0;
};

/// A recorded position that the log did not reproduce and a trade aligned.
struct PositionGap {
    std::uint64_t block = 0;  ///< number of the recorded block
    RecordedMarketId market{};
    std::int64_t lots = 0;  ///< recorded minus reproduced

    friend bool operator==(const PositionGap&, const PositionGap&) = default;
};

/// The second pass: turns recorded trades into blocks of venue transactions.
///
/// Rules
///   accounts       see ImportAccounts; an account that trades with itself sells from the other one
///   unknown sides  both unknown: two different synthetic accounts, drawn with the seed. One
///                  unknown: the market's opening account.
///   positions      an account that trades with itself holds what its two accounts hold together;
///                  a recorded position that differs from the one in the log is brought in by a
///                  trade with the opening account without fee: before the first block at the
///                  market's first price, later at its last price
///   coin fees      a fee paid in what is traded goes, right after its trade and at its price, to
///                  the market's coin fee account by a trade without fee; rebates come from it. The
///                  position stays the exact balance (to 10^-12) rounded to the lot, so that the
///                  rounding of fees does not add up.
///   prices         each block starts with oracle updates that carry the last recorded price of
///                  every market that moved in the block before
///   fees           as recorded, rounded to whole quanta
///   time           a block's time is that of the data, and at least 1 ms after the block before
class TradeImport final : public RecordSink {
  public:
    /// `survey` and `grid` outlive the import.
    TradeImport(const TradeSurvey& survey, const ImportGrid& grid,
                const TradeImportOptions& options, BlockSink sink);

    /// Writes the blocks that create everything and open the positions. Call once, first.
    [[nodiscard]] Result<void, Error> begin();
    /// Writes the last block.
    [[nodiscard]] Result<void, Error> finish() { return blocks_.finish(); }

    [[nodiscard]] const TradeImportCounts& counts() const noexcept { return counts_; }
    /// The first kGapsListed positions that were aligned after the data began.
    [[nodiscard]] const std::vector<PositionGap>& gaps() const noexcept { return gaps_; }
    static constexpr std::size_t kGapsListed = 100;
    [[nodiscard]] const BlockAssembler& blocks() const noexcept { return blocks_; }

    std::optional<RecordedMarketId> find_market(std::string_view name) const override;
    RecordedMarketId add_market(const RecordedMarket& market) override;
    Result<void, Error> block(const RecordedBlock& block) override;
    Result<void, Error> trade(const RecordedTrade& trade) override;
    Result<void, Error> index(RecordedMarketId market, const Decimal& price) override;
    void leave_out(std::string_view) override {}

  private:
    struct MarketState {
        std::int64_t last_price = 0;  ///< ticks
        std::uint64_t sequence = 0;   ///< of its feed
        bool moved = false;           ///< since its last oracle update
    };
    struct Parties {
        AccountId buyer{};
        AccountId seller{};
    };

    [[nodiscard]] Result<void, Error> open_positions();
    [[nodiscard]] Result<Parties, Error> parties_of(const RecordedTrade& trade);
    [[nodiscard]] Result<AccountId, Error> account_of(const RecordedSide& side,
                                                      RecordedMarketId market) const;
    [[nodiscard]] Result<std::int64_t, Error> position_lots(RecordedMarketId market,
                                                            const Decimal& position) const;
    [[nodiscard]] Result<void, Error> align_position(RecordedMarketId market, AccountId account,
                                                     const RecordedSide& side);
    [[nodiscard]] Result<void, Error> take_coin_fee(RecordedMarketId market, AccountId account,
                                                    const RecordedSide& side);
    [[nodiscard]] std::optional<Int128> fee_quanta(RecordedMarketId market,
                                                   const RecordedSide& side) const;
    [[nodiscard]] bool block_is_full(const RecordedTrade& trade) const;
    void start_block(std::int64_t time_ms);
    void push_moved_prices();
    MarketTerms terms_of(RecordedMarketId market) const;
    [[nodiscard]] Result<void, Error> push_trade(RecordedMarketId market, Trade trade,
                                                 Parties parties, std::int32_t max_fee_ppm);
    /// Trades with an opening account carry an order fee ceiling of 0, recorded ones the largest.
    [[nodiscard]] Result<void, Error> push_position(RecordedMarketId market, AccountId account,
                                                    std::int64_t lots, AccountId against);

    const TradeSurvey& survey_;
    const ImportGrid& grid_;
    TradeImportOptions options_;
    ImportAccounts accounts_;
    BlockAssembler blocks_;
    Random random_;
    Zipf zipf_;
    std::vector<MarketState> markets_;
    std::vector<std::uint32_t> moved_;  ///< markets with MarketState::moved, in order of the move
    /// Lots by market and account.
    std::vector<absl::flat_hash_map<std::uint64_t, std::int64_t>> positions_;
    /// What a spot balance exceeds its whole lots by, by market and account, in units of
    /// residue_scale.
    std::vector<absl::flat_hash_map<std::uint64_t, Int128>> residues_;
    std::vector<PositionGap> gaps_;
    std::uint64_t block_number_ = 0;   ///< of the data
    std::int64_t block_start_ms_ = 0;  ///< time of the record that opened the block
    std::uint64_t block_trades_ = 0;
    TradeImportCounts counts_;
};

/// True for a trade that stands for a recorded one, false for one that aligns a position.
[[nodiscard]] bool is_recorded_trade(const Trade& trade) noexcept;

/// True for a trade that moves a fee paid in the traded coin.
[[nodiscard]] bool is_coin_fee(const Trade& trade) noexcept;

/// The error of data without a trade, with what was left out.
[[nodiscard]] Error no_trades(const TradeSurvey& survey);

/// Reads `data` twice and hands the blocks of its log to `sink`.
struct ImportedTrades {
    TradeSurvey survey;
    ImportGrid grid;
    TradeImportCounts counts;
    std::vector<PositionGap> gaps;  ///< TradeImport::gaps
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
};
[[nodiscard]] Result<ImportedTrades, Error> import_trades(RecordedData& data,
                                                          const TradeImportOptions& options,
                                                          const BlockSink& sink);

}  // namespace lockstep
