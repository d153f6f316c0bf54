"""Equity, requirements, and what an account is held to (derivatives.md 2.1)."""

from rules import (
    CALL,
    INVERSE,
    MAX_LOTS,
    OPTION,
    PPM,
    PUT,
    ROUNDING_QUANTA,
    SETTLED,
    Status,
    Unbounded,
    bounded,
    ceil_div,
    clamp,
    floor_div,
)
from markets import band_reach, settlement_value


class MarketView:
    """A market as the transactions of one block see it: parameters and open interest of the start
    of the block."""

    def __init__(self, market, open_interest):
        self.market = market
        self.terms = market.terms
        self.params = market.params
        self.fees = market.fees
        self.open_interest = open_interest
        self.settled = market.status == SETTLED
        self.stale = market.stale and not self.settled
        self.band_low, self.band_high = self.price_band()
        self.oi_part, self.oi_whole = self.open_interest_share()

    def price_band(self):
        """First and last price of a trade. Around the index, for dated ones around the mark."""
        market, most = self.market, self.params["max_price"]
        centre = market.index if market.perpetual() else market.mark
        reach = band_reach(market)
        return max(-most, centre - reach), min(most, centre + reach)

    def open_interest_share(self):
        """How far the initial requirement has risen from its brackets to the whole notional."""
        lower, upper = self.params["oi_margin_lower"], self.params["oi_margin_upper"]
        market = self.market
        if upper <= lower:
            return 0, 1
        notional = 0
        if market.priced:
            try:
                notional = notional_at(self.terms, self.open_interest, market.mark, floor_div)
            except Unbounded:
                notional = upper  # what cannot be counted is the most there is
        return clamp(notional - lower, 0, upper - lower), upper - lower


class AssetView:
    """An asset as margin sees it in one block."""

    def __init__(self, record, feed):
        self.haircut_ppm = record["haircut_ppm"]
        self.liability_ppm = record["liability_ppm"]
        self.divisor = record["value_divisor"]
        self.price = 1 if record["feed"] == 0 else None
        self.fresh = record["feed"] == 0
        if feed is not None and feed.priced and feed.index > 0:
            self.price, self.fresh = feed.index, feed.fresh()
        rates = (self.price, self.divisor, self.haircut_ppm, self.liability_ppm)
        self.plain = self.fresh and rates == (1, 1, 0, 0)

    def value(self, amount):
        """In the numeraire: what is owned is floored twice, what is owed ceiled twice."""
        bounded(amount)
        if self.plain:
            return amount
        if amount < 0:
            if self.price is None:
                raise Unbounded
            gross = ceil_div(bounded(-amount * self.price), self.divisor)
            if self.liability_ppm == 0:
                return -gross
            return -ceil_div(bounded(gross * (PPM + self.liability_ppm)), PPM)
        if self.price is None:
            return 0
        gross = floor_div(bounded(amount * self.price), self.divisor)
        if self.haircut_ppm == 0:
            return gross
        return floor_div(bounded(gross * (PPM - self.haircut_ppm)), PPM)

    def requirement(self, amount):
        if amount == 0 or self.plain:
            return amount
        if self.price is None:
            raise Unbounded
        return ceil_div(bounded(amount * self.price), self.divisor)


def notional_at(terms, lots, price, rounding=ceil_div):
    if terms["kind"] == INVERSE:
        return rounding(abs(lots) * terms["multiplier"], price)
    return abs(lots) * abs(price) * terms["multiplier"]


def bracket_ppm(tiers, notional, name):
    """Marginal rates: every bracket takes its rate of the part of the notional that is in it.
    In ppm of quanta, so without a fraction."""
    total, lower = 0, 0
    for at, tier in enumerate(tiers):
        last = at + 1 == len(tiers)
        upper = notional if last else min(notional, tier["notional_upper"])
        bounded(upper * tier[name])
        total += (upper - lower) * tier[name]
        lower = upper
        if upper == notional:
            bounded(notional * tier[name])
            break
    return total


def notional_requirement(view, notional):
    tiers = view.params["margin_tiers"]
    maintenance = ceil_div(bracket_ppm(tiers, notional, "maintenance_ppm"), PPM)
    initial = ceil_div(bracket_ppm(tiers, notional, "initial_ppm"), PPM)
    if view.oi_part > 0:
        initial += (notional - initial) * view.oi_part // view.oi_whole
    return maintenance, initial


def option_requirement(view, lots):
    """Of a short option; the mark itself is a debt in equity already."""
    market, tier = view.market, view.params["margin_tiers"][0]
    spot = max(0, market.index)
    distance = view.terms["strike"] - market.index
    out_of_money = max(0, distance if view.terms["option_side"] == CALL else -distance)
    maintenance = spot * tier["maintenance_ppm"]
    if view.terms["option_side"] == PUT:
        maintenance = max(maintenance, market.mark * tier["maintenance_ppm"])
    initial = max(
        spot * tier["initial_ppm"] - out_of_money * PPM,
        spot * view.params["option_floor_ppm"],
        maintenance,
    )
    size = -lots * view.terms["multiplier"]
    return ceil_div(bounded(size * maintenance), PPM), ceil_div(bounded(size * initial), PPM)


