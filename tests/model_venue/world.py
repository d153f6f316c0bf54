"""The venue that random blocks play in: assets, feeds, kinds of markets, traders."""

import rules
from rules import ACTIVE, DATED, INVERSE, LINEAR, NO_PRICE, OPTION

START_MS = 1_700_000_000_000
GOVERNOR = rules.role_key(rules.GOVERNANCE, 1)
BRIDGE, MATCHER, ORACLE = (
    rules.role_key(role) for role in (rules.BRIDGE, rules.MATCHER, rules.ORACLE)
)
USD, COIN, TOKEN, OIL_UNIT = 0, 1, 2, 7
BTC_FEED, OIL_FEED, TOKEN_FEED = 1, 2, 3
TRADERS = 28


def account_of(owner, subaccount=0):
    return owner << 16 | subaccount


ORACLES = (account_of(900), account_of(901))


def traders():
    """Some owners have two subaccounts; the last two of the list never get an account on their
    own."""
    out = [account_of(100 + i) for i in range(TRADERS - 6)]
    return out + [account_of(100 + i, 1) for i in range(6)]


def feeds():
    params = {
        "max_ahead_ms": 1_000,
        "confidence_ppm": 100_000,
        "clamp_ppm": 5_000,
        "jump_ppm": 0,
        "allow_negative": False,
    }
    one = [{"signer": ORACLE, "weight": 1}]
    three = one + [{"signer": ORACLES[0], "weight": 2}, {"signer": ORACLES[1], "weight": 3}]
    return [
        {
            "feed": BTC_FEED,
            "params": params | {"quorum": 2, "max_age_ms": 600_000},
            "sources": three,
        },
        {
            "feed": OIL_FEED,
            "params": params
            | {"quorum": 1, "max_age_ms": 3_600_000, "jump_ppm": 200_000, "allow_negative": True},
            "sources": one,
        },
        {
            "feed": TOKEN_FEED,
            "params": params | {"quorum": 1, "max_age_ms": 90_000, "clamp_ppm": 20_000},
            "sources": three[:2],
        },
    ]


def assets():
    """USD, a coin, a token, plain ones to be dusty in, one whose price may be lost."""
    plain = {"decimals": 6, "haircut_ppm": 0, "liability_ppm": 0, "feed": 0, "value_divisor": 1}
    priced = plain | {"decimals": 8, "value_divisor": 1000}
    return [
        plain | {"asset": USD},
        priced | {"asset": COIN, "feed": BTC_FEED, "haircut_ppm": 50_000, "liability_ppm": 30_000},
        priced | {"asset": TOKEN, "feed": TOKEN_FEED, "haircut_ppm": 100_000, "liability_ppm": 1},
        *(plain | {"asset": asset, "haircut_ppm": 100_000 * asset} for asset in (3, 4, 5, 6)),
        priced | {"asset": OIL_UNIT, "feed": OIL_FEED},
    ]


def random_tiers(rng):
    """Brackets that rise, of notionals that traders reach."""
    tiers, upper, maintenance, initial = [], 0, rng.randint(5_000, 60_000), 0
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        upper += rng.randint(1, 4 * 10**9)
        initial = max(initial, min(10**6, maintenance + rng.randint(0, 90_000)))
        tiers.append(
            {"notional_upper": upper, "maintenance_ppm": maintenance, "initial_ppm": initial}
        )
        maintenance = min(initial, maintenance + rng.randint(0, 50_000))
    if rng.random() < 0.7:
        tiers[-1]["notional_upper"] = 2**63 - 1
    return tiers


def random_params(rng, terms):
    kind, lower = terms["kind"], rng.randint(0, 10**10)
    band, floor = rng.choice((0, 0, 30)), rng.choice((0, 0, rng.randint(0, 10**6)))
    if terms["allow_negative"]:
        band = rng.choice((5, 30))
        floor = band * terms["multiplier"] + rng.randint(0, 10**5)
    return {
        "band_ticks": band,
        "initial_floor": floor,
        "maintenance_floor": rng.randint(min(floor, 1), floor),
        "margin_tiers": random_tiers(rng),
        "funding": {
            "interval_ms": rng.choice((0, 1_000, 60_000, 3_600_000)),
            "interest_ppb": rng.randint(-200_000, 300_000),
            "clamp_ppb": rng.randint(0, 1_000_000),
            "cap_ppb": rng.choice((1, 10**6, 10**8, 10**9)),
        },
        "max_price": 10_000_000,
        "max_position_lots": rng.choice((2_000, 10**6, 10**9)),
        "oi_cap_lots": rng.choice((0, 0, 0, 2_000)),
        "oi_margin_lower": lower,
        "oi_margin_upper": rng.choice((0, 0, lower + rng.randint(1, 10**11))),
        "min_notional": rng.choice((0, 0, 1, 10**7)),
        "band_ppm": rng.choice((20_000, 50_000, 100_000)) if kind != OPTION else 1_000_000,
        "option_floor_ppm": rng.randint(0, 100_000),
        "ema_decay_q32": rng.choice((0, 4_266_429_412, rng.randint(0, 2**32 - 1))),
    }


