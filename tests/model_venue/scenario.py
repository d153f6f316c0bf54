"""What small cases are written with: a venue with dollars, a coin, one feed, and model and venue
side by side."""

import world
from check_venue import Run
from rules import BUY, DATED, HOUR_MS, INVERSE, LINEAR, OPTION, SELL, Status
from world import BRIDGE, GOVERNOR, MATCHER, ORACLE

ALICE, BOB = world.account_of(1), world.account_of(2)
FEED, MARKET = 1, 1
APPLIED = Status.APPLIED
SIGNERS = {"Deposit": BRIDGE, "Trade": MATCHER, "Batch": MATCHER, "OracleUpdate": ORACLE}
SIGNERS["BookUpdate"] = ORACLE
CASES = []


def case(function):
    CASES.append(function)
    return function


class Scenario:
    """A venue with dollars, a coin and one feed of one source; it begins at a full hour."""

    def __init__(self, options):
        self.run = Run(options)
        self.now_ms = world.START_MS // HOUR_MS * HOUR_MS
        self.height = self.serial = 0
        sources = [{"signer": ORACLE, "weight": 1}]
        feed = {"feed": FEED, "params": self.feed_params(), "sources": sources}
        coin = {"decimals": 8, "haircut_ppm": 0, "liability_ppm": 0, "value_divisor": 1000}
        dollar = {"decimals": 6, "haircut_ppm": 0, "liability_ppm": 0, "value_divisor": 1}
        venue = {"valid_window_ms": 40 * HOUR_MS, "paused": False, "track_account_volume": False}
        venue |= {"domain": 1}
        self.expect(
            [APPLIED] * 4,
            ("CreateFeed", feed),
            ("CreateAsset", dollar | {"asset": world.USD, "feed": 0}),
            ("CreateAsset", coin | {"asset": world.COIN, "feed": FEED}),
            ("SetVenueParams", venue | {"profit_cap": 10**12}),
        )

    @staticmethod
    def feed_params(**changes):
        params = {"quorum": 1, "max_age_ms": 20 * HOUR_MS, "max_ahead_ms": 0, "jump_ppm": 0}
        params |= {"confidence_ppm": 0, "clamp_ppm": 5_000, "allow_negative": False}
        return params | changes

    @staticmethod
    def market(number=MARKET, kind=LINEAR, **changes):
        """5 % maintenance, 10 % initial margin, no fees, unless told otherwise."""
        terms = {"kind": kind, "option_side": 0, "allow_negative": False, "host_matched": False}
        terms |= {"settlement_asset": world.USD, "feed": FEED, "multiplier": 10, "lot_step": 1}
        terms |= {"price_step": 1, "strike": 0, "expiry_ms": 0, "settle_window_ms": 0}
        terms |= {"settle_interval_ms": 0}
        tier = {"notional_upper": 2**62, "maintenance_ppm": 50_000, "initial_ppm": 100_000}
        funding = {"interval_ms": 0, "interest_ppb": 0, "clamp_ppb": 0, "cap_ppb": 10**9}
        params = {"margin_tiers": [tier], "funding": funding, "max_price": 10_000_000}
        params |= {"max_position_lots": 10**9, "oi_cap_lots": 0, "oi_margin_lower": 0}
        params |= {"oi_margin_upper": 0, "min_notional": 0, "band_ppm": 1_000_000}
        params |= {"option_floor_ppm": 0, "ema_decay_q32": 0, "band_ticks": 0}
        params |= {"maintenance_floor": 0, "initial_floor": 0}
        terms["settle_window_ms"] = 1 if kind in (DATED, OPTION) else 0
        tx = {"market": number, "terms": terms, "params": params, "fees": [], "status": 0}
        for name, value in changes.items():
            place = next(part for part in (terms, params, tx) if name in part)
            place[name] = value
        return "CreateMarket", tx

    def expect(self, statuses, *payloads, elapsed_ms=0, signer=None, limit=2**64 - 1):
        """One block, whose transactions get these statuses; None: those of the model."""
        self.now_ms += elapsed_ms or 1
        self.height += 1
        transactions = []
        for kind, payload in payloads:
            self.serial += 1
            by = SIGNERS.get(kind, GOVERNOR) if signer is None else signer
            envelope = {"signer": by, "nonce": self.serial, "valid_until_ms": self.now_ms}
            transactions.append({"envelope": envelope, "payload_type": kind, "payload": payload})
        block = {"height": self.height, "time_ms": self.now_ms, "weight_limit": limit}
        self.run.step(block | {"transactions": transactions}, everything=True)
        outcome = self.run.outcome
        if statuses is not None:
            equal([receipt.status for receipt in outcome.receipts], statuses)
        return outcome

    def price(self, price, elapsed_ms=0, source=0, publish_ms=None):
        self.serial += 1
        publish_ms = self.now_ms + (elapsed_ms or 1) if publish_ms is None else publish_ms
        update = {"feed": FEED, "source": source, "price": price, "confidence": 0}
        update |= {"publish_time_ms": publish_ms, "sequence": self.serial}
        return "OracleUpdate", update

    def set_price(self, price, elapsed_ms=0):
        return self.expect([APPLIED], self.price(price, elapsed_ms), elapsed_ms=elapsed_ms)

    def deposit(self, number, amount, asset=world.USD):
        self.serial += 1
        tx = {"account": number, "asset": asset, "amount": amount, "reference": self.serial}
        return "Deposit", tx

    def order(self, number, lots, price, market, side):
        self.serial += 1
        order = {"account": number, "market": market, "limit_price": price, "lots": lots}
        order |= {"max_fee_ppm": 10**6, "reduce_only": False, "good_til_ms": self.now_ms + HOUR_MS}
        return order | {"salt": self.serial, "domain": 1, "side": side}

    def trade(self, buyer, seller, lots, price, market=MARKET):
        return "Trade", {
            "buyer": self.order(buyer, lots, price, market, BUY),
            "seller": self.order(seller, lots, price, market, SELL),
            "buyer_is_taker": True,
            "lots": lots,
            "price": price,
        }

    def account(self, number):
        return self.run.model.state.accounts[number]

    def cash(self, number, asset=world.USD):
        return self.account(number).cash.get(asset, 0)


def inverse_perpetual(s, alice=10**9):
    """Alice and Bob have coins, and an inverse perpetual at 600,000."""
    market = s.market(kind=INVERSE, settlement_asset=world.COIN, multiplier=10**9)
    coins = [s.deposit(ALICE, alice, world.COIN), s.deposit(BOB, 10**9, world.COIN)]
    s.expect([APPLIED] * 3, market, *coins)
    s.set_price(600_000)


def second_feed(s, max_age_ms):
    sources = [{"signer": ORACLE, "weight": 1}]
    params = s.feed_params(max_age_ms=max_age_ms)
    s.expect([APPLIED], ("CreateFeed", {"feed": 2, "params": params, "sources": sources}))


def equal(found, wanted):
    assert found == wanted, f"{found} instead of {wanted}"


def events_of(outcome, kind):
    return [fields for event, fields in outcome.begin if event == kind]
