"""What governance sets, and within which bounds. It takes effect with the next block."""

from rules import (
    ACTIVE,
    CLOSING,
    DATED,
    DAY_MS,
    FEE_TIERS,
    FEED_SOURCES,
    FROZEN,
    HALTED,
    INVERSE,
    LARGEST_FLOOR,
    LISTED_FEEDS,
    LISTED_MARKETS,
    LONGEST_WINDOW_MS,
    MARGIN_TIERS,
    MAX_ASSETS,
    MAX_FEEDS,
    MAX_LOTS,
    MAX_MARKETS,
    MAX_PRICE,
    OPTION,
    POSITION_VALUE,
    PPB,
    PPM,
    PUT,
    REDUCE_ONLY,
    SETTLED,
    Status,
    require,
)
from state import Feed, Market, Source


def require_range(*triples):
    """Of (number, lowest, highest)."""
    inside = all(low <= number <= high for number, low, high in triples)
    require(inside, Status.PARAM_RANGE)


def create_asset(frame, _, tx):
    require_range(
        (tx["asset"], 0, MAX_ASSETS - 1),
        (tx["haircut_ppm"], 0, PPM),
        (tx["liability_ppm"], 0, 10 * PPM),
        (tx["value_divisor"], 1, 2**60),
    )
    require(tx["asset"] not in frame.state.assets, Status.EXISTS)
    require(tx["feed"] == 0 or tx["feed"] in frame.state.feeds, Status.FEED_UNKNOWN)
    frame.journal.put(frame.state.assets, tx["asset"], tx)


def create_feed(frame, _, tx):
    params, sources = tx["params"], tx["sources"]
    require_range(
        (tx["feed"], 1, MAX_FEEDS - 1),
        (len(sources), 1, FEED_SOURCES),
        (params["quorum"], 1, len(sources)),
        (params["max_age_ms"], 1, 2**63),
        (params["max_ahead_ms"], 0, DAY_MS),
        (params["confidence_ppm"], 0, PPM),
        (params["clamp_ppm"], 0, PPM),
        (params["jump_ppm"], 0, 100 * PPM),
        *((source["weight"], 1, 2**32) for source in sources),
    )
    feeds = frame.state.feeds
    require(tx["feed"] not in feeds, Status.EXISTS)
    require(len(feeds) < LISTED_FEEDS, Status.LIMIT)
    made = [Source(source["signer"], source["weight"]) for source in sources]
    frame.journal.put(feeds, tx["feed"], Feed(params, made))


def check_terms(terms):
    kind = terms["kind"]
    # A payoff has to be whole quanta, and to stay within its bits.
    whole = 1 <= terms["multiplier"] <= (2**62 if kind == INVERSE else 2**30)
    require(whole, Status.MULT_NOT_INTEGER)
    dated = kind in (DATED, OPTION)
    require_range(
        (kind, 0, OPTION),
        (terms["option_side"], 0, PUT),
        (terms["settlement_asset"], 0, MAX_ASSETS - 1),
        (terms["lot_step"], 1, 2**32 - 1),
        (terms["price_step"], 1, MAX_PRICE),
        (terms["settle_window_ms"], 1 if dated else 0, DAY_MS),
        (terms["settle_interval_ms"], 0, 365 * DAY_MS),
        (terms["strike"], 0 if kind == OPTION else -(2**63), MAX_PRICE),
    )
    require(terms["expiry_ms"] > 0 if dated else terms["expiry_ms"] == 0, Status.PARAM_RANGE)
    negative = terms["allow_negative"] and kind in (INVERSE, OPTION)
    require(not negative, Status.PARAM_RANGE)


def check_tiers(tiers):
    """Brackets rise, with their rates; maintenance never above initial."""
    require_range((len(tiers), 1, MARGIN_TIERS))
    for at, tier in enumerate(tiers):
        below = tiers[at - 1] if at > 0 else None
        require_range(
            (tier["notional_upper"], below["notional_upper"] + 1 if below else 1, 2**63),
            (tier["maintenance_ppm"], max(1, below["maintenance_ppm"] if below else 1), PPM),
            (tier["initial_ppm"], tier["maintenance_ppm"], PPM),
            (tier["initial_ppm"], below["initial_ppm"] if below else 0, PPM),
        )


def check_floors(terms, params):
    """Where prices may be <= 0 a lot needs at least what a fill at the end of the band loses."""
    least = 1 if terms["allow_negative"] else 0
    initial = params["initial_floor"]
    require_range(
        (params["band_ticks"], least, MAX_PRICE),
        (params["maintenance_floor"], least, initial),
        (initial, 0, LARGEST_FLOOR),
    )
    if terms["allow_negative"]:
        require(initial >= params["band_ticks"] * terms["multiplier"], Status.PARAM_RANGE)


