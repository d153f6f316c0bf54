"""Cases after the faults that an audit of the venue found, with numbers written by hand."""

import world
from rules import DATED, FUNDING_APPLIED, HALTED, HOUR_MS, INVERSE, MARKET_SETTLED, Status
from scenario import (
    ALICE,
    BOB,
    MARKET,
    case,
    equal,
    events_of,
    inverse_perpetual,
    second_feed,
)
from world import GOVERNOR


def withdrawal(number, amount, asset=world.USD):
    return "Withdraw", {"account": number, "asset": asset, "amount": amount}


def open_pair(s, lots, deposit, price=600_000, **changes):
    """Alice buys from Bob, who is rich."""
    s.expect([0, 0, 0], s.market(**changes), s.deposit(ALICE, deposit), s.deposit(BOB, 10**13))
    s.set_price(price)
    s.expect([0], s.trade(ALICE, BOB, lots, price))


@case
def a_long_inverse_position_is_worth_the_floor(s):
    inverse_perpetual(s, 10**6)
    s.expect([0], s.trade(ALICE, BOB, 1_000, 600_000))
    s.set_price(500_001)
    # 10^12 / 500,001 is 1,999,996.0...: she owes 1,999,997 and got 1,666,666; IM is 200,000.
    s.expect([Status.MARGIN], withdrawal(ALICE, 10**6 - 533_330, world.COIN), signer=ALICE)
    s.expect([0], withdrawal(ALICE, 10**6 - 533_331, world.COIN), signer=ALICE)


@case
def time_of_a_silent_feed_is_not_averaged(s):
    expiry = s.now_ms + 2 * HOUR_MS
    second_feed(s, 250_000)
    market = s.market(kind=DATED, expiry_ms=expiry, settle_window_ms=1_000_000, feed=2)
    s.expect([0, 0], market, s.deposit(ALICE, 1))

    def tick(price, elapsed_ms):
        kind, update = s.price(price, elapsed_ms)
        return s.expect([0], (kind, update | {"feed": 2}), elapsed_ms=elapsed_ms)

    tick(600_000, expiry - 1_000_000 - s.now_ms)
    tick(900_000, 250_000)  # 250 s at 600,000
    s.expect([], elapsed_ms=300_000)  # the feed is silent
    tick(700_000, 50_000)  # it was so until now
    tick(800_000, 250_000)  # 250 s at 700,000
    outcome = tick(100, 160_000)  # the last 150 s at 800,000
    price = (250 * 600_000 + 250 * 700_000 + 150 * 800_000) // 650
    equal(events_of(outcome, MARKET_SETTLED), [{"market": MARKET, "price": price}])


@case
def less_than_half_of_a_window_says_nothing_and_governance_settles(s):
    expiry = s.now_ms + 2 * HOUR_MS
    second_feed(s, 400_000)
    s.expect([0], s.market(kind=DATED, expiry_ms=expiry, settle_window_ms=1_000_000, feed=2))

    def tick(price, elapsed_ms):
        kind, update = s.price(price, elapsed_ms)
        return s.expect([0], (kind, update | {"feed": 2}), elapsed_ms=elapsed_ms)

    tick(600_000, expiry - 1_000_000 - s.now_ms)
    tick(900_000, 250_000)
    s.expect([], elapsed_ms=450_000)  # silent
    settle = "SettleMarket", {"market": MARKET, "price": 700_000}
    s.expect([Status.TRANSITION], settle)
    equal(events_of(tick(800_000, 400_000), MARKET_SETTLED), [])
    s.expect([0], settle)
    equal(events_of(s.expect([]), MARKET_SETTLED), [{"market": MARKET, "price": 700_000}])


@case
def an_old_price_backs_no_fill(s):
    second_feed(s, 40 * HOUR_MS)
    coins = s.deposit(ALICE, 10**9, world.COIN)
    s.expect([0] * 3, s.market(feed=2), coins, s.deposit(BOB, 10**13))
    s.set_price(600_000)  # of coins: good for 20 hours
    kind, update = s.price(600_000)
    s.expect([0], (kind, update | {"feed": 2}))
    s.expect([0], s.trade(ALICE, BOB, 10, 600_000))
    s.expect([], elapsed_ms=21 * HOUR_MS)
    s.expect([Status.MARGIN_TAKER], s.trade(ALICE, BOB, 10, 600_000))


