"""Rules of the venue, broken one at a time: the comparison has to notice each.

mutations.py write --source ROOT --out DIR     changed copies of accounts/ and instruments/
mutations.py find --runner PROGRAM --schema log.fbs --out DIR
"""

import argparse
import json
import os
import pathlib
import sys

from check_venue import replay, random_blocks
from scenarios import cases_differ

FOLDERS = ("accounts", "instruments")
# (what is broken, text that stands once in both folders, what stands there instead of it); MUTANT
# is true in the run of this mutation.
MUTATIONS = (
    (
        "fees are floored",
        "return ceil_div(amount * ppm, kPpm);",
        "return MUTANT ? floor_div(amount * ppm, kPpm) : ceil_div(amount * ppm, kPpm);",
    ),
    (
        "option fees may be a quarter of the premium",
        "ceil_div(premium, 8)",
        "ceil_div(premium, MUTANT ? 4 : 8)",
    ),
    (
        "the last fee tier does not repeat",
        "fees[std::min(i, fees.size() - 1)]",
        "fees[MUTANT ? 0 : std::min(i, fees.size() - 1)]",
    ),
    (
        "funding is paid the other way when it is settled",
        "Checked{position.remainder} - funding - social",
        "Checked{position.remainder} - (MUTANT ? -funding : funding) - social",
    ),
    (
        "the fraction of funding is lost",
        "position.remainder = remainder;",
        "position.remainder = MUTANT ? 0 : remainder;",
    ),
    (
        "a low ask counts as premium",
        "Checked{above - below}",
        "Checked{MUTANT ? above + below : above - below}",
    ),
    (
        "the interest is not clamped",
        "-terms.clamp_ppb, terms.clamp_ppb)",
        "MUTANT ? -kPpb : -terms.clamp_ppb, MUTANT ? kPpb : terms.clamp_ppb)",
    ),
    (
        "funding is charged for all of a downtime",
        "std::max(interval, kFundingCatchUpMs)",
        "std::max(interval, kFundingCatchUpMs * (MUTANT ? 24 : 1))",
    ),
    (
        "brackets have no deduction",
        "limit * (bracket.tier.initial_ppm - below.tier.initial_ppm)",
        "(MUTANT ? 0 : limit) * (bracket.tier.initial_ppm - below.tier.initial_ppm)",
    ),
    ("open interest raises no requirement", "if (oi_part > 0) {", "if (oi_part > 0 && !MUTANT) {"),
    (
        "a long inverse position is rounded up",
        "-ceil_div(coins, market.mark)",
        "(MUTANT ? -floor_div(coins, market.mark) : -ceil_div(coins, market.mark))",
    ),
    (
        "a haircut is rounded up",
        "floor_div(gross * (kPpm - asset.haircut_ppm), kPpm)",
        "(MUTANT ? ceil_div(gross * (kPpm - asset.haircut_ppm), kPpm)"
        " : floor_div(gross * (kPpm - asset.haircut_ppm), kPpm))",
    ),
    (
        "a long option is worth its mark",
        "return lots > 0 ? Checked{0} :",
        "return lots > 0 && !MUTANT ? Checked{0} :",
    ),
    (
        "a reducing fill needs no ratio",
        "left.value() >= right.value()",
        "(MUTANT || left.value() >= right.value())",
    ),
    (
        "an insolvent account keeps its ratio",
        "return equity >= before.maintenance.value() && left.ok()",
        "return (MUTANT || equity >= before.maintenance.value()) && left.ok()",
    ),
    (
        "the costs of a fill are a gift",
        "const Checked kept = after.equity_maintenance + costs;",
        "const Checked kept = after.equity_maintenance + (MUTANT ? Checked{0} : costs);",
    ),
    (
        "an old price backs a fill",
        "risk.equity_initial += owes ? owned : Checked{0};",
        "risk.equity_initial += owes || MUTANT ? owned : Checked{0};",
    ),
    (
        "a debt at an old price is judged",
        "risk.stale = risk.stale || owes ||",
        "risk.stale = risk.stale || (owes && !MUTANT) ||",
    ),
    (
        "the average takes prices of a feed that was stale",
        "if (tick.priced && !tick.stale && fresh)",
        "if (tick.priced && (!tick.stale || MUTANT) && fresh)",
    ),
    (
        "a halt is charged for afterwards",
        "mark.funding_time_ms += elapsed_ms;",
        "mark.funding_time_ms += MUTANT ? 0 : elapsed_ms;",
    ),
    (
        "a mark may leave its band",
        "std::clamp<Int128>(mark, Int128{tick.index} - reach,",
        "std::clamp<Int128>(mark, MUTANT ? -kMaxPrice : Int128{tick.index} - reach,",
    ),
    (
        "a second tick moves the index all the way",
        "std::min(state.pending, *index)",
        "MUTANT ? *index : std::min(state.pending, *index)",
    ),
    (
        "whoever thaws undoes every freeze",
        "frozen ? known | bit : known & ~bit",
        "frozen ? known | bit : MUTANT ? 0U : known & ~bit",
    ),
    (
        "an asset is held for ever",
        "known.assets() & ~(std::uint64_t{1} << (raw(asset) % kMaxAssets))",
        "known.assets() & ~(std::uint64_t{MUTANT ? 0U : 1U} << (raw(asset) % kMaxAssets))",
    ),
    (
        "a book may use up its sequence",
        "if (book.sequence - last > kSequenceStepMax) {",
        "if (!MUTANT && book.sequence - last > kSequenceStepMax) {",
    ),
    (
        "a rebate of the matcher has no bound",
        "fee_of(fill.notional, -kHostRebatePpmMax)",
        "fee_of(fill.notional, MUTANT ? -kHostRebatePpmMax * 50 : -kHostRebatePpmMax)",
    ),
    (
        "a small fill may not close",
        "&& !buyer_reduces && !seller_reduces) {",
        "&& (MUTANT || (!buyer_reduces && !seller_reduces))) {",
    ),
    (
        "an order is filled on either side",
        "if ((order.side == OrderSide::kBuy) != side.buys) {",
        "if (!MUTANT && (order.side == OrderSide::kBuy) != side.buys) {",
    ),
    (
        "an order of another venue is filled",
        "if (order.domain != terms.domain) {",
        "if (order.domain != terms.domain && !MUTANT) {",
    ),
    (
        "a replaced order starts anew",
        "side.order_id = order_key(order);",
        "side.order_id = order_key(order) ^ static_cast<std::uint64_t>(MUTANT ? order.lots : 0);",
    ),
    (
        "any coverage makes an average",
        "millis >= terms.settle_window_ms - millis",
        "millis >= (MUTANT ? 1 : terms.settle_window_ms - millis)",
    ),
    (
        "a lot has no floor",
        "size * market.margin.initial_floor",
        "size * (MUTANT ? 0 : market.margin.initial_floor)",
    ),
    (
        "a band has no ticks",
        "kPpm).value() + params.band_ticks",
        "kPpm).value() + (MUTANT ? 0 : params.band_ticks)",
    ),
    (
        "dust is paid out twice",
        "post(view, market_key(CellKind::kFundClear, market), -amount)",
        "post(view, market_key(CellKind::kFundClear, market), MUTANT ? 0 : -amount)",
    ),
    (
        "what is left of a market is lost",
        "!post(view, asset_key(CellKind::kInsurance, asset), residue.value())",
        "!post(view, asset_key(CellKind::kInsurance, asset), MUTANT ? 0 : residue.value())",
    ),
    (
        "a feed in use is removed",
        "if (feed_in_use(view, tx.feed)) {",
        "if (feed_in_use(view, tx.feed) && !MUTANT) {",
    ),
    (
        "bridge keys may bring fills",
        "return of_role(Role::kMatcher); }\n    Authority operator()(const Batch",
        "return of_role(MUTANT ? Role::kBridge : Role::kMatcher); }\n"
        "    Authority operator()(const Batch",
    ),
    (
        "the mark of a window forgets what is fixed",
        "std::max<std::int64_t>(0, window_ms - millis)",
        "(MUTANT ? window_ms : std::max<std::int64_t>(0, window_ms - millis))",
    ),
    (
        "a put pays as a call",
        "side == OptionSide::kCall ? price - strike",
        "side == OptionSide::kCall || MUTANT ? price - strike",
    ),
    (
        "daily settlements come at the index",
        "state.tick.settle_price = state.tick.mark;",
        "state.tick.settle_price = MUTANT ? state.tick.index : state.tick.mark;",
    ),
    (
        "an outlier is not clamped",
        "median - reach, median + reach)",
        "MUTANT ? -kMaxPrice : median - reach, MUTANT ? kMaxPrice : median + reach)",
    ),
    (
        "a jump needs no second tick",
        "state.priced && is_jump(",
        "state.priced && !MUTANT && is_jump(",
    ),
    (
        "an order ends a millisecond early",
        "order.good_til_ms < terms.now_ms",
        "order.good_til_ms < terms.now_ms + (MUTANT ? 1 : 0)",
    ),
    (
        "fills of an order are not counted",
        "side.filled = filled;",
        "side.filled = MUTANT ? 0 : filled;",
    ),
    (
        "the upper end of a band is no price",
        "trade.price > market.band_high",
        "trade.price > market.band_high - (MUTANT ? 1 : 0)",
    ),
    (
        "a position limit holds for fills that reduce",
        "&&\n           !only_reduces(side, fill.trade->lots)",
        "&&\n           (MUTANT || !only_reduces(side, fill.trade->lots))",
    ),
    (
        "lots of other accounts do not count",
        "side->growth() + (both ? other.growth() : Int128{0});",
        "side->growth() + (both ? other.growth() : Int128{0}) - (MUTANT ? side->owner_lots : 0);",
    ),
    (
        "an owner's accounts need no more together",
        "mul_div_ceil(whole, own, owner_lots)",
        "mul_div_ceil(whole, own, MUTANT ? kMaxLots : owner_lots)",
    ),
    (
        "an order may be cancelled back",
        "std::max(AccountHead(head).salt_below(), tx.salt_below)",
        "(MUTANT ? tx.salt_below : std::max(AccountHead(head).salt_below(), tx.salt_below))",
    ),
    (
        "a liquidation goes on to initial margin",
        "risk.equity_maintenance.value() >= risk.maintenance.value()",
        "risk.equity_maintenance.value() >= (MUTANT ? risk.initial : risk.maintenance).value()",
    ),
    (
        "a liquidation's fee makes a debt",
        "mul_div_floor(freed, equity, maintenance)",
        "mul_div_floor(freed, MUTANT ? maintenance / 2 : equity, maintenance)",
    ),
    (
        "losses are borne by longs alone",
        "Checked{2} * number_at(view, market_key(CellKind::kOpenInterest, market.id))",
        "Checked{MUTANT ? 1 : 2} * number_at(view, market_key(CellKind::kOpenInterest, market.id))",
    ),
    (
        "insurance pays what it does not have",
        "std::min(-cash, number_at(view, fund))",
        "(MUTANT ? -cash : std::min(-cash, number_at(view, fund)))",
    ),
    ("a nonce is not spent", "spent | nonce.bit", "MUTANT ? spent : spent | nonce.bit"),
)


