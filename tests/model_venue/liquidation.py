"""Liquidation: as few lots as heal an account, taken over at the mark (R-LIQ)."""

from accounts import add_to, move_cash
from margin import assess, position_requirement
from rules import (
    ACTIVE,
    LOSS_SPREAD,
    OPEN_MARKETS,
    Q32,
    REDUCE_ONLY,
    Reject,
    Status,
    Unbounded,
    bounded,
    ceil_div,
    require,
)
from trading import Fill, flow_to_seller


class Takeover(Fill):
    """A fill between the account and its liquidator, outside of all orders."""

    def __init__(self, frame, view, tx, lots):
        held = frame.state.accounts[tx["account"]].positions[view.market.number].lots
        names = ("account", "liquidator") if held < 0 else ("liquidator", "account")
        orders = [{"account": tx[name], "market": view.market.number, "salt": 0} for name in names]
        trade = {"buyer": orders[0], "seller": orders[1], "buyer_is_taker": held > 0}
        super().__init__(frame, trade | {"lots": lots, "price": view.market.mark})
        self.view = view
        self.weak, self.taker = self.sides if held < 0 else reversed(self.sides)
        self.insurance = 0
        for side in self.sides:
            side.account = frame.state.accounts[side.number]
            side.tracked = False

    def fill(self, before):
        lots, market = self.trade["lots"], self.view.market
        self.paid = bounded(flow_to_seller(self.view.terms, lots, market.mark))
        self.notional = abs(self.paid)
        self.bring_up()
        held = self.weak.lots_before
        left = held + lots if held < 0 else held - lots
        freed = position_requirement(self.view, held)[0] - position_requirement(self.view, left)[0]
        backing = max(0, min(before.equity, before.maintenance // 2))
        fee = freed * backing // before.maintenance if backing > 0 else 0
        self.insurance = fee // 2
        self.weak.fee, self.taker.fee = fee, self.insurance - fee
        self.exchange()

    def heals(self):
        risk = self.risk_after(self.weak, 0)
        return risk is not None and risk.equity >= risk.maintenance

    def check_taker(self):
        side = self.taker
        self.judge(side)
        most, lots = self.view.params["max_position_lots"], self.trade["lots"]
        number = self.view.market.number
        owned = self.frame.state.owner_lots(side.number, number, self.lots_after())
        inside = max(owned, abs(side.position.lots)) <= most or side.reduces(lots)
        require(inside, Status.POSITION_LIMIT)
        held = side.account.positions
        require(number in held or len(held) < OPEN_MARKETS, Status.MARKET_LIMIT)

    def book(self):
        self.store()
        market = self.view.market
        self.frame.journal.add(market, "fees_paid", -self.insurance)
        add_to(self.frame, self.frame.state.insurance, market.asset(), self.insurance)
        self.emit()


def least_lots(frame, view, tx, before):
    """In steps of the market; all of them when none heal. What heals goes on to heal with more."""
    held = abs(frame.state.accounts[tx["account"]].positions[view.market.number].lots)
    step = view.terms["lot_step"]

    def heals(steps):
        try:
            takeover = Takeover(frame, view, tx, steps * step)
            takeover.fill(before)
            return takeover.heals()
        except (Reject, Unbounded):
            return False

    too_few, enough = 0, ceil_div(held, step)
    while too_few + 1 < enough:
        middle = (too_few + enough) // 2
        if heals(middle):
            enough = middle
        else:
            too_few = middle
    return min(held, enough * step)


def cover_debts(frame, market, number):
    """Of an account that has nothing but debts: by the insurance, then, in the asset of the market,
    by all who hold it."""
    account, insurance = frame.state.accounts[number], frame.state.insurance
    if account.positions or any(cash > 0 for cash in account.cash.values()):
        return
    for asset, cash in sorted(account.cash.items()):
        paid = min(-cash, insurance.get(asset, 0))
        if paid > 0:
            add_to(frame, insurance, asset, -paid)
            move_cash(frame, number, asset, paid)
        left = -cash - paid
        if left > 0 and asset == market.asset():
            frame.journal.add(market, "loss", left)
            move_cash(frame, number, asset, left)


def bear(state, market):
    """Charges what the block's liquidations have left to every lot of the market; events."""
    loss, market.loss = market.loss, 0
    if loss == 0:
        return []
    held = [position for _, position in state.positions_of(market.number)]
    lots = sum(abs(position.lots) for position in held)
    delta = ceil_div(loss * Q32, lots) if lots > 0 else 0
    total = market.social_index + delta
    if lots == 0 or total * market.params["max_position_lots"] > 2**125:
        asset = market.asset()
        state.bad_debts[asset] = state.bad_debts.get(asset, 0) + loss
        return []
    market.social_index = total
    market.dust += lots * delta - loss * Q32
    market.funding_clear -= loss
    for position in held:
        market.funding_clear -= position.bear(delta)
    return [(LOSS_SPREAD, {"market": market.number, "loss": loss, "delta_q32": delta})]


def take_over(frame, tx):
    require(tx["account"] != tx["liquidator"], Status.SELF_TRADE)
    view = frame.markets.get(tx["market"])
    require(view is not None, Status.MARKET_UNKNOWN)
    market, accounts = view.market, frame.state.accounts
    trading = market.status in (ACTIVE, REDUCE_ONLY) and market.priced
    require(trading, Status.MARKET_STATUS)
    known = tx["account"] in accounts and tx["liquidator"] in accounts
    require(known, Status.NO_ACCOUNT)
    require(not accounts[tx["liquidator"]].frozen, Status.ACCOUNT_FROZEN)
    account = accounts[tx["account"]]
    require(market.number in account.positions, Status.HEALTHY)
    require(not view.stale, Status.ORACLE_STALE)
    before = assess(frame, tx["account"], account.cash, account.positions, 0)
    require(before is not None, Status.OVERFLOW)
    require(not before.stale, Status.ORACLE_STALE)
    require(before.equity < before.maintenance, Status.HEALTHY)
    takeover = Takeover(frame, view, tx, least_lots(frame, view, tx, before))
    takeover.fill(before)
    takeover.check_taker()
    takeover.book()
    cover_debts(frame, market, tx["account"])


def liquidate(frame, _, tx):
    try:
        take_over(frame, tx)
    except Unbounded:
        raise Reject(Status.OVERFLOW) from None