def random_fees(rng):
    tiers = []
    for _ in range(rng.choice((0, 1, 1, 2, 8))):
        maker = rng.randint(-200, 300)
        tiers.append({"maker_ppm": maker, "taker_ppm": max(200, rng.randint(0, 900))})
    return tiers


def random_terms(rng, kind, now_ms):
    perpetual = kind in (LINEAR, INVERSE)
    oil = kind == LINEAR and rng.random() < 0.3
    token = kind in (LINEAR, DATED) and not oil and rng.random() < 0.15
    terms = {
        "kind": kind,
        "option_side": rng.randint(0, 1) if kind == OPTION else 0,
        "allow_negative": oil,
        "host_matched": rng.random() < 0.15,
        "settlement_asset": COIN if kind == INVERSE else TOKEN if token else USD,
        "feed": OIL_FEED if oil else BTC_FEED,
        "multiplier": rng.choice((10**9, 400_000)) if kind == INVERSE else 1_000 if oil else 10,
        "lot_step": rng.choice((1, 1, 1, 10)),
        "price_step": rng.choice((1, 1, 1, 5)),
        "strike": rng.randint(400_000, 800_000) if kind == OPTION else 0,
        "expiry_ms": 0 if perpetual else now_ms + rng.randint(60_000, 36_000_000),
        "settle_window_ms": rng.choice((1, 60_000, 1_800_000)),
        "settle_interval_ms": rng.choice((0, 600_000, 3_600_000)) if kind == DATED else 0,
    }
    return terms


def random_market(rng, number, kind, now_ms):
    terms = random_terms(rng, kind, now_ms)
    return {
        "market": number,
        "terms": terms,
        "params": random_params(rng, terms),
        "fees": random_fees(rng),
        "status": ACTIVE,
    }


def tiny_market(number):
    """Inverse contracts of which one is worth less than a quantum."""
    market = extreme_market(number)
    market["terms"] |= {"kind": INVERSE, "settlement_asset": COIN, "multiplier": 10}
    market["fees"] = []
    return market


def extreme_market(number):
    """Where money leaves 128 bits."""
    params = {
        "margin_tiers": [{"notional_upper": 1, "maintenance_ppm": 1, "initial_ppm": 10**6}],
        "funding": {
            "interval_ms": 1_000,
            "interest_ppb": 10**9,
            "clamp_ppb": 10**9,
            "cap_ppb": 10**9,
        },
        "max_price": 2**40,
        "max_position_lots": 2**15,
        "oi_cap_lots": 0,
        "oi_margin_lower": 0,
        "oi_margin_upper": 2**62,
        "min_notional": 0,
        "band_ppm": 1_000_000,
        "option_floor_ppm": 0,
        "ema_decay_q32": 0,
        "band_ticks": 0,
        "initial_floor": 0,
        "maintenance_floor": 0,
    }
    terms = {
        "kind": LINEAR,
        "option_side": 0,
        "allow_negative": False,
        "host_matched": False,
        "settlement_asset": USD,
        "feed": BTC_FEED,
        "multiplier": 2**30,
        "lot_step": 1,
        "price_step": 1,
        "strike": 0,
        "expiry_ms": 0,
        "settle_window_ms": 0,
        "settle_interval_ms": 0,
    }
    fees = [{"maker_ppm": -500_000, "taker_ppm": 1_000_000}]
    return {"market": number, "terms": terms, "params": params, "fees": fees, "status": ACTIVE}


def no_book(number, sequence):
    names = ("best_bid", "best_ask", "last", "impact_bid", "impact_ask", "external")
    return dict.fromkeys(names, NO_PRICE) | {"market": number, "sequence": sequence}
