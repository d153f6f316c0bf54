#pragma once

#include <memory>
#include <string>

#include "replay/import/input_file.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// Fills of Hyperliquid nodes, one block a line, both sides of every trade with their accounts.
///
/// Format  `{block_time, block_number, events: [[user, {coin, px, sz, side, time, startPosition,
///         closedPnl, crossed, fee, feeToken, tid, ...}], ...]}`
/// Rules
///   trades     the two sides are the events of one block that share `tid`; a trade stands where
///              its first side stands. A side without its other one is a trade with one side
///              unknown.
///   markets    one per coin, paid in USDC. Coins with `@` or `/` are spot, imported as linear
///              markets; all others are linear perpetuals.
///   positions  startPosition carries float noise: it is rounded to 10^-6 for perpetuals and to
///              10^-12 for spot, ties away from zero
///   fees       in USDC as booked. Another token is the traded coin when a spot buyer pays or a
///              spot seller gets the fee, since fees are taken from what is received and rebates
///              are paid in what is given: such a fee changes the balance. All others are left
///              out and counted.
[[nodiscard]] std::unique_ptr<RecordedData> open_hyperliquid_fills(InputFile file);

}  // namespace lockstep
