"""Accounts, cash in and out, and the closing of settled positions."""

from margin import assess, judge
from markets import settlement_value
from rules import (
    CASH_MOVED,
    FEE_TIERS,
    FROM_FEES,
    FROM_INSURANCE,
    GOVERNANCE,
    POSITION_SETTLED,
    Q32,
    SETTLE_ACCOUNTS,
    Status,
    bounded,
    is_venue,
    require,
    role_of,
)
from state import OWNER, VENUE, Account, Position
from trading import credit


def open_account(frame, number):
    frame.journal.touched.add(number)
    frame.journal.put(frame.state.accounts, number, Account())
    if not is_venue(number):
        owned = frame.state.owned
        frame.journal.put(owned, number >> 16, owned.get(number >> 16, ()) + (number,))


def create_account(frame, _, tx):
    require(tx["account"] not in frame.state.accounts, Status.EXISTS)
    open_account(frame, tx["account"])


def add_to(frame, table, asset, amount):
    frame.journal.put(table, asset, bounded(table.get(asset, 0) + amount))


def move_cash(frame, number, asset, amount):
    """To an account, or from it, with the event."""
    frame.journal.touched.add(number)
    credit(frame.journal, frame.state.accounts[number], asset, amount)
    frame.emit(CASH_MOVED, {"account": number, "asset": asset, "amount": amount})


def deposit(frame, _, tx):
    asset, reference = tx["asset"], (tx["reference"], tx["asset"])
    require(asset in frame.assets, Status.ASSET_UNKNOWN)
    require(tx["amount"] > 0, Status.AMOUNT)
    require(reference not in frame.state.deposits, Status.DEPOSIT_REPLAY)
    if tx["account"] not in frame.state.accounts:
        open_account(frame, tx["account"])
    move_cash(frame, tx["account"], asset, tx["amount"])
    add_to(frame, frame.state.asset_totals, asset, tx["amount"])
    frame.state.deposits.add(reference)


def take_cash(frame, number, asset, amount):
    """Cash only, and initial margin afterwards without any unrealised profit."""
    require(asset in frame.assets, Status.ASSET_UNKNOWN)
    require(amount > 0, Status.AMOUNT)
    account = frame.state.accounts.get(number)
    if account is None:
        require(is_venue(number), Status.NO_ACCOUNT)
        require(False, Status.INSUFFICIENT_CASH)
    require(not account.frozen, Status.ACCOUNT_FROZEN)
    require(account.cash.get(asset, 0) >= amount, Status.INSUFFICIENT_CASH)
    move_cash(frame, number, asset, -amount)
    if not account.positions and len(account.cash) <= 1:
        return  # nothing but cash of one asset
    status = judge(assess(frame, number, account.cash, account.positions, 0))
    require(status == Status.APPLIED, status)


def withdraw(frame, _, tx):
    take_cash(frame, tx["account"], tx["asset"], tx["amount"])
    add_to(frame, frame.state.asset_totals, tx["asset"], -tx["amount"])


def transfer(frame, _, tx):
    require(tx["from"] != tx["to"], Status.SELF_TRANSFER)
    require(tx["to"] in frame.state.accounts, Status.NO_ACCOUNT)
    take_cash(frame, tx["from"], tx["asset"], tx["amount"])
    move_cash(frame, tx["to"], tx["asset"], tx["amount"])


def insurance_deposit(frame, _, tx):
    take_cash(frame, tx["account"], tx["asset"], tx["amount"])
    add_to(frame, frame.state.insurance, tx["asset"], tx["amount"])


def change_account(frame, number, name, value):
    account = frame.state.accounts.get(number)
    require(account is not None, Status.NO_ACCOUNT)
    frame.journal.touched.add(number)
    frame.journal.set(account, name, value)


def set_delegate(frame, _, tx):
    change_account(frame, tx["account"], "delegate", tx["delegate"])


