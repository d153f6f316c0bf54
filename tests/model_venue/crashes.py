"""Crashes: leveraged accounts, prices that fall and rise, liquidators, a small insurance (R-LIQ,
R-LOSS)."""

import random

import world
from margin import assess
from rules import INVERSE, LOSS_SPREAD, Status
from scenario import MARKET, case

SMALL = [world.account_of(10 + i) for i in range(12)]
LARGE = [world.account_of(30 + i) for i in range(3)]


def weak_accounts(s):
    """Accounts below maintenance at the marks of the last block."""
    frame, accounts = s.run.model.frame, s.run.model.state.accounts
    for number in SMALL:
        account = accounts.get(number)
        if account is None:
            continue
        risk = assess(frame, number, account.cash, account.positions, 0)
        if account.positions and risk is not None and risk.equity < risk.maintenance:
            yield number


def crash(s, seed, **changes):
    """Random days; returns what happened, by name."""
    rng, seen = random.Random(seed), {"applied": 0, "partial": 0, "spread": 0}
    asset = changes.get("settlement_asset", world.USD)
    unit = 10**9 if asset == world.USD else 10**6
    s.expect([0], s.market(band_ppm=10**6, lot_step=rng.choice((1, 5)), **changes))
    s.expect([0] * 3, *(s.deposit(number, 10**6 * unit, asset) for number in LARGE))
    price = 600_000
    s.set_price(price)
    fund = {"account": LARGE[0], "asset": asset, "amount": unit // 50}
    s.expect([0], ("InsuranceDeposit", fund), signer=LARGE[0])
    for _ in range(40):
        for number in rng.sample(SMALL, 4):
            s.expect([0], s.deposit(number, rng.randint(1, unit), asset))
            lots = 5 * rng.randint(1, 1_000)
            pair = (number, LARGE[1]) if rng.random() < 0.5 else (LARGE[1], number)
            s.expect(None, s.trade(*pair, lots, price))
        price = max(100_000, price * rng.randint(85, 116) // 100)
        s.set_price(price)
        for number in weak_accounts(s):
            before = s.account(number).positions[MARKET].lots
            taker = rng.choice(LARGE)
            tx = {"account": number, "market": MARKET, "liquidator": taker}
            outcome = s.expect(None, ("Liquidate", tx), signer=taker)
            if outcome.receipts[0].status == Status.APPLIED:
                seen["applied"] += 1
                left = s.account(number).positions.get(MARKET)
                seen["partial"] += left is not None and abs(left.lots) < abs(before)
            seen["spread"] += sum(kind == LOSS_SPREAD for kind, _ in outcome.end)
    return seen


def everything_happened(seen):
    assert min(seen.values()) >= 3, f"a crash without {seen}"


@case
def a_crash_of_a_linear_market(s):
    everything_happened(crash(s, 1))


@case
def a_crash_where_brackets_rise(s):
    tiers = [{"notional_upper": 2 * 10**9, "maintenance_ppm": 20_000, "initial_ppm": 40_000}]
    tiers += [{"notional_upper": 2**62, "maintenance_ppm": 50_000, "initial_ppm": 90_000}]
    everything_happened(crash(s, 2, margin_tiers=tiers))


@case
def a_crash_of_an_inverse_market(s):
    inverse = {"kind": INVERSE, "settlement_asset": world.COIN, "multiplier": 10**9}
    everything_happened(crash(s, 3, **inverse))