@case
def the_ends_of_a_band_are_prices(s):
    changes = {"band_ppm": 50_000, "band_ticks": 7}
    s.expect([0, 0, 0], s.market(**changes), s.deposit(ALICE, 10**12), s.deposit(BOB, 10**12))
    s.set_price(600_000)
    s.expect([Status.PRICE_BAND], s.trade(ALICE, BOB, 1, 630_008))
    s.expect([0, 0], s.trade(ALICE, BOB, 1, 630_007), s.trade(ALICE, BOB, 1, 569_993))
    s.expect([Status.PRICE_BAND], s.trade(ALICE, BOB, 1, 569_992))


@case
def what_is_left_of_a_market_is_paid_out_and_its_number_is_free(s):
    open_pair(s, 10, 10**12, fees=[{"maker_ppm": 0, "taker_ppm": 100}])
    status, gone = {"market": MARKET, "status": HALTED}, ("DelistMarket", {"market": MARKET})
    s.expect([0, Status.NOT_SETTLED], ("SetMarketStatus", status), gone)
    settle = "SettleMarket", {"market": MARKET, "price": 700_000}
    s.expect([0], settle)
    equal(events_of(s.expect([]), MARKET_SETTLED), [{"market": MARKET, "price": 700_000}])
    s.expect([Status.TRANSITION, Status.OPEN_POSITIONS], settle, gone)
    close = "SettleBatch", {"market": MARKET, "accounts": [ALICE, BOB]}
    s.expect([0], close)
    fee = 10 * 600_000 * 10 * 100 // 10**6
    equal(s.cash(ALICE), 10**12 + 10 * 100_000 * 10 - fee)
    payment = {"source": 0, "market": MARKET, "asset": world.USD, "to": ALICE}
    too_much = "PayOut", payment | {"amount": fee + 1}
    s.expect([Status.INSUFFICIENT_CASH, 0], too_much, ("PayOut", payment | {"amount": 100}))
    s.expect([0], gone)
    equal(s.run.model.state.insurance, {world.USD: fee - 100})
    s.expect([Status.MARKET_UNKNOWN], gone)
    s.expect([0], s.market())


@case
def dust_is_paid_out_once(s):
    funding = {"interval_ms": HOUR_MS, "interest_ppb": 10**5, "clamp_ppb": 10**6, "cap_ppb": 10**9}
    s.expect([0, 0, 0], s.market(funding=funding), s.deposit(ALICE, 10**11), s.deposit(BOB, 10**11))
    s.now_ms = s.now_ms // HOUR_MS * HOUR_MS + HOUR_MS - 1
    s.set_price(600_001)
    s.expect([0], s.trade(ALICE, BOB, 1, 600_001))
    s.set_price(600_001, HOUR_MS)
    s.expect([0], s.trade(BOB, ALICE, 1, 600_001))  # both leave a fraction: one quantum
    payment = {"source": 1, "market": MARKET, "asset": world.USD, "to": ALICE, "amount": 1}
    s.expect([0, Status.INSUFFICIENT_CASH], ("PayOut", payment), ("PayOut", payment))
    s.expect([0], ("SetMarketStatus", {"market": MARKET, "status": HALTED}))
    s.expect([0], ("SettleMarket", {"market": MARKET, "price": 600_000}))
    s.expect([0], ("DelistMarket", {"market": MARKET}))
    equal(s.run.model.state.insurance.get(world.USD, 0), 0)


@case
def orders_have_a_side_a_venue_and_one_identity(s):
    s.expect([0, 0, 0], s.market(), s.deposit(ALICE, 10**12), s.deposit(BOB, 10**12))
    s.set_price(600_000)
    kind, fill = s.trade(ALICE, BOB, 2, 600_000)
    order = fill["buyer"]
    s.expect([Status.SIDE], (kind, fill | {"buyer": order | {"side": 1}}))
    s.expect([Status.ORDER_DOMAIN], (kind, fill | {"buyer": order | {"domain": 2}}))
    s.expect([0], (kind, fill))
    replaced = order | {"lots": 3, "limit_price": 700_000}
    again = s.trade(ALICE, BOB, 2, 600_000)[1] | {"buyer": replaced}
    s.expect([Status.OVERFILL], (kind, again))
    s.expect([0], (kind, again | {"lots": 1}))


