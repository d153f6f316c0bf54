#include "replay/import/hyperliquid_check.hpp"

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <utility>
#include <vector>

#include "replay/import/import_summary.hpp"
#include "replay/import/serial_run.hpp"

namespace lockstep {
namespace {

constexpr std::uint8_t kPerpetualDecimals = 6;  // of price and size together
constexpr std::uint8_t kProfitScale = 6;

/// What the data say of one side, copied out of the reader's line.
struct SideRecord {
    bool recorded = false;
    std::optional<Decimal> fee;
    bool coin_fee = false;
    std::optional<Decimal> position_before;
    std::optional<Decimal> closed_profit;
};

struct TradeRecord {
    RecordedMarketId market{};
    SideRecord buyer;
    SideRecord seller;
};

/// What the check keeps of one position.
struct Holding {
    EntryPrice entry;
    bool seen = false;     ///< a recorded fill came before
    bool aligned = false;  ///< changed by a trade that no record stands for, since the last fill
};

void count(Agreement& agreement, bool agrees) {
    ++agreement.compared;
    if (agrees) {
        ++agreement.agreed;
    }
}

SideRecord copy_of(const RecordedSide& side) {
    return {.recorded = !side.account.empty(),
            .fee = side.fee,
            .coin_fee = side.coin_fee.has_value(),
            .position_before = side.position_before,
            .closed_profit = side.closed_profit};
}

/// Compares the trade events of a block with the records that they stand for.
class Comparison {
  public:
    Comparison(const TradeSurvey& survey, const ImportGrid& grid) : survey_(survey), grid_(grid) {
        holdings_.resize(grid.markets.size());
    }

    void expect(const RecordedTrade& trade) {
        pending_.push_back({.market = trade.market,
                            .buyer = copy_of(trade.buyer),
                            .seller = copy_of(trade.seller)});
    }

    Result<void, Error> execute(const LogBlock& block) {
        std::vector<std::optional<TradeEvent>> events(block.transactions.size());
        auto done =
            run_.execute(block, [&](const BlockHeader&, std::uint32_t transaction,
                                    const TradeEvent& event) { events[transaction] = event; });
        if (!done) {
            return done;
        }
        for (std::size_t i = 0; i < events.size(); ++i) {
            const auto* trade = std::get_if<Trade>(&block.transactions[i].payload);
            if (trade == nullptr) {
                continue;
            }
            if (!is_recorded_trade(*trade)) {
                if (!is_coin_fee(*trade)) {
                    note_alignment(*trade);
                }
                continue;
            }
            const TradeRecord record = pending_.front();
            pending_.pop_front();
            ++report_.trades;
            if (events[i]) {
                ++report_.executed_trades;
                compare(record, record.buyer, events[i]->buyer, *events[i]);
                compare(record, record.seller, events[i]->seller, *events[i]);
            }
        }
        return {};
    }

    [[nodiscard]] HyperliquidReport report() const {
        HyperliquidReport out = report_;
        for (const auto& [status, count] : run_.statuses()) {
            out.statuses[std::string(name(status))] = count;
        }
        return out;
    }
    /// Alignments before the data start are the opening positions.
    void start_of_data() { in_data_ = true; }

  private:
    Holding& holding(RecordedMarketId market, AccountId account) {
        return holdings_[lockstep::raw(market)][lockstep::raw(account)];
    }

    void note_alignment(const Trade& trade) {
        if (!in_data_) {
            return;
        }
        const RecordedMarketId market{lockstep::raw(trade.buyer.market)};
        for (const AccountId account : {trade.buyer.account, trade.seller.account}) {
            Holding& known = holding(market, account);
            known.entry.forget();
            known.aligned = true;
        }
    }

    void compare(const TradeRecord& record, const SideRecord& side, const TradeSide& event,
                 const TradeEvent& trade) {
        if (!side.recorded) {
            return;
        }
        const MarketSurvey& market = survey_.markets()[raw(record.market)];
        Holding& known = holding(record.market, event.account);
        compare_position(record.market, market.market.spot, side, event, known);
        known.seen = true;
        known.aligned = false;
        compare_fee(record.market, side, event);
        if (market.market.spot) {
            ++report_.spot_profits;
        } else if (side.closed_profit) {
            compare_profit(record.market, *side.closed_profit, event, trade, known.entry);
        }
    }

    void compare_position(RecordedMarketId market, bool spot, const SideRecord& side,
                          const TradeSide& event, const Holding& known) {
        if (!side.position_before) {
            return;
        }
        const auto lots = grid_.lots(market, *side.position_before);
        const bool agrees = !known.aligned && lots && *lots == event.lots_before;
        if (agrees && !known.seen) {
            ++(spot ? report_.spot_opened : report_.opened);
            return;
        }
        count(spot ? report_.spot_positions : report_.positions, agrees);
    }

    void compare_fee(RecordedMarketId market, const SideRecord& side, const TradeSide& event) {
        if (!side.fee) {
            ++(side.coin_fee ? report_.coin_fees : report_.foreign_fees);
            return;
        }
        const CurrencyGrid& currency = grid_.currencies[raw(grid_.markets[raw(market)].asset)];
        const auto quanta = side.fee->at_scale(currency.quantum_scale);
        count(report_.fees, quanta && *quanta == event.fee);
    }

