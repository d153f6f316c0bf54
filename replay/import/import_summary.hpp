#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/import/trade_import.hpp"

namespace lockstep {

/// For LogHeader::genesis: what the prelude of an import makes up.
[[nodiscard]] std::string describe_import_genesis(const TradeImportOptions& options);

/// Where and by how much a recorded position was not reproduced.
[[nodiscard]] std::string describe_gap(const PositionGap& gap, const TradeSurvey& survey,
                                       const ImportGrid& grid);

/// For LogHeader::source: file, format and the reader's assumptions.
[[nodiscard]] std::string describe_import_source(std::string_view format, std::string_view input,
                                                 const RecordedData& data);

/// What a user must know about an import: synthetic parts, rows left out, positions made up.
[[nodiscard]] std::vector<std::string> import_notes(const ImportedTrades& imported,
                                                    const TradeImportOptions& options,
                                                    const RecordedData& data);

/// Lines `kind,id,name`: markets with their MarketId, owners with their number.
[[nodiscard]] std::string import_names_csv(const ImportedTrades& imported);

}  // namespace lockstep