def set_frozen(frame, envelope, tx):
    """Governance sets and clears the venue's freeze, everybody else the owner's."""
    who = VENUE if role_of(envelope["signer"]) == GOVERNANCE else OWNER
    account = frame.state.accounts.get(tx["account"])
    require(account is not None, Status.NO_ACCOUNT)
    by = account.frozen_by | {who} if tx["frozen"] else account.frozen_by - {who}
    change_account(frame, tx["account"], "frozen_by", by)


def set_fee_tier(frame, _, tx):
    require(tx["tier"] < FEE_TIERS, Status.PARAM_RANGE)
    change_account(frame, tx["account"], "tier", tx["tier"])


def cancel_orders(frame, _, tx):
    account = frame.state.accounts.get(tx["account"])
    require(account is not None, Status.NO_ACCOUNT)
    bound = max(account.salt_below, tx["salt_below"])
    change_account(frame, tx["account"], "salt_below", bound)


def close_settled(frame, view, number):
    """Turns a position of a settled market into cash; nothing to do when there is none."""
    market = view.market
    account = frame.state.accounts.get(number)
    position = account.positions.get(market.number) if account is not None else None
    if position is None:
        return
    value = settlement_value(market, position.lots)
    cash = bounded(position.cost + value + position.swept)
    frame.journal.touched.add(number)
    frame.journal.add(market, "dust", position.remainder)
    frame.journal.add(market, "closed_lots", position.lots)
    frame.journal.drop(account.positions, market.number)
    credit(frame.journal, account, market.asset(), cash)
    event = {
        "account": number,
        "market": market.number,
        "lots": position.lots,
        "cost": position.stored[0],
        "funding": position.funding,
        "value": value,
        "cash": cash,
    }
    frame.emit(POSITION_SETTLED, event)


def settle_batch(frame, _, tx):
    numbers = tx["accounts"]
    require(len(numbers) <= SETTLE_ACCOUNTS, Status.BATCH_SIZE)
    rises = all(a < b for a, b in zip(numbers, numbers[1:]))
    require(rises, Status.LIST_ORDER)
    view = frame.markets.get(tx["market"])
    require(view is not None, Status.MARKET_UNKNOWN)
    require(view.settled, Status.NOT_SETTLED)
    for number in numbers:
        close_settled(frame, view, number)


def pay_out(frame, _, tx):
    """To an account, out of what the venue holds; of dust whole quanta only."""
    state, journal, amount = frame.state, frame.journal, tx["amount"]
    require(amount > 0, Status.AMOUNT)
    market, asset = state.markets.get(tx["market"]), tx["asset"]
    if tx["source"] != FROM_INSURANCE:
        require(market is not None, Status.MARKET_UNKNOWN)
        asset = market.asset()
    require(asset in frame.assets, Status.ASSET_UNKNOWN)
    require(tx["to"] in state.accounts, Status.NO_ACCOUNT)
    if tx["source"] == FROM_INSURANCE:
        require(state.insurance.get(asset, 0) >= amount, Status.INSUFFICIENT_CASH)
        add_to(frame, state.insurance, asset, -amount)
    elif tx["source"] == FROM_FEES:
        require(market.fees_paid >= amount, Status.INSUFFICIENT_CASH)
        journal.add(market, "fees_paid", -amount)
    else:
        require(market.dust // Q32 >= amount, Status.INSUFFICIENT_CASH)
        journal.add(market, "dust", -amount * Q32)
        journal.add(market, "funding_clear", -amount)
    move_cash(frame, tx["to"], asset, amount)


def realise_pnl(frame, _, tx):
    view = frame.markets.get(tx["market"])
    require(view is not None, Status.MARKET_UNKNOWN)
    if view.settled:
        close_settled(frame, view, tx["account"])
        return
    market = view.market
    account = frame.state.accounts.get(tx["account"])
    position = account.positions.get(market.number) if account is not None else None
    behind = position is not None and position.stored[3] != market.epoch
    require(behind, Status.NO_EPOCH)
    realised = Position(position.lots, position.cost, position.remainder)
    realised.stored = market.stored(realised)
    frame.journal.put(account.positions, market.number, realised)
    move_cash(frame, tx["account"], market.asset(), position.swept)