def position_requirement(view, lots):
    """(maintenance, initial) in quanta of the settlement asset."""
    if view.settled or lots == 0:
        return 0, 0
    if view.terms["kind"] == OPTION:
        return (0, 0) if lots > 0 else option_requirement(view, lots)
    notional = notional_at(view.terms, lots, view.market.mark)
    maintenance, initial = notional_requirement(view, notional)
    params, size = view.params, abs(lots)
    return (
        max(maintenance, size * params["maintenance_floor"]),
        max(initial, size * params["initial_floor"]),
    )


def owner_requirement(view, lots, owner_lots):
    """Of a position whose owner has `owner_lots` over all of his accounts: its share of what those
    need together is the least where brackets rise."""
    alone = position_requirement(view, lots)
    tiered = len(view.params["margin_tiers"]) > 1 and view.terms["kind"] != OPTION
    if owner_lots <= abs(lots) or not tiered or view.settled:
        return alone
    if owner_lots > MAX_LOTS:
        raise Unbounded
    together = position_requirement(view, owner_lots)
    return tuple(
        max(own, bounded(ceil_div(bounded(whole) * abs(lots), owner_lots)))
        for own, whole in zip(alone, together)
    )


def equity_value(view, lots):
    """Of lots at the mark, beside their cost. A long option counts only once it is settled."""
    if view.settled:
        return settlement_value(view.market, lots)
    mark, multiplier = view.market.mark, view.terms["multiplier"]
    if view.terms["kind"] == INVERSE:
        size = (
            ceil_div(abs(lots) * multiplier, mark)
            if lots > 0
            else floor_div(-lots * multiplier, mark)
        )
        return -size if lots > 0 else size
    if view.terms["kind"] == OPTION and lots > 0:
        return 0
    return lots * mark * multiplier


class Risk:
    """What decides about an account, in numeraire quanta."""

    __slots__ = ("equity", "equity_initial", "maintenance", "initial", "stale")

    def __init__(self, equity, equity_initial, maintenance, initial, stale):
        self.equity = equity
        self.equity_initial = equity_initial
        self.maintenance = maintenance
        self.initial = initial
        self.stale = stale  # some price behind it is old, or about to change


def add_up_positions(frame, number, positions, instead):
    """Equity beside cash, and requirements, by asset; whether some market is stale."""
    gains, requirements, stale = {}, {}, False
    for market, position in positions.items():
        view = frame.markets[market]
        others = instead if market == instead.get("market") else None
        owner_lots = frame.state.owner_lots(number, market, others)
        stale |= view.stale
        asset = view.terms["settlement_asset"]
        gain = position.cost + position.swept + equity_value(view, position.lots)
        gains[asset] = bounded(gains.get(asset, 0) + gain)
        maintenance, initial = owner_requirement(view, position.lots, owner_lots)
        before = requirements.get(asset, (0, 0))
        requirements[asset] = (bounded(before[0] + maintenance), bounded(before[1] + initial))
    return gains, requirements, stale


def assess(frame, number, cash, positions, profit_cap, instead=None):
    """The risk of an account with this cash by asset and these positions by market; None when some
    number cannot be known. `instead`: lots of accounts in its "market" in place of those held."""
    try:
        gains, requirements, stale = add_up_positions(frame, number, positions, instead or {})
        equity = backing = profit = maintenance = initial = 0
        for asset in {**cash, **gains}:
            view, gain = frame.assets[asset], gains.get(asset, 0)
            # A loss reduces the asset that it is owed in; a profit is kept apart for the cap.
            owned = view.value(cash.get(asset, 0) + min(gain, 0))
            extra = view.value(max(gain, 0))
            equity += owned + extra
            required = requirements.get(asset, (0, 0))
            if view.fresh:
                backing += owned
                profit += extra
            else:  # an old price backs nothing; what is owed at one cannot be judged
                backing += min(owned, 0)
                stale |= owned < 0 or required[1] != 0
            maintenance += view.requirement(required[0])
            initial += view.requirement(required[1])
        return Risk(
            bounded(equity),
            bounded(backing + min(profit, profit_cap)),
            bounded(maintenance),
            bounded(initial),
            stale,
        )
    except Unbounded:
        return None


def costs_of_fill(frame, view, fee):
    """What a side may lose by a fill without giving it away: its fee, and what rounding takes;
    None when that cannot be known."""
    asset, fee = frame.assets[view.terms["settlement_asset"]], max(fee, 0)
    if view.terms["kind"] != INVERSE and asset.plain:
        return fee
    try:
        return asset.requirement(fee + ROUNDING_QUANTA) + ROUNDING_QUANTA
    except Unbounded:
        return None


def reduces_risk(before, after, costs):
    """Less maintenance, and no gift: equity falls by the costs at most, or from an account that
    covers maintenance the ratio does not fall. Or the same maintenance and more equity."""
    if before is None or after is None or after.maintenance > before.maintenance:
        return False
    if after.maintenance == before.maintenance:
        return after.equity > before.equity
    if costs is not None and after.equity + costs >= before.equity:
        return True
    if before.equity < before.maintenance:
        return False
    try:
        kept = bounded(after.equity * before.maintenance)
        return kept >= bounded(before.equity * after.maintenance)
    except Unbounded:
        return False


def judge(after, reduces=lambda: False):
    """MARGIN, or ORACLE_STALE where only the age of a price stands against it. `reduces()` tells
    whether the change reduces risk; asked where that matters."""
    covered = after is not None and after.equity_initial >= after.initial
    if (covered and not after.stale) or reduces():
        return Status.APPLIED
    return Status.ORACLE_STALE if covered else Status.MARGIN