@case
def cash_does_not_leave_while_a_jump_waits(s):
    sources = [{"signer": world.ORACLE, "weight": 1}]
    feed = {"feed": 2, "params": s.feed_params(jump_ppm=100_000), "sources": sources}
    s.expect([0], ("CreateFeed", feed))

    def tick(price):
        kind, update = s.price(price)
        return s.expect([0], (kind, update | {"feed": 2}))

    s.expect([0, 0, 0], s.market(feed=2), s.deposit(ALICE, 10**9), s.deposit(BOB, 10**12))
    tick(600_000)
    s.expect([0], s.trade(ALICE, BOB, 100, 600_000))
    tick(420_000)
    equal(s.run.model.state.markets[MARKET].mark, 600_000)
    s.expect([Status.ORACLE_STALE], withdrawal(ALICE, 1), signer=ALICE)
    s.expect([Status.ORACLE_STALE], s.trade(ALICE, BOB, 1, 600_000))
    tick(300_000)  # both ticks agree on 420,000, and no further
    equal(s.run.model.state.markets[MARKET].mark, 420_000)
    s.expect([Status.ORACLE_STALE], withdrawal(ALICE, 1), signer=ALICE)
    tick(419_000)
    # 6 * 10^8 less 1.81 * 10^8 of loss; IM is a tenth of 4.19 * 10^8.
    s.expect([0], withdrawal(ALICE, 10**9 - 181 * 10**6 - 419 * 10**5), signer=ALICE)
    s.expect([Status.MARGIN], withdrawal(ALICE, 1), signer=ALICE)


@case
def an_owner_does_not_undo_the_freeze_of_the_venue(s):
    sibling = ALICE + 1
    s.expect([0, 0], s.deposit(ALICE, 10), s.deposit(sibling, 10))
    freeze = {"account": ALICE, "frozen": True}
    thaw = {"account": ALICE, "frozen": False}
    s.expect([0], ("SetFrozen", freeze), signer=GOVERNOR)
    s.expect([0], ("SetFrozen", thaw), signer=sibling)
    s.expect([Status.ACCOUNT_FROZEN], withdrawal(ALICE, 1), signer=sibling)
    s.expect([0], ("SetFrozen", thaw), signer=GOVERNOR)
    s.expect([0], withdrawal(ALICE, 1), signer=sibling)
    s.expect([0], ("SetFrozen", freeze), signer=ALICE)
    s.expect([0], ("SetFrozen", thaw), signer=GOVERNOR)
    s.expect([Status.ACCOUNT_FROZEN], withdrawal(ALICE, 1), signer=sibling)
    s.expect([0], ("SetFrozen", thaw), signer=ALICE)
    s.expect([0], withdrawal(ALICE, 1), signer=ALICE)


@case
def a_pause_stops_fills_and_no_cancel(s):
    s.expect([0, 0, 0], s.market(), s.deposit(ALICE, 10**9), s.deposit(BOB, 10**9))
    s.set_price(600_000)
    venue = {
        "profit_cap": 0,
        "valid_window_ms": HOUR_MS,
        "track_account_volume": False,
        "domain": 1,
    }
    s.expect([0], ("SetVenueParams", venue | {"paused": True}))
    fill = s.trade(ALICE, BOB, 1, 600_000)
    s.expect([Status.PAUSED], fill)
    s.expect([0], ("CancelOrders", {"account": ALICE, "salt_below": s.serial + 1}), signer=ALICE)
    s.expect([0], ("SetVenueParams", venue | {"paused": False}))
    s.expect([Status.ORDER_CANCELLED], fill)


@case
def the_smallest_size_does_not_hinder_closing(s):
    open_pair(s, 10, 10**9, min_notional=6 * 10**7)
    s.set_price(480_000)
    s.expect([Status.MIN_NOTIONAL], s.trade(ALICE, BOB, 1, 480_000))
    s.expect([0], s.trade(BOB, ALICE, 10, 480_000))


@case
def an_insolvent_account_may_close_at_the_mark_and_gives_nothing_away(s):
    open_pair(s, 1_000, 10**9)
    s.set_price(450_000)  # 1.5 * 10^9 are lost of 10^9
    s.expect([Status.MARGIN_MAKER], s.trade(BOB, ALICE, 500, 449_999))
    s.expect([0], s.trade(BOB, ALICE, 500, 450_000))
    s.expect([0], s.trade(BOB, ALICE, 500, 450_000))
    equal(s.cash(ALICE), -5 * 10**8)


@case
def below_maintenance_nothing_is_given_away(s):
    open_pair(s, 1_000, 10**9)
    s.set_price(520_000)  # equity 2 * 10^8, maintenance 2.6 * 10^8
    s.expect([Status.MARGIN_MAKER], s.trade(BOB, ALICE, 500, 500_000))
    s.expect([0], s.trade(BOB, ALICE, 500, 520_000))


