#pragma once

#include "replay/generate/block_assembler.hpp"
#include "replay/import/import_accounts.hpp"

namespace lockstep {

/// Writes the blocks that create assets, feeds, markets, accounts and cash, a day before the data
/// start. Every market of the import is host-matched, has no funding, an initial margin of 0.1 %
/// and a feed of one source, the venue, that starts at the market's first price and never gets
/// stale. Every account gets 10^12 units of each currency it trades in.
[[nodiscard]] Result<void, Error> write_import_prelude(BlockAssembler& blocks,
                                                       const TradeSurvey& survey,
                                                       const ImportGrid& grid,
                                                       const ImportAccounts& accounts);

/// Starts a new block 1 ms later when the open one has kPreludeTransactions.
[[nodiscard]] Result<void, Error> next_prelude_block(BlockAssembler& blocks, bool force);

}  // namespace lockstep
