#include "replay/import/record_check.hpp"

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <utility>
#include <vector>

#include "replay/import/import_summary.hpp"
#include "replay/import/serial_run.hpp"

namespace lockstep {
namespace {

constexpr std::uint8_t kEntryDecimals = 6;  // below the tick, where the data tell no grid
constexpr std::uint8_t kProfitScale = 6;

/// What the data say of one side, copied out of the reader's line.
struct SideRecord {
    bool recorded = false;
    std::optional<Decimal> fee;
    bool coin_fee = false;
    bool tells_fees = false;
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
    std::int64_t lots = 0;  ///< in the log
    bool seen = false;      ///< a recorded fill came before
    bool aligned = false;   ///< changed by a trade that no record stands for, since the last fill
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
            .tells_fees = side.tells_fee,
            .position_before = side.position_before,
            .closed_profit = side.closed_profit};
}

/// Compares the trade events of a block with the records that they stand for.
class Comparison {
  public:
    Comparison(const TradeSurvey& survey, const ImportGrid& grid,
               std::optional<std::uint8_t> entry_digits)
        : survey_(survey), grid_(grid), entry_digits_(entry_digits) {
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
            if (is_recorded_trade(*trade)) {
                compare_next(events[i]);
            } else if (!is_coin_fee(*trade)) {
                note_alignment(*trade);
            }
            if (events[i]) {
                const RecordedMarketId market{lockstep::raw(trade->buyer.market)};
                holding(market, events[i]->buyer.account).lots += events[i]->lots;
                holding(market, events[i]->seller.account).lots -= events[i]->lots;
            }
        }
        return {};
    }

    [[nodiscard]] CheckReport report() const {
        CheckReport out = report_;
        for (const auto& [status, count] : run_.statuses()) {
            out.statuses[std::string(name(status))] = count;
        }
        return out;
    }
    /// Alignments before the data start are the opening positions.
    void start_of_data() { in_data_ = true; }

  private:
    /// Of the recorded account, both accounts of one that trades with itself.
    Holding& holding(RecordedMarketId market, AccountId account) {
        return holdings_[lockstep::raw(market)][lockstep::raw(ImportAccounts::first_self(account))];
    }

    /// Compares the next record with the event of its trade, if it has one.
    void compare_next(const std::optional<TradeEvent>& event) {
        const TradeRecord record = pending_.front();
        pending_.pop_front();
        ++report_.trades;
        if (event) {
            ++report_.executed_trades;
            compare(record, record.buyer, event->buyer, *event);
            compare(record, record.seller, event->seller, *event);
        }
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
        compare_position(record.market, market.market.spot, side, known);
        if (side.position_before) {
            known.seen = true;
            known.aligned = false;
        }
        compare_fee(record.market, side, event);
        if (owner_of(trade.buyer.account) == owner_of(trade.seller.account)) {
            known.entry.forget();  // its two profits belong to one position
        } else if (market.market.spot) {
            report_.spot_profits += side.closed_profit ? 1U : 0U;
        } else if (side.closed_profit) {
            compare_profit(record.market, *side.closed_profit, event, trade, known);
        }
    }

    void compare_position(RecordedMarketId market, bool spot, const SideRecord& side,
                          const Holding& known) {
        if (!side.position_before) {
            return;
        }
        const auto lots = grid_.lots(market, *side.position_before);
        const bool agrees = !known.aligned && lots && *lots == known.lots;
        if (agrees && !known.seen) {
            ++(spot ? report_.spot_opened : report_.opened);
            return;
        }
        count(spot ? report_.spot_positions : report_.positions, agrees);
    }

    void compare_fee(RecordedMarketId market, const SideRecord& side, const TradeSide& event) {
        if (!side.fee) {
            report_.coin_fees += side.coin_fee ? 1U : 0U;
            report_.foreign_fees += !side.coin_fee && side.tells_fees ? 1U : 0U;
            return;
        }
        const CurrencyGrid& currency = grid_.currencies[raw(grid_.markets[raw(market)].asset)];
        const auto quanta = side.fee->at_scale(currency.quantum_scale);
        count(report_.fees, quanta && *quanta == event.fee);
    }