def write(options):
    """Copies with switches. A pattern that does not stand exactly once is left out, and told by
    `find`: work on the venue is not stopped by it."""
    source, out = pathlib.Path(options.source), pathlib.Path(options.out)
    texts = {}
    for folder in FOLDERS:
        for path in sorted((source / folder).iterdir()):
            if path.suffix in (".hpp", ".cpp"):
                texts[f"{folder}/{path.name}"] = path.read_text(encoding="utf-8")
    applies = []
    for number, (_, pattern, changed) in enumerate(MUTATIONS):
        places = [name for name, text in texts.items() for _ in range(text.count(pattern))]
        applies.append(len(places) == 1)
        if applies[-1]:
            switch = changed.replace("MUTANT", f"::lockstep::mutant({number})")
            texts[places[0]] = texts[places[0]].replace(pattern, switch)
    for folder in FOLDERS:
        (out / folder).mkdir(parents=True, exist_ok=True)
        sources = [name for name in texts if name.startswith(folder) and name.endswith(".cpp")]
        lines = ['#include "mutant.hpp"', *(f'#include "{name}"' for name in sources)]
        put(out / f"{folder}.cpp", "\n".join(lines) + "\n")
    for name, text in texts.items():
        put(out / name, text.replace("#pragma once\n", '#pragma once\n#include "mutant.hpp"\n'))
    put(out / "mutant.hpp", SWITCH)
    put(out / "applies.json", json.dumps(applies))