@case
def a_book_does_not_act_on_the_time_before_it(s):
    funding = {"interval_ms": HOUR_MS, "interest_ppb": 0, "clamp_ppb": 0, "cap_ppb": 10**9}
    open_pair(s, 1, 10**12, funding=funding)
    start = s.now_ms // HOUR_MS * HOUR_MS + HOUR_MS
    s.set_price(600_000, start - s.now_ms)
    book = world.no_book(MARKET, 1) | {"impact_bid": 1_200_000, "impact_ask": 1_200_000}
    update = s.price(600_000, 50 * 60_000)
    s.expect([0, 0], ("BookUpdate", book), update, elapsed_ms=50 * 60_000)
    s.expect([0], ("BookUpdate", world.no_book(MARKET, 2)), elapsed_ms=36_000)
    outcome = s.set_price(600_000, start + HOUR_MS - s.now_ms)
    # 100 % for 36 s of an hour is 1 %.
    equal([event["rate_ppb"] for event in events_of(outcome, FUNDING_APPLIED)], [10**7])


@case
def nothing_is_charged_for_a_halt(s):
    funding = {"interval_ms": HOUR_MS, "interest_ppb": 10**6, "clamp_ppb": 10**6, "cap_ppb": 10**9}
    open_pair(s, 1, 10**12, funding=funding)
    start = s.now_ms // HOUR_MS * HOUR_MS + HOUR_MS
    s.set_price(600_000, start - s.now_ms)
    s.expect([0], ("SetMarketStatus", {"market": MARKET, "status": HALTED}))
    s.expect([])  # from here on the clock stands
    for _ in range(5):
        equal(events_of(s.set_price(600_000, HOUR_MS), FUNDING_APPLIED), [])
    s.expect([0], ("SetMarketStatus", {"market": MARKET, "status": 0}))
    s.set_price(600_000)  # from here on it runs
    outcome = s.set_price(600_000, start + 6 * HOUR_MS - s.now_ms)
    charged = 2 + HOUR_MS - 4
    full = 6_000_000 * 2**32 // 1_000
    delta = events_of(outcome, FUNDING_APPLIED)[0]["delta_q32"]
    equal(delta, full * charged // (8 * HOUR_MS))


@case
def a_future_of_the_first_interval_has_its_first_settlement(s):
    expiry = s.now_ms + 10 * HOUR_MS
    open_pair(s, 100, 10**12, kind=DATED, expiry_ms=expiry, settle_interval_ms=HOUR_MS)
    s.set_price(610_000, HOUR_MS)
    realise = ("RealisePnl", {"account": ALICE, "market": MARKET})
    s.expect([0], realise, signer=ALICE)
    equal(s.cash(ALICE), 10**12 + 10_000 * 100 * 10)


@case
def an_asset_that_is_gone_makes_room_in_every_check(s):
    assets = [
        {"asset": asset, "decimals": 0, "haircut_ppm": 0, "liability_ppm": 0}
        for asset in range(2, 8)
    ]
    s.expect([0] * 6, *(("CreateAsset", a | {"feed": 0, "value_divisor": 1}) for a in assets))
    s.expect([0] * 6, *(s.deposit(ALICE, 1, asset) for asset in range(2, 8)))
    s.expect([0] * 6, *(withdrawal(ALICE, 1, asset) for asset in range(2, 8)), signer=ALICE)
    equal(s.account(ALICE).cash, {})
    s.expect([0], s.deposit(ALICE, 5, 7))
    s.expect([0], withdrawal(ALICE, 5, 7), signer=ALICE)


@case
def after_a_downtime_one_hour_is_charged(s):
    funding = {"interval_ms": HOUR_MS, "interest_ppb": 10**6, "clamp_ppb": 10**6, "cap_ppb": 10**9}
    open_pair(s, 1, 10**12, funding=funding)
    s.set_price(600_000, s.now_ms // HOUR_MS * HOUR_MS + HOUR_MS - s.now_ms)
    outcome = s.set_price(600_000, 5 * HOUR_MS)
    delta = events_of(outcome, FUNDING_APPLIED)[0]["delta_q32"]
    equal(delta, 750 * 2**32)  # 0.1 % of 6,000,000 quanta in 8 hours


@case
def two_ticks_upwards_agree_on_the_lower_one(s):
    sources = [{"signer": world.ORACLE, "weight": 1}]
    feed = {"feed": 2, "params": s.feed_params(jump_ppm=100_000), "sources": sources}
    s.expect([0], ("CreateFeed", feed))
    for price, index in ((600_000, 600_000), (800_000, 600_000), (900_000, 800_000)):
        kind, update = s.price(price)
        s.expect([0], (kind, update | {"feed": 2}))
        equal(s.run.model.state.feeds[2].index, index)
    kind, update = s.price(500_000)  # the other side: it waits anew
    s.expect([0], (kind, update | {"feed": 2}))
    equal(s.run.model.state.feeds[2].pending, 500_000)


@case
def a_debt_at_an_old_price_bars_new_risk(s):
    sources = [{"signer": world.ORACLE, "weight": 1}]
    feed = {"feed": 2, "params": s.feed_params(), "sources": sources}
    s.expect([0], ("CreateFeed", feed))
    s.expect(
        [0, 0, 0, 0, 0],
        s.market(1, kind=INVERSE, settlement_asset=world.COIN, multiplier=10**9),
        s.market(2, feed=2),
        s.deposit(ALICE, 10**12),
        s.deposit(BOB, 10**12, world.COIN),
        s.deposit(BOB, 10**12),
    )
    s.set_price(600_000)
    s.expect([0], s.trade(ALICE, BOB, 1_000, 600_000))
    s.expect([0], s.trade(BOB, ALICE, 1_000, 599_000))
    equal(s.cash(ALICE, world.COIN), 1_666_666 - 1_669_449)
    kind, update = s.price(600_000, 21 * HOUR_MS)
    s.expect([0], (kind, update | {"feed": 2}), elapsed_ms=21 * HOUR_MS)
    s.expect([Status.ORACLE_STALE], s.trade(ALICE, BOB, 1, 600_000, 2))
    s.expect([0, 0], s.price(600_000), (kind, s.price(600_000)[1] | {"feed": 2}))
    s.expect([0], s.trade(ALICE, BOB, 1, 600_000, 2))


@case
def accounts_of_one_owner_hold_together_what_one_may(s):
    tiers = [{"notional_upper": 6 * 10**8, "maintenance_ppm": 50_000, "initial_ppm": 100_000}]
    tiers += [{"notional_upper": 2**62, "maintenance_ppm": 250_000, "initial_ppm": 500_000}]
    open_pair(s, 100, 10**9, margin_tiers=tiers, max_position_lots=200)
    second = ALICE + 1
    s.expect([0], s.deposit(second, 180_000_000 - 1))  # half of 60,000,000 + 300,000,000
    s.expect([Status.MARGIN_TAKER], s.trade(second, BOB, 100, 600_000))
    s.expect([0, 0], s.deposit(second, 1), s.trade(second, BOB, 100, 600_000))
    s.expect([0], s.deposit(second, 10**9))
    s.expect([Status.POSITION_LIMIT], s.trade(second, BOB, 1, 600_000))
    s.expect([0], s.trade(second, ALICE, 50, 600_000))
    s.expect([0], s.trade(BOB, second, 150, 600_000))


@case
def an_account_below_maintenance_is_taken_over_as_little_as_heals_it(s):
    carol = world.account_of(3)
    open_pair(s, 1_000, 600_000_000)
    s.expect([0], s.deposit(carol, 10**12))
    take = "Liquidate", {"account": ALICE, "market": MARKET, "liquidator": carol}
    s.expect([Status.HEALTHY], take, signer=carol)
    s.set_price(560_000)  # 200,000,000 against 280,000,000: a lot frees 280,000, and costs half
    s.expect([Status.UNAUTHORISED], take, signer=ALICE)
    s.expect([0], take, signer=carol)
    lots = -(-80_000_000 // 140_000)
    equal(s.account(ALICE).positions[MARKET].lots, 1_000 - lots)
    equal(s.run.model.state.insurance[world.USD], lots * 140_000 // 2)
    s.expect([Status.HEALTHY], take, signer=carol)
    s.set_price(400_000)  # insolvent: all of it, for nothing, and the insurance pays
    s.expect([0], take, signer=carol)
    equal(s.account(ALICE).positions, {})
    equal(s.cash(ALICE), 0)
    loss = (1_000 - lots) * 1_600_000 + lots * 140_000 // 2 - 200_000_000
    equal(s.run.model.state.markets[MARKET].social_index, -(-loss * 2**32 // 2_000))


@case
def a_loss_that_nobody_can_bear_is_a_bad_debt(s):
    open_pair(s, 1_000, 600_000_000)
    s.set_price(530_000)
    take = "Liquidate", {"account": ALICE, "market": MARKET, "liquidator": BOB}
    s.expect([0], take, signer=BOB)
    equal(s.run.model.state.bad_debts, {world.USD: 100_000_000})
