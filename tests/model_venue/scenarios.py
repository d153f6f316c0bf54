"""Small cases with numbers written by hand from the rules, each on model and venue at once."""

import argparse
import sys
import traceback

import attacks  # its cases register themselves
import crashes
import world
from bounds import every_odd
from compare import Difference
from rules import (
    CLOSING,
    DATED,
    FUNDING_APPLIED,
    HOUR_MS,
    INVERSE,
    LINEAR,
    MARKET_SETTLED,
    OPTION,
    PUT,
    Q32,
    Status,
)
from scenario import (
    ALICE,
    BOB,
    CASES,
    MARKET,
    Scenario,
    case,
    equal,
    events_of,
    inverse_perpetual,
)
from world import GOVERNOR, ORACLE

assert attacks and crashes


@case
def an_hour_at_one_basis_point_costs_75_quanta_a_lot(s):
    funding = {
        "interval_ms": HOUR_MS,
        "interest_ppb": 100_000,
        "clamp_ppb": 500_000,
        "cap_ppb": 10**9,
    }
    s.expect([0, 0, 0], s.market(funding=funding), s.deposit(ALICE, 10**11), s.deposit(BOB, 10**11))
    s.now_ms = s.now_ms // HOUR_MS * HOUR_MS + HOUR_MS - 1
    s.set_price(600_000)  # starts the clock at the full hour
    s.expect([0], s.trade(ALICE, BOB, 10_000, 600_000))
    outcome = s.set_price(600_000, s.now_ms // HOUR_MS * HOUR_MS + HOUR_MS - s.now_ms)
    event = events_of(outcome, FUNDING_APPLIED)[0]
    equal(event["delta_q32"], 75 * Q32)
    equal(event["rate_ppb"], 100_000)
    s.expect([0], s.trade(BOB, ALICE, 10_000, 600_000))
    equal(s.cash(ALICE), 10**11 - 750_000)
    equal(s.cash(BOB), 10**11 + 750_000)


@case
def a_thousand_inverse_contracts_gain_79367_satoshi(s):
    inverse_perpetual(s)
    s.expect([0], s.trade(ALICE, BOB, 1_000, 600_000))
    equal(s.account(ALICE).positions[MARKET].cost, 1_666_666)
    s.expect([0], s.trade(BOB, ALICE, 1_000, 630_001))
    equal(s.cash(ALICE, world.COIN), 10**9 + 79_367)
    equal(s.cash(BOB, world.COIN), 10**9 - 79_367)


@case
def an_outlier_moves_the_index_by_half_a_percent_of_its_weight(s):
    sources = [{"signer": ORACLE, "weight": weight} for weight in (25, 50, 25)]
    feed = {"feed": 2, "params": s.feed_params(quorum=3), "sources": sources}
    s.expect([0], ("CreateFeed", feed))
    updates = [s.price(price, source=at) for at, price in enumerate((100_000, 101_000, 120_000))]
    s.expect([0, 0, 0], *((kind, update | {"feed": 2}) for kind, update in updates))
    equal(s.run.model.state.feeds[2].index, 101_000)


@case
def fees_are_ceiled_and_rebates_floored(s):
    cases = ((500, 10_050, 6), (200, 1_500, 1), (-200, 15_000, -3), (-200, 1_500, 0))
    s.expect([0, 0, 0], s.market(multiplier=1), s.deposit(ALICE, 10**9), s.deposit(BOB, 10**9))
    s.set_price(600)
    for maker, notional, fee in cases:
        fees = [{"maker_ppm": maker, "taker_ppm": 1_000}]
        s.expect([0], ("SetFeeSchedule", {"market": MARKET, "fees": fees}))
        outcome = s.expect([0], s.trade(ALICE, BOB, notional // 30, 30 * 1))
        equal(outcome.receipts[0].events[0][1]["seller"]["fee"], fee)


@case
def equity_of_the_requirement_is_enough_and_one_quantum_less_is_not(s):
    requirement = 7 * 600_000 * 10 // 10
    s.expect(
        [0, 0, 0],
        s.market(),
        s.deposit(ALICE, requirement),
        s.deposit(BOB, requirement - 1),
    )
    s.set_price(600_000)
    s.expect([Status.MARGIN_MAKER], s.trade(ALICE, BOB, 7, 600_000))
    s.expect([Status.MARGIN_TAKER], s.trade(BOB, ALICE, 7, 600_000))
    s.expect([0], s.deposit(BOB, 1))
    s.expect([0], s.trade(ALICE, BOB, 7, 600_000))


@case
def unrealised_profit_does_not_leave(s):
    s.expect([0, 0, 0], s.market(), s.deposit(ALICE, 10**9), s.deposit(BOB, 10**12))
    s.set_price(600_000)
    s.expect([0], s.trade(ALICE, BOB, 1_000, 600_000))
    s.set_price(900_000)
    withdrawal = {"account": ALICE, "asset": world.USD}
    s.expect(
        [Status.INSUFFICIENT_CASH], ("Withdraw", withdrawal | {"amount": 10**9 + 1}), signer=ALICE
    )
    # 9 * 10^9 of notional need 9 * 10^8 of cash, whatever the profit.
    s.expect([Status.MARGIN], ("Withdraw", withdrawal | {"amount": 10**8 + 1}), signer=ALICE)
    s.expect([0], ("Withdraw", withdrawal | {"amount": 10**8}), signer=ALICE)


@case
def a_future_settles_at_the_average_of_its_window(s):
    expiry = s.now_ms + 2 * HOUR_MS
    s.expect(
        [0, 0, 0],
        s.market(kind=DATED, expiry_ms=expiry, settle_window_ms=1_000_000),
        s.deposit(ALICE, 10**11),
        s.deposit(BOB, 10**11),
    )
    s.set_price(600_000)
    s.expect([0], s.trade(ALICE, BOB, 100, 600_000))
    s.set_price(600_000, expiry - 1_000_000 - s.now_ms)
    s.set_price(900_000, 250_000)  # a quarter of the window at 600,000
    outcome = s.set_price(100_000, 750_000)  # the rest at 900,000; the last tick comes too late
    equal(events_of(outcome, MARKET_SETTLED), [{"market": MARKET, "price": 825_000}])
    accounts = {"market": MARKET, "accounts": [ALICE, BOB]}
    s.expect([0], ("SettleBatch", accounts))
    equal(s.cash(ALICE), 10**11 + 225_000 * 100 * 10)
    equal(s.cash(BOB), 10**11 - 225_000 * 100 * 10)


@case
def daily_settlements_telescope(s):
    s.expect(
        [0, 0, 0],
        s.market(kind=DATED, expiry_ms=s.now_ms + 10 * HOUR_MS, settle_interval_ms=HOUR_MS),
        s.deposit(ALICE, 10**11),
        s.deposit(BOB, 10**11),
    )
    s.set_price(600_000)
    s.expect([0], s.trade(ALICE, BOB, 100, 600_000))
    realise = ("RealisePnl", {"account": ALICE, "market": MARKET})
    s.expect([Status.NO_EPOCH], realise, signer=ALICE)
    s.set_price(700_000, HOUR_MS)
    s.set_price(650_000, HOUR_MS)
    s.expect([0, Status.NO_EPOCH], realise, realise, signer=ALICE)
    equal(s.cash(ALICE), 10**11 + 50_000 * 100 * 10)
    equal(s.account(ALICE).positions[MARKET].cost, -650_000 * 100 * 10)


@case
def call_less_put_pays_the_forward(s):
    expiry = s.now_ms + HOUR_MS
    terms = {"kind": OPTION, "expiry_ms": expiry, "strike": 600_000, "option_floor_ppm": 0}
    s.expect(
        [0] * 4,
        s.market(1, **terms),
        s.market(2, option_side=PUT, **terms),
        s.deposit(ALICE, 10**11),
        s.deposit(BOB, 10**11),
    )
    s.set_price(600_000)
    s.expect([0, 0], s.trade(ALICE, BOB, 10, 5, 1), s.trade(BOB, ALICE, 10, 5, 2))
    s.set_price(550_000, expiry - 10 - s.now_ms)
    s.set_price(700_000, 20)
    close = [("SettleBatch", {"market": market, "accounts": [ALICE, BOB]}) for market in (1, 2)]
    s.expect([0, 0], *close)
    equal(s.cash(ALICE), 10**11 - 50_000 * 10 * 10)


@case
def an_inverse_perpetual_closes_to_the_last_satoshi(s):
    inverse_perpetual(s)
    s.expect([0], s.trade(ALICE, BOB, 7, 599_999))
    s.expect([0], ("SetMarketStatus", {"market": MARKET, "status": CLOSING}))
    s.set_price(700_000)
    s.expect([0], ("SettleBatch", {"market": MARKET, "accounts": [ALICE, BOB]}))
    # 7 * 10^9 / 700,000 = 10,000 each, but the unit is floored in Q32: Alice owes what Bob gets.
    gain = s.cash(ALICE, world.COIN) - 10**9
    equal(gain, 11_666 - 10_000)
    equal(s.cash(BOB, world.COIN) - 10**9, -gain - (s.run.model.state.markets[MARKET].dust >> 32))


@case
def an_atomic_batch_may_pass_where_it_could_not_rest(s):
    s.expect([0, 0, 0], s.market(), s.deposit(ALICE, 10**6), s.deposit(BOB, 10**12))
    s.set_price(600_000)
    there, back = s.trade(ALICE, BOB, 1_000, 600_000)[1], s.trade(BOB, ALICE, 1_000, 600_000)[1]
    s.expect([Status.MARGIN_TAKER], ("Trade", there))
    s.expect([0], ("Batch", {"atomic": True, "fills": [there, back]}))
    there, back = s.trade(ALICE, BOB, 1_000, 600_000)[1], s.trade(BOB, ALICE, 1_000, 600_000)[1]
    outcome = s.expect([0], ("Batch", {"atomic": False, "fills": [there, back]}))
    legs = [fields["status"] for kind, fields in outcome.receipts[0].events if kind == 4]
    equal(legs, [Status.MARGIN_TAKER, Status.MARGIN_MAKER])


@case
def what_does_not_fit_into_a_block_is_skipped(s):
    deposits = [s.deposit(ALICE, 1) for _ in range(3)]
    outcome = s.expect([0, 0, 0], *deposits, limit=2)
    equal([receipt.disposition for receipt in outcome.receipts], [0, 0, 1])
    equal(s.cash(ALICE), 2)


@case
def an_account_holds_512_markets_and_no_more(s):
    s.expect([0] * 513, *(s.market(number) for number in range(1, 514)))
    s.expect([0, 0], s.deposit(ALICE, 10**12), s.deposit(BOB, 10**12))
    s.set_price(600_000)
    fills = [s.trade(ALICE, BOB, 1, 600_000, number) for number in range(1, 514)]
    s.expect([0] * 512 + [Status.MARKET_LIMIT], *fills)
    s.expect([0], s.trade(BOB, ALICE, 1, 600_000, 7))
    s.expect([0], s.trade(ALICE, BOB, 1, 600_000, 513))


@case
def there_are_1024_feeds_and_no_more(s):
    sources = [{"signer": GOVERNOR, "weight": 1}]
    feeds = [
        ("CreateFeed", {"feed": number, "params": s.feed_params(), "sources": sources})
        for number in range(2, 1_026)
    ]
    s.expect([0] * 1_023 + [Status.LIMIT], *feeds)


@case
def numbers_of_governance_have_the_bounds_that_the_rules_say(s):
    params = {"quorum": 1} | s.feed_params()
    feed = {"feed": 2, "params": params, "sources": [{"signer": GOVERNOR, "weight": 1}]}
    asset = {"asset": 9, "decimals": 6, "haircut_ppm": 0, "liability_ppm": 0, "value_divisor": 1}
    venue = {"profit_cap": 0, "valid_window_ms": 0, "paused": False, "track_account_volume": False}
    venue["domain"] = 0
    fees = [{"maker_ppm": 0, "taker_ppm": 0}]
    kinds = (LINEAR, INVERSE, DATED, OPTION)
    expiries = (0, 0, s.now_ms + HOUR_MS, s.now_ms + HOUR_MS)
    templates = [
        ("CreateFeed", feed),
        ("CreateAsset", asset | {"feed": 0}),
        ("SetVenueParams", venue),
    ]
    for kind, expiry in zip(kinds, expiries):
        templates.append(
            s.market(kind, kind, expiry_ms=expiry, fees=fees, host_matched=kind == DATED)
        )
    serial, statuses = 10, set()
    for kind, template in templates:
        made = []
        for tx in every_odd(template):
            serial += 1
            names = {"CreateFeed": "feed", "CreateAsset": "asset", "CreateMarket": "market"}
            if kind in names and kind != "CreateAsset":
                tx[names[kind]] = serial
            made.append((kind, tx))
        outcome = s.expect(None, *made)
        statuses |= {receipt.status for receipt in outcome.receipts}
    wanted = {0, Status.PARAM_RANGE, Status.MULT_NOT_INTEGER, Status.LIMIT, Status.EXISTS}
    equal(statuses, wanted - {Status.LIMIT})


def run_case(options, one):
    """What is wrong, or None."""
    scenario = None
    try:
        scenario = Scenario(options)
        one(scenario)
    except (AssertionError, Difference) as found:
        return found
    finally:
        if scenario is not None:
            scenario.run.venue.close()
    return None


def cases_differ(options):
    """The first thing that is wrong in some case, or None."""
    return next(filter(None, (run_case(options, one) for one in CASES)), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--schema", required=True)
    options = parser.parse_args()
    failed = 0
    for one in CASES:
        found = run_case(options, one)
        failed += found is not None
        print("FAILS:" if found else "holds:", one.__name__.replace("_", " "))
        if found is not None:
            traceback.print_exception(found, file=sys.stdout)
    print(f"{len(CASES) - failed} cases hold, {failed} fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