def check_params(terms, params):
    funding = params["funding"]
    check_tiers(params["margin_tiers"])
    require_range(
        (params["max_price"], 1, MAX_PRICE),
        (params["max_position_lots"], 1, MAX_LOTS),
        (params["oi_cap_lots"], 0, 2**63),
        (params["oi_margin_lower"], 0, 2**63),
        (params["oi_margin_upper"], 0, 2**63),
        (params["min_notional"], 0, 2**63),
        (params["band_ppm"], 1, 10 * PPM if terms["host_matched"] else PPM),
        (params["option_floor_ppm"], 0, PPM),
        (funding["interval_ms"], 0, DAY_MS),
        (funding["interest_ppb"], -PPB, PPB),
        (funding["clamp_ppb"], 0, PPB),
        (funding["cap_ppb"], 1 if funding["interval_ms"] > 0 else 0, PPB),
    )
    check_floors(terms, params)
    largest = params["max_position_lots"] * terms["multiplier"]
    if terms["kind"] != INVERSE:
        largest *= params["max_price"]
    require_range((largest, 0, POSITION_VALUE))


def check_fees(terms, fees):
    """Rates within 100 %; no rebate above a fee, unless the matcher charges its own."""
    require_range((len(fees), 0, FEE_TIERS))
    for tier in fees:
        require_range((tier["maker_ppm"], -PPM, PPM), (tier["taker_ppm"], -PPM, PPM))
    if fees and not terms["host_matched"]:
        least = min(tier["maker_ppm"] for tier in fees) + min(tier["taker_ppm"] for tier in fees)
        require(least >= 0, Status.PARAM_RANGE)


def fee_table(fees):
    """By tier of the account; the last one given repeats."""
    rates = [(tier["maker_ppm"], tier["taker_ppm"]) for tier in fees] or [(0, 0)]
    return rates + rates[-1:] * (FEE_TIERS - len(rates))


def create_market(frame, _, tx):
    terms, number = tx["terms"], tx["market"]
    check_terms(terms)
    check_params(terms, tx["params"])
    check_fees(terms, tx["fees"])
    require_range((number, 0, MAX_MARKETS - 1), (tx["status"], 0, HALTED))
    over = 0 < terms["expiry_ms"] <= frame.now_ms
    require(not over, Status.PARAM_RANGE)
    state = frame.state
    require(terms["feed"] in state.feeds, Status.FEED_UNKNOWN)
    require(terms["settlement_asset"] in state.assets, Status.ASSET_UNKNOWN)
    require(number not in state.markets, Status.EXISTS)
    require(len(state.markets) < LISTED_MARKETS, Status.LIMIT)
    market = Market(number, terms, tx["params"], fee_table(tx["fees"]), tx["status"])
    frame.journal.put(state.markets, number, market)


def known_market(frame, number):
    market = frame.state.markets.get(number)
    require(market is not None, Status.MARKET_UNKNOWN)
    return market


def update_market(frame, _, tx):
    market = known_market(frame, tx["market"])
    check_params(market.terms, tx["params"])
    frame.journal.set(market, "params", tx["params"])


def set_market_status(frame, _, tx):
    market = known_market(frame, tx["market"])
    ended = market.status in (SETTLED, FROZEN)
    require(tx["status"] <= CLOSING and not ended, Status.TRANSITION)
    frame.journal.set(market, "control", tx["status"])
    frame.journal.set(market, "final_price", None)


def settle_market(frame, _, tx):
    """At a price of governance, a market that does not trade."""
    view = frame.markets.get(tx["market"])
    require(view is not None, Status.MARKET_UNKNOWN)
    known_market(frame, tx["market"])
    market = view.market
    over = market.status in (ACTIVE, REDUCE_ONLY, SETTLED)
    require(not over, Status.TRANSITION)
    option, most = view.terms["kind"] == OPTION, view.params["max_price"]
    least = -most if view.terms["allow_negative"] else 0 if option else 1
    require_range((tx["price"], least, MAX_PRICE if option else most))
    frame.journal.set(market, "control", market.status)
    frame.journal.set(market, "final_price", tx["price"])


def delist_market(frame, _, tx):
    """A settled market without positions; what is left of its money goes to the insurance."""
    view, state = frame.markets.get(tx["market"]), frame.state
    require(view is not None, Status.MARKET_UNKNOWN)
    known_market(frame, tx["market"])
    market = view.market
    require(view.settled, Status.NOT_SETTLED)
    held = any(True for _ in state.positions_of(market.number))
    require(not held, Status.OPEN_POSITIONS)
    residue = market.fees_paid + market.funding_clear
    require(residue >= 0, Status.INSUFFICIENT_CASH)
    insurance = state.insurance.get(market.asset(), 0) + residue
    if residue != 0:
        frame.journal.put(state.insurance, market.asset(), insurance)
    frame.journal.drop(state.markets, market.number)


def remove_feed(frame, _, tx):
    state, number = frame.state, tx["feed"]
    require(number in state.feeds, Status.FEED_UNKNOWN)
    used = any(asset["feed"] == number for asset in state.assets.values())
    used |= any(market.terms["feed"] == number for market in state.markets.values())
    require(not used, Status.IN_USE)
    frame.journal.drop(state.feeds, number)


def set_fee_schedule(frame, _, tx):
    market = known_market(frame, tx["market"])
    check_fees(market.terms, tx["fees"])
    frame.journal.set(market, "fees", fee_table(tx["fees"]))


def set_venue_params(frame, _, tx):
    require_range(
        (tx["profit_cap"], 0, POSITION_VALUE),
        (tx["valid_window_ms"], 0, LONGEST_WINDOW_MS),
    )
    frame.journal.set(frame.state, "venue", tx)
    frame.journal.set(frame.state, "venue_set", True)