    void compare_profit(RecordedMarketId market, const Decimal& profit, const TradeSide& event,
                        const TradeEvent& trade, Holding& known) {
        const MarketGrid& grid = grid_.markets[raw(market)];
        const auto entry_scale = static_cast<std::uint8_t>(
            entry_digits_ ? *entry_digits_ - std::min(grid.size_scale, *entry_digits_)
                          : grid.price_scale + kEntryDecimals);
        const EntryScales scales{.price_scale = grid.price_scale,
                                 .size_scale = grid.size_scale,
                                 .entry_scale = entry_scale,
                                 .profit_scale = kProfitScale};
        const std::int64_t lots = event.lots_after - event.lots_before;
        const bool opens = known.lots == 0 || (known.lots > 0) == (lots > 0);
        const bool known_before = known.entry.opened_here();
        const ProfitMatch match = known.entry.fill(scales, known.lots, lots, trade.price, profit);
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
    std::optional<std::uint8_t> entry_digits_;
    SerialRun run_;
    std::deque<TradeRecord> pending_;
    std::vector<absl::flat_hash_map<std::uint64_t, Holding>> holdings_;  ///< by market, account
    bool in_data_ = false;
    CheckReport report_;
};

/// Passes records on to the import and keeps a copy for the comparison.
class CheckedImport final : public ForwardingSink {
  public:
    CheckedImport(TradeImport& import, Comparison& comparison)
        : ForwardingSink(import), comparison_(comparison) {}

    Result<void, Error> trade(const RecordedTrade& trade) override {
        comparison_.expect(trade);
        return ForwardingSink::trade(trade);
    }

  private:
    Comparison& comparison_;
};

std::string line(const std::string& what, const Agreement& agreement) {
    return what + ": " + std::to_string(agreement.agreed) + " of " +
           std::to_string(agreement.compared) + " agree\n";
}

}  // namespace

bool CheckReport::sound() const noexcept {
    const auto whole = [](const Agreement& a) { return a.agreed == a.compared; };
    const bool spot_agrees =
        spot_positions.compared - spot_positions.agreed <= (spot_positions.compared + 99) / 100;
    return spot_agrees && executed_trades == trades && whole(positions) && whole(fees) &&
           whole(profits) && whole(opening_profits);
}

std::string CheckReport::text() const {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    std::string out =
        "trades executed: " + number(executed_trades) + " of " + number(trades) + "\n";
    out += line("positions before trades, reproduced", positions);
    out += "  first ones, set by opening trades: " + number(opened) + "\n";
    out += line("balances of spot markets, reproduced to the lot", spot_positions);
    out += "  first ones, set by opening trades: " + number(spot_opened) + "\n";
    for (const std::string& gap : aligned) {
        out += "  aligned: " + gap + "\n";
    }
    out += "fees in the traded coin, taken from the position: " + number(coin_fees) + "\n";
    out += line("fees in the market's currency", fees);
    out += line("profits of closing trades", profits);
    out += "  of these, entry opened in the log: " + number(profits_known) + "\n";
    out += "  to one quantum of the average entry: " + number(profits_exact) + "\n";
    out +=
        "  with the average entry floored to the venue's price grid: " + number(profits_floored) +
        "\n";
    out += line("profits of opening trades, which are 0", opening_profits);
    out += "first closes that fix an older entry: " + number(first_closes) + "\n";
    out += "sides with a fee in another token, left out: " + number(foreign_fees) + "\n";
    out += "spot sides without a comparable profit: " + number(spot_profits) + "\n";
    for (const auto& [status, count] : statuses) {
        out += status + ": " + number(count) + "\n";
    }
    return out;
}

Result<CheckReport, Error> check_records(RecordedData& data, const TradeImportOptions& options,
                                         const BlockSink& also) {
    TradeSurvey survey;
    if (auto read = data.read(survey); !read) {
        return failure(read.error());
    }
    if (survey.trades() == 0) {
        return failure(no_trades(survey));
    }
    const Result<ImportGrid, Error> grid = ImportGrid::make(survey);
    if (!grid) {
        return failure(grid.error());
    }
    Comparison comparison(survey, *grid, data.entry_digits());
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
    CheckReport report = comparison.report();
    for (const PositionGap& gap : import.gaps()) {
        report.aligned.push_back(describe_gap(gap, survey, *grid));
    }
    return report;
}

}  // namespace lockstep