    void compare_profit(RecordedMarketId market, const Decimal& profit, const TradeSide& event,
                        const TradeEvent& trade, EntryPrice& entry) {
        const MarketGrid& grid = grid_.markets[raw(market)];
        const std::uint8_t digits = std::min(grid.size_scale, kPerpetualDecimals);
        const EntryScales scales{
            .price_scale = grid.price_scale,
            .size_scale = grid.size_scale,
            .entry_scale = static_cast<std::uint8_t>(kPerpetualDecimals - digits),
            .profit_scale = kProfitScale};
        const bool opens = event.lots_before == 0 ||
                           (event.lots_before > 0) == (event.lots_after > event.lots_before);
        const bool known_before = entry.opened_here();
        const ProfitMatch match = entry.fill(
            scales, event.lots_before, event.lots_after - event.lots_before, trade.price, profit);
        if (opens) {
            count(report_.opening_profits, match == ProfitMatch::kNothingClosed);
            return;
        }
        if (match == ProfitMatch::kFirstClose) {
            ++report_.first_closes;
            return;
        }
        const bool exact = match == ProfitMatch::kExact;
        const bool floored = match == ProfitMatch::kFloored;
        count(report_.profits, exact || floored);
        report_.profits_known += known_before ? 1 : 0;
        report_.profits_exact += exact ? 1 : 0;
        report_.profits_floored += floored ? 1 : 0;
    }

    const TradeSurvey& survey_;
    const ImportGrid& grid_;
    SerialRun run_;
    std::deque<TradeRecord> pending_;
    std::vector<absl::flat_hash_map<std::uint64_t, Holding>> holdings_;  ///< by market, account
    bool in_data_ = false;
    HyperliquidReport report_;
};

/// Passes records on to the import and keeps a copy for the comparison.
class CheckedImport final : public RecordSink {
  public:
    CheckedImport(TradeImport& import, Comparison& comparison)
        : import_(import), comparison_(comparison) {}

    std::optional<RecordedMarketId> find_market(std::string_view market) const override {
        return import_.find_market(market);
    }
    RecordedMarketId add_market(const RecordedMarket& market) override {
        return import_.add_market(market);
    }
    Result<void, Error> block(const RecordedBlock& block) override { return import_.block(block); }
    Result<void, Error> trade(const RecordedTrade& trade) override {
        comparison_.expect(trade);
        return import_.trade(trade);
    }
    Result<void, Error> index(RecordedMarketId market, const Decimal& price) override {
        return import_.index(market, price);
    }
    void leave_out(std::string_view rule) override { import_.leave_out(rule); }

  private:
    TradeImport& import_;
    Comparison& comparison_;
};

std::string line(const std::string& what, const Agreement& agreement) {
    return what + ": " + std::to_string(agreement.agreed) + " of " +
           std::to_string(agreement.compared) + " agree\n";
}

}  // namespace

bool HyperliquidReport::sound() const noexcept {
    const auto whole = [](const Agreement& a) { return a.agreed == a.compared; };
    const bool spot_agrees =
        spot_positions.compared - spot_positions.agreed <= (spot_positions.compared + 99) / 100;
    return spot_agrees && executed_trades == trades && whole(positions) && whole(fees) &&
           whole(profits) && whole(opening_profits);
}

std::string HyperliquidReport::text() const {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    std::string out =
        "trades executed: " + number(executed_trades) + " of " + number(trades) + "\n";
    out += line("startPosition, perpetuals, reproduced", positions);
    out += "  first ones, set by opening trades: " + number(opened) + "\n";
    out += line("startPosition, spot, reproduced to the lot", spot_positions);
    out += "  first ones, set by opening trades: " + number(spot_opened) + "\n";
    for (const std::string& gap : aligned) {
        out += "  aligned: " + gap + "\n";
    }
    out += "fees in the traded coin, taken from the position: " + number(coin_fees) + "\n";
    out += line("fee in USDC", fees);
    out += line("closedPnl of closing fills", profits);
    out += "  of these, entry opened in the log: " + number(profits_known) + "\n";
    out += "  to one quantum of the average entry: " + number(profits_exact) + "\n";
    out += "  with the average entry floored to the coin's price grid: " + number(profits_floored) +
           "\n";
    out += line("closedPnl of opening fills is 0", opening_profits);
    out += "first closes that fix an older entry: " + number(first_closes) + "\n";
    out += "sides with a fee in another token, left out: " + number(foreign_fees) + "\n";
    out += "spot sides without a comparable closedPnl: " + number(spot_profits) + "\n";
    for (const auto& [status, count] : statuses) {
        out += status + ": " + number(count) + "\n";
    }
    return out;
}

Result<HyperliquidReport, Error> check_hyperliquid(RecordedData& data,
                                                   const TradeImportOptions& options,
                                                   const BlockSink& also) {
    TradeSurvey survey;
    if (auto read = data.read(survey); !read) {
        return failure(read.error());
    }
    if (survey.trades() == 0) {
        return failure(bad_record("the data hold no trades"));
    }
    const Result<ImportGrid, Error> grid = ImportGrid::make(survey);
    if (!grid) {
        return failure(grid.error());
    }
    Comparison comparison(survey, *grid);
    TradeImport import(survey, *grid, options, [&](const LogBlock& block) {
        auto done = comparison.execute(block);
        return done && also ? also(block) : done;
    });
    if (auto begun = import.begin(); !begun) {
        return failure(begun.error());
    }
    comparison.start_of_data();
    CheckedImport sink(import, comparison);
    if (auto read = data.read(sink); !read) {
        return failure(read.error());
    }
    if (auto finished = import.finish(); !finished) {
        return failure(finished.error());
    }
    HyperliquidReport report = comparison.report();
    for (const PositionGap& gap : import.gaps()) {
        report.aligned.push_back(describe_gap(gap, survey, *grid));
    }
    return report;
}

}  // namespace lockstep