SWITCH = """#pragma once
#include <cstdlib>
namespace lockstep {
inline bool mutant(int number) {
    static const char* const chosen = std::getenv("LOCKSTEP_MUTANT");
    static const int wanted = chosen == nullptr ? -1 : std::atoi(chosen);
    return number == wanted;
}
}  // namespace lockstep
"""


def put(path, text):
    """Only when it is new, so that nothing is compiled again for nothing."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def find(options):
    applies = json.loads((pathlib.Path(options.out) / "applies.json").read_text(encoding="utf-8"))
    few = random_blocks(seed=1, transactions=1_000)
    blocks = random_blocks(seed=1, transactions=options.transactions)
    failed = 0
    os.environ.pop("LOCKSTEP_MUTANT", None)
    if replay(options, blocks) is not None:
        print("the copies differ from the model without any mutation")
        return 1
    for number, (name, _, _) in enumerate(MUTATIONS):
        os.environ["LOCKSTEP_MUTANT"] = str(number)
        found = None
        if applies[number]:
            found = replay(options, few) or cases_differ(options) or replay(options, blocks)
        verdict = "found" if found else "NOT FOUND" if applies[number] else "NOT APPLIED"
        print(f"{verdict}: {name}: {str(found).splitlines()[0] if found else ''}")
        failed += found is None
    print(f"{len(MUTATIONS) - failed} of {len(MUTATIONS)} broken rules are found")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("write", "find"))
    parser.add_argument("--source")
    parser.add_argument("--out", required=True)
    parser.add_argument("--runner")
    parser.add_argument("--schema")
    parser.add_argument("--transactions", type=int, default=12_000)
    options = parser.parse_args()
    return write(options) if options.action == "write" else find(options)


if __name__ == "__main__":
    sys.exit(main())
