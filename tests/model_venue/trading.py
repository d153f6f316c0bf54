"""Fills: one, several at once, several on their own (instruments/README.md, "Checks, in order")."""

from margin import assess, costs_of_fill, judge, notional_at, reduces_risk
from rules import (
    ACTIVE,
    BATCH_FILLS,
    BATCH_LEG,
    BUY,
    FEE_TIERS,
    HOST_REBATE_PPM,
    INVERSE,
    MAX_LOTS,
    MAX_PRICE,
    OPEN_MARKETS,
    OPTION,
    REDUCE_ONLY,
    SELL,
    TRADE,
    Reject,
    Status,
    Unbounded,
    bounded,
    ceil_div,
    fee_of,
    floor_div,
    require,
)
from state import Position


class Side:
    """One side of a fill while it is worked on."""

    def __init__(self, order, buys, takes):
        self.order = order
        self.buys = buys
        self.takes = takes
        self.number = order["account"]
        self.account = None
        self.tracked = True
        self.identity = order["salt"]
        self.filled = 0  # of the order, lots, this fill included
        self.rate_ppm = 0
        self.fee = 0
        self.lots_before = 0
        self.position = None
        self.event = {}

    def load(self, frame, view):
        self.account = frame.state.accounts.get(self.number)
        require(self.account is not None, Status.NO_ACCOUNT)
        require(not self.account.frozen, Status.ACCOUNT_FROZEN)
        self.tracked = not view.terms["host_matched"] or self.order["salt"] != 0
        if self.tracked:
            filled, until_ms = self.account.orders.get(self.identity, (0, 0))
            self.filled = filled if until_ms >= frame.now_ms else 0

    def reduces(self, lots):
        """The fill moves the position towards zero and not beyond."""
        held = -self.lots_before if self.buys else self.lots_before
        return held >= lots


def flow_to_seller(terms, lots, price):
    """What the buyer pays; the same number for both. Inverse contracts are paid in coin when they
    are sold back, so the buyer receives."""
    if terms["kind"] == INVERSE:
        return -floor_div(lots * terms["multiplier"], price)
    return lots * price * terms["multiplier"]


