#include "replay/import/import_summary.hpp"

#include <algorithm>

namespace lockstep {
namespace {

constexpr std::size_t kInputNameMax = 1024;
constexpr std::size_t kGapsNoted = 10;

std::string counterparties(const TradeImportOptions& options) {
    return std::to_string(options.accounts) + " synthetic accounts, drawn with seed " +
           std::to_string(options.seed) + " and Zipf exponent " +
           std::to_string(options.zipf_quarters) + "/4";
}

void note_if(std::vector<std::string>& notes, std::uint64_t count, const std::string& text) {
    if (count > 0) {
        notes.push_back(std::to_string(count) + " " + text);
    }
}

/// A field of a csv file, in quotes where RFC 4180 demands them.
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string out = "\"";
    for (const char c : text) {
        out.append(c == '"' ? 2 : 1, c);
    }
    return out + '"';
}

}  // namespace

std::string describe_import_genesis(const TradeImportOptions& options) {
    return "The first blocks create assets, feeds, markets and accounts. Synthetic: 10^12 units of "
           "each currency per account; margin terms; oracle prices, which are the last recorded "
           "prices; opening positions, traded with owner 1. Fees recorded in the traded coin are "
           "moved, "
           "at the price of their trade, to owner 1's subaccount with bit 15 set. Sides that are "
           "not recorded: " +
           counterparties(options) + ".";
}

std::string describe_gap(const PositionGap& gap, const TradeSurvey& survey,
                         const ImportGrid& grid) {
    const Decimal size{.units = gap.lots, .scale = grid.markets[raw(gap.market)].size_scale};
    return (survey.has_blocks() ? "block " + std::to_string(gap.block) + ", " : "") +
           survey.markets()[raw(gap.market)].market.name + ": the position changed by " +
           size.text() + " without a recorded trade or fee (transfer or missing record)";
}

std::string describe_import_source(std::string_view format, std::string_view input,
                                   const RecordedData& data) {
    const std::string_view name = input.substr(input.find_last_of('/') + 1);
    return std::string(format) + " from " + std::string(name.substr(0, kInputNameMax)) + ": " +
           data.assumptions();
}

std::vector<std::string> import_notes(const ImportedTrades& imported,
                                      const TradeImportOptions& options, const RecordedData& data) {
    std::vector<std::string> notes;
    notes.push_back(data.assumptions());
    notes.push_back("every account holds 10^12 synthetic units of each currency it trades in");
    const TradeImportCounts& counts = imported.counts;
    note_if(notes, imported.survey.anonymous_trades() - counts.one_sided,
            "trades have no recorded parties: " + counterparties(options));
    note_if(notes, counts.one_sided, "trades have one recorded party; the other one is owner 1");
    note_if(notes, imported.survey.self_trades(),
            "trades of an account with itself: it sells from the subaccount with bit 15 set");
    note_if(notes, counts.opening_trades,
            "opening positions, traded with owner 1 at the first recorded price without fee");
    note_if(notes, counts.coin_fee_trades,
            "fees in the traded coin, moved to owner 1's subaccount with bit 15 set");
    note_if(notes, counts.balance_trades,
            "spot balances changed by other than trades and fees (transfers): aligned by trades "
            "with owner 1 without fee");
    note_if(notes, counts.gap_trades,
            "positions changed without a recorded trade: aligned by trades with owner 1");
    for (std::size_t i = 0; i < std::min(imported.gaps.size(), kGapsNoted); ++i) {
        notes.push_back("aligned: " +
                        describe_gap(imported.gaps[i], imported.survey, imported.grid));
    }
    for (const std::string& note : data.notes()) {
        notes.push_back(note);
    }
    for (const auto& [rule, count] : imported.survey.left_out()) {
        note_if(notes, count, "left out: " + rule);
    }
    return notes;
}

std::string import_names_csv(const ImportedTrades& imported) {
    std::string out = "kind,id,name\n";
    const auto add = [&out](std::string_view kind, std::uint64_t id, const std::string& name) {
        out.append(kind).append(",").append(std::to_string(id)).append(",").append(csv_field(name));
        out.push_back('\n');
    };
    const std::vector<MarketSurvey>& markets = imported.survey.markets();
    for (std::size_t i = 0; i < markets.size(); ++i) {
        add("market", raw(imported.grid.markets[i].market), markets[i].market.name);
    }
    for (std::size_t i = 0; i < imported.survey.accounts().size(); ++i) {
        add("owner", kFirstRecordedOwner + i, imported.survey.accounts()[i]);
    }
    return out;
}

}  // namespace lockstep
