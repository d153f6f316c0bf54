#pragma once

#include <memory>
#include <string>

#include "replay/import/input_file.hpp"
#include "replay/import/instrument_table.hpp"
#include "replay/import/layout.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// A file of recorded trades and the layout that it is in.
///
/// Rules
///   repeats   a record with the identity of an earlier one is skipped when it says the same, and
///             an error when it does not; a block by its number likewise
///   order     where the layout says that its order is lost, records are put in order, across all
///             members, by what they rise by, and else as they stand; else those that are older
///             than one before them in their market are counted
///   parties   the records of two parties are joined when they share the layout's `pair` and stand
///             in one block, or in one run of records of one time; the trade stands where the first
///             one does. Of an account that trades with itself only the first tells a position.
///   fees      in the market's currency as told. Of spot markets a fee that a buyer pays or a
///   seller
///             gets in another token is taken for one in what is traded; all others are left out.
///   numbers   price, size and time must be possible, and multiples of tick and lot where these are
///             known
/// Memory: 24 bytes a record where the layout tells identities; all records where order is
/// restored.
[[nodiscard]] std::unique_ptr<RecordedData> read_by_layout(TradeLayout layout, InputFile file,
                                                           InstrumentTable instruments,
                                                           std::string symbol);

}  // namespace lockstep