def charge_fees(view, trade, notional, sides):
    if trade.get("host_fees") is not None:
        for side, name in zip(sides, ("buyer", "seller")):
            side.fee = trade["host_fees"][name]
        return
    for side in sides:
        maker, taker = view.fees[min(side.account.tier, FEE_TIERS - 1)]
        side.rate_ppm = taker if side.takes else maker
        if view.terms["kind"] == OPTION:
            underlying = notional_at(view.terms, trade["lots"], view.market.index)
            side.fee = fee_of(underlying, side.rate_ppm)
            # At most an eighth of the premium, rebates as well.
            side.fee = max(-(notional // 8), min(side.fee, ceil_div(notional, 8)))
        else:
            side.fee = fee_of(notional, side.rate_ppm)


def check_order(frame, trade, notional, side):
    order = side.order
    require(order["domain"] == frame.venue["domain"], Status.ORDER_DOMAIN)
    require(order["side"] == (BUY if side.buys else SELL), Status.SIDE)
    require(order["good_til_ms"] >= frame.now_ms, Status.ORDER_EXPIRED)
    require(order["salt"] >= side.account.salt_below, Status.ORDER_CANCELLED)
    side.filled += trade["lots"]
    require(side.filled <= order["lots"], Status.OVERFILL)
    worse = trade["price"] - order["limit_price"]
    require(worse <= 0 if side.buys else worse >= 0, Status.PRICE_LIMIT)
    if trade.get("host_fees") is None:
        require(side.rate_ppm <= order["max_fee_ppm"], Status.FEE_LIMIT)
        return
    try:
        require(side.fee <= fee_of(notional, order["max_fee_ppm"]), Status.FEE_LIMIT)
    except Unbounded:
        raise Reject(Status.FEE_LIMIT) from None


def check_pair(view, trade, notional, buyer, seller):
    terms = view.terms
    require(trade["buyer"]["market"] == trade["seller"]["market"], Status.MARKET_MISMATCH)
    require(buyer.number != seller.number, Status.SELF_TRADE)
    require(trade["lots"] % terms["lot_step"] == 0, Status.SIZE_STEP)
    require(trade["price"] % terms["price_step"] == 0, Status.TICK)
    require(notional != 0 or terms["allow_negative"], Status.ZERO_NOTIONAL)
    require(view.band_low <= trade["price"] <= view.band_high, Status.PRICE_BAND)
    if trade.get("host_fees") is None:
        return
    require(terms["host_matched"], Status.HOST_FEES)
    try:
        least = fee_of(notional, -HOST_REBATE_PPM)
    except Unbounded:
        raise Reject(Status.HOST_FEES) from None
    require(min(buyer.fee, seller.fee) >= least, Status.HOST_FEES)


def check_positions(view, trade, notional, sides):
    reducing = [side.reduces(trade["lots"]) for side in sides]
    both = all(reducing)
    large = notional >= view.params["min_notional"] or any(reducing)
    require(large, Status.MIN_NOTIONAL)
    for side, reduces in zip(sides, reducing):
        require(reduces or not side.order["reduce_only"], Status.REDUCE_ONLY)
    require(both or view.market.status != REDUCE_ONLY, Status.REDUCE_ONLY)
    require(both or not view.market.stale, Status.ORACLE_STALE)


def credit(journal, account, asset, amount):
    """The account holds the asset while its cash is not 0."""
    total = bounded(account.cash.get(asset, 0) + amount)
    if total != 0:
        journal.put(account.cash, asset, total)
    elif asset in account.cash:
        journal.drop(account.cash, asset)


def require_margin(status, takes):
    """Tells of a missing margin whose it is."""
    if status == Status.MARGIN:
        status = Status.MARGIN_TAKER if takes else Status.MARGIN_MAKER
    require(status == Status.APPLIED, status)


def realise_closed(side, settled_cost, flow, lots):
    """A fill against a position realises what it closes; what is kept is rounded up. Returns the
    cash."""
    before, position = side.lots_before, side.position
    if before == 0 or (before > 0) == side.buys:
        return 0
    kept = 0
    if before * position.lots > 0:
        kept = ceil_div(settled_cost * abs(position.lots), abs(before))
    elif position.lots != 0:
        kept = ceil_div(flow * abs(position.lots), lots)
    cash, position.cost = bounded(position.cost - bounded(kept)), kept
    return cash


class Fill:
    """One fill, in the order in which the rules check it."""

    def __init__(self, frame, trade):
        self.frame = frame
        self.trade = trade
        self.buyer = Side(trade["buyer"], True, trade["buyer_is_taker"])
        self.seller = Side(trade["seller"], False, not trade["buyer_is_taker"])
        self.sides = (self.buyer, self.seller)
        self.view = None
        self.paid = 0
        self.notional = 0

    def check(self):
        trade, frame = self.trade, self.frame
        inside = 0 < trade["lots"] <= MAX_LOTS and abs(trade["price"]) <= MAX_PRICE
        require(inside, Status.MALFORMED)
        self.view = view = frame.markets.get(trade["buyer"]["market"])
        require(view is not None, Status.MARKET_UNKNOWN)
        market = view.market
        trading = market.status in (ACTIVE, REDUCE_ONLY) and market.priced
        require(trading, Status.MARKET_STATUS)
        require(trade["price"] > 0 or view.terms["allow_negative"], Status.TICK)
        for side in self.sides:
            side.load(frame, view)
        self.paid = bounded(flow_to_seller(view.terms, trade["lots"], trade["price"]))
        self.notional = abs(self.paid)
        charge_fees(view, trade, self.notional, self.sides)
        for side in self.sides:
            check_order(frame, trade, self.notional, side)
        check_pair(view, trade, self.notional, *self.sides)

    def move(self):
        """Brings both positions up to date and moves lots and money between them."""
        self.bring_up()
        check_positions(self.view, self.trade, self.notional, self.sides)
        self.exchange()

    def bring_up(self):
        market = self.view.market
        for side in self.sides:
            stored = side.account.positions.get(market.number, Position())
            cost_before = stored.stored[0] if stored.stored else 0
            side.position = Position(stored.lots, stored.cost, stored.remainder)
            side.lots_before = stored.lots
            side.event = {
                "account": side.number,
                "lots_before": stored.lots,
                "cost_before": cost_before,
                "funding": stored.funding,
                "swept": stored.swept,
            }

    def exchange(self):
        trade = self.trade
        for side in self.sides:
            flow = -self.paid if side.buys else self.paid
            settled_cost = side.position.cost
            side.position.lots += trade["lots"] if side.buys else -trade["lots"]
            bounded(flow - side.fee)
            side.position.cost = bounded(side.position.cost + flow - side.fee)
            require(abs(side.position.lots) <= MAX_LOTS, Status.OVERFLOW)
            side.event["lots_after"] = side.position.lots
            side.event["flow"] = flow
            side.event["fee"] = side.fee
            side.event["closed"] = realise_closed(side, settled_cost, flow, trade["lots"])

    def store(self):
        """Puts both sides into the state."""
        frame, market = self.frame, self.view.market
        journal = frame.journal
        for side in self.sides:
            account, position = side.account, side.position
            journal.touched.add(side.number)
            if side.tracked:
                known = account.orders.get(side.identity, (0, 0))[1]
                until_ms = max(known, side.order["good_til_ms"])
                journal.put(account.orders, side.identity, (side.filled, until_ms))
            if position.lots != 0:
                position.stored = market.stored(position)
                journal.put(account.positions, market.number, position)
            else:
                journal.add(market, "dust", position.remainder)
                journal.drop(account.positions, market.number)
            credit(journal, account, market.asset(), self.arrived(side))
        fees = self.buyer.fee + self.seller.fee
        journal.set(market, "fees_paid", bounded(market.fees_paid + fees))
        journal.add(market, "volume", self.trade["lots"])
        if frame.venue["track_account_volume"]:
            value = frame.assets[market.asset()].value(self.notional)
            for side in self.sides:
                journal.set(side.account, "volume", bounded(side.account.volume + value))

    def arrived(self, side):
        """Cash that the fill frees: daily settlements, and all of a position that it closes."""
        return side.event["swept"] + side.event["closed"]

    def costs(self, side):
        return costs_of_fill(self.frame, self.view, side.fee)

    def lots_after(self):
        """What both sides hold after the fill."""
        lots = {side.number: side.position.lots for side in self.sides}
        return lots | {"market": self.view.market.number}

    def risk_after(self, side, cap):
        number, asset = self.view.market.number, self.view.market.asset()
        cash = dict(side.account.cash)
        cash[asset] = cash.get(asset, 0) + self.arrived(side)
        positions = dict(side.account.positions)
        positions[number] = side.position
        if side.position.lots == 0:
            del positions[number]
        return assess(self.frame, side.number, cash, positions, cap, self.lots_after())

    def judge(self, side):
        """Whether a side may stand after the fill."""
        cap = self.frame.venue["profit_cap"]
        after = self.risk_after(side, cap)

        def reduces():
            account = side.account
            before = assess(self.frame, side.number, account.cash, account.positions, cap)
            return reduces_risk(before, after, self.costs(side))

        require_margin(judge(after, reduces), side.takes)

    def check_limits(self, margin_now):
        view, lots = self.view, self.trade["lots"]
        if margin_now:
            taker, maker = self.sides if self.buyer.takes else reversed(self.sides)
            self.judge(taker)
            self.judge(maker)
        most = view.params["max_position_lots"]
        for side in self.sides:
            held = self.frame.state.owner_lots(side.number, view.market.number, self.lots_after())
            inside = max(held, abs(side.position.lots)) <= most or side.reduces(lots)
            require(inside, Status.POSITION_LIMIT)
        cap = view.params["oi_cap_lots"]
        if cap > 0 and view.open_interest >= cap:
            before = sum(max(side.lots_before, 0) for side in self.sides)
            after = sum(max(side.position.lots, 0) for side in self.sides)
            require(after <= before, Status.OI_CAP)
        for side in self.sides:
            held = side.account.positions
            room = view.market.number in held or len(held) < OPEN_MARKETS
            require(room, Status.MARKET_LIMIT)

    def emit(self):
        event = {
            "market": self.view.market.number,
            "lots": self.trade["lots"],
            "price": self.trade["price"],
            "buyer_is_taker": self.trade["buyer_is_taker"],
            "buyer": self.buyer.event,
            "seller": self.seller.event,
        }
        self.frame.emit(TRADE, event)


def settle_trade(frame, trade, margin_now):
    """One fill, from first check to event. Raises Reject; what it has changed is then to be taken
    back."""
    try:
        fill = Fill(frame, trade)
        fill.check()
        fill.move()
        fill.check_limits(margin_now)
        fill.store()
        fill.emit()
        return fill
    except Unbounded:
        raise Reject(Status.OVERFLOW) from None


def run_trade(frame, _, trade):
    settle_trade(frame, trade, margin_now=True)


def run_atomic(frame, fills):
    """All or none. Margin is looked at once, at the end, of every account in the order in which it
    first appears."""
    cap = frame.venue["profit_cap"]
    takes, before = {}, {}
    for fill in fills:
        for name in ("buyer", "seller"):
            number = fill[name]["account"]
            took = (name == "buyer") == fill["buyer_is_taker"]
            takes[number] = takes.get(number, False) or took
    for number in takes:
        account = frame.state.accounts.get(number)
        if account is not None:
            before[number] = assess(frame, number, account.cash, account.positions, cap)
    costs = dict.fromkeys(takes, 0)
    for trade in fills:
        fill = settle_trade(frame, trade, margin_now=False)
        for side in fill.sides:
            known, cost = costs[side.number], fill.costs(side)
            costs[side.number] = None if None in (known, cost) else known + cost
    for number, took in takes.items():
        account = frame.state.accounts[number]
        after = assess(frame, number, account.cash, account.positions, cap)
        reduces = reduces_risk(before[number], after, costs[number])
        require_margin(judge(after, lambda reduces=reduces: reduces), took)


def run_batch(frame, _, batch):
    fills = batch["fills"]
    require(1 <= len(fills) <= BATCH_FILLS, Status.BATCH_SIZE)
    if batch["atomic"]:
        run_atomic(frame, fills)
        return
    for leg, fill in enumerate(fills):
        status = frame.attempt(lambda fill=fill: settle_trade(frame, fill, margin_now=True))
        frame.emit(BATCH_LEG, {"leg": leg, "status": status})
