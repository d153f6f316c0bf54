"""The model of the venue: blocks in; receipts, events and state out."""

from accounts import (
    cancel_orders,
    create_account,
    deposit,
    insurance_deposit,
    pay_out,
    realise_pnl,
    set_delegate,
    set_fee_tier,
    set_frozen,
    settle_batch,
    transfer,
    withdraw,
)
from governance import (
    create_asset,
    create_feed,
    create_market,
    delist_market,
    remove_feed,
    set_fee_schedule,
    set_market_status,
    set_venue_params,
    settle_market,
    update_market,
)
from liquidation import bear, liquidate
from margin import AssetView, MarketView
from markets import advance, book_order, run_books
from prices import oracle_order, run_oracle
from rules import (
    BATCH_FILLS,
    BRIDGE,
    GOVERNANCE,
    HOUR_MS,
    MATCHER,
    NONCE_LIMIT,
    SETTLE_ACCOUNTS,
    Reject,
    Status,
    Unbounded,
    is_venue,
    require,
    role_of,
)
from state import Journal, State
from trading import run_batch, run_trade

ANYONE, ROLE, OWNER, DELEGATE = range(4)


class Kind:
    """A type of transaction: what it does, whose right it needs, the field that names the account,
    the role whose keys may sign it, whether it passes in a pause and from a frozen account."""

    def __init__(self, action, right, field=None, role=None, always=False):
        self.action = action
        self.right = right
        self.field = field
        self.role = role
        self.always = always


def governed(action):
    return Kind(action, ROLE, role=GOVERNANCE, always=True)


TRANSACTIONS = {
    "CreateAsset": governed(create_asset),
    "CreateFeed": governed(create_feed),
    "CreateMarket": governed(create_market),
    "UpdateMarket": governed(update_market),
    "SetMarketStatus": governed(set_market_status),
    "SetFeeSchedule": governed(set_fee_schedule),
    "SetVenueParams": governed(set_venue_params),
    "SetFeeTier": governed(set_fee_tier),
    "SettleMarket": governed(settle_market),
    "DelistMarket": governed(delist_market),
    "RemoveFeed": governed(remove_feed),
    "PayOut": governed(pay_out),
    "CreateAccount": Kind(create_account, OWNER, "account", BRIDGE),
    "Deposit": Kind(deposit, ROLE, role=BRIDGE),
    "Withdraw": Kind(withdraw, OWNER, "account"),
    "Transfer": Kind(transfer, OWNER, "from"),
    "SetDelegate": Kind(set_delegate, OWNER, "account"),
    "SetFrozen": Kind(set_frozen, OWNER, "account", GOVERNANCE, always=True),
    "CancelOrders": Kind(cancel_orders, DELEGATE, "account", always=True),
    "InsuranceDeposit": Kind(insurance_deposit, OWNER, "account"),
    "Trade": Kind(run_trade, ROLE, role=MATCHER),
    "Batch": Kind(run_batch, ROLE, role=MATCHER),
    "SettleBatch": Kind(settle_batch, ANYONE),
    "RealisePnl": Kind(realise_pnl, DELEGATE, "account"),
    "Liquidate": Kind(liquidate, OWNER, "liquidator"),
}
PRICES = ("OracleUpdate", "BookUpdate")

EXECUTED, SKIPPED = 0, 1


class Receipt:
    def __init__(self, disposition, status, weight, events):
        self.disposition = disposition
        self.status = status
        self.weight = weight
        self.events = events


class BlockOutcome:
    def __init__(self, begin, receipts, end, touched):
        self.begin = begin  # events of the start of the block
        self.end = end  # and of its end
        self.receipts = receipts
        self.touched = touched  # accounts that were changed


class Frame:
    """One block: what its transactions share, and the journal of the one in hand."""

    def __init__(self, state, now_ms):
        self.state = state
        self.now_ms = now_ms
        self.venue = state.venue
        self.journal = Journal()
        self.events = []
        self.markets = {}
        self.assets = {}

    def gather(self):
        """What the start of the block has fixed for its transactions."""
        for number, record in self.state.assets.items():
            self.assets[number] = AssetView(record, self.state.feeds.get(record["feed"]))
        open_interest = dict.fromkeys(self.state.markets, 0)
        for account in self.state.accounts.values():
            for number, position in account.positions.items():
                open_interest[number] += max(position.lots, 0)
        for number, market in self.state.markets.items():
            self.markets[number] = MarketView(market, open_interest[number])

    def emit(self, kind, fields):
        self.events.append((kind, fields))

    def attempt(self, action):
        """Runs an action of which nothing stays when it is rejected; returns its status."""
        mark, events = self.journal.mark(), len(self.events)
        try:
            action()
            return Status.APPLIED
        except Reject as refusal:
            status = refusal.status
        except Unbounded:
            status = Status.OVERFLOW
        self.journal.take_back(mark)
        del self.events[events:]
        return status


def weight_of(transaction):
    payload = transaction["payload"]
    count = 1
    if transaction["payload_type"] == "Batch":
        count = min(len(payload["fills"]), BATCH_FILLS)
    elif transaction["payload_type"] == "SettleBatch":
        count = min(len(payload["accounts"]), SETTLE_ACCOUNTS)
    return max(1, count)


def acts_for(signer, account):
    """An owner acts for all of his accounts; a key of the venue only for its own."""
    return signer == account if is_venue(signer) else signer >> 16 == account >> 16


def authorise(state, signer, name, payload):
    kind = TRANSACTIONS[name]
    if not is_venue(signer) and name != "CreateAccount":
        account = state.accounts.get(signer)
        require(account is not None, Status.NO_ACCOUNT)
        require(kind.always or not account.frozen, Status.ACCOUNT_FROZEN)
    if kind.right == ANYONE or (kind.role is not None and role_of(signer) == kind.role):
        return
    require(kind.right != ROLE, Status.UNAUTHORISED)
    target = payload[kind.field]
    if acts_for(signer, target):
        return
    account = state.accounts.get(target)
    delegated = kind.right == DELEGATE and account is not None and account.delegate == signer
    require(delegated and signer != 0, Status.UNAUTHORISED)


def run_prologue(frame, transaction):
    """Checks that all transactions share. Once the nonce is spent it stays spent."""
    envelope, state = transaction["envelope"], frame.state
    signer, until_ms = envelope["signer"], envelope["valid_until_ms"]
    require(envelope["nonce"] < NONCE_LIMIT and until_ms >= 0, Status.MALFORMED)
    authorise(state, signer, transaction["payload_type"], transaction["payload"])
    require(until_ms >= frame.now_ms, Status.EXPIRED_TX)
    require(until_ms - frame.now_ms <= frame.venue["valid_window_ms"], Status.NONCE_WINDOW)
    nonce, spent = (until_ms // HOUR_MS, envelope["nonce"]), state.nonces.setdefault(signer, set())
    require(nonce not in spent, Status.NONCE_USED)
    spent.add(nonce)
    always = TRANSACTIONS[transaction["payload_type"]].always
    require(always or not frame.venue["paused"], Status.PAUSED)


class Model:
    def __init__(self):
        self.state = State()
        self.frame = None  # of the last block

    def run_block(self, block):
        state, now_ms = self.state, block["time_ms"]
        frame = self.frame = Frame(state, now_ms)
        begin, decisions = self.start(block, frame)
        receipts, used, full = [], 0, False
        for transaction in block["transactions"]:
            weight = weight_of(transaction)
            full = full or weight > block["weight_limit"] - used
            if full:
                receipts.append(Receipt(SKIPPED, 0, 0, []))
                continue
            used += weight
            frame.events = []
            status = self.execute(frame, transaction, decisions)
            receipts.append(Receipt(EXECUTED, status, weight, frame.events))
        end = []
        for _, market in sorted(state.markets.items()):
            end += bear(state, market)
        return BlockOutcome(begin, receipts, end, frame.journal.touched)

    def start(self, block, frame):
        """Prices, then markets, in the order of their numbers."""
        updates = {kind: [] for kind in PRICES}
        for transaction in block["transactions"]:
            kind, envelope = transaction["payload_type"], transaction["envelope"]
            if kind in PRICES and envelope["valid_until_ms"] >= frame.now_ms:
                updates[kind].append((transaction["payload"], envelope["signer"]))
        decisions = {
            "OracleUpdate": run_oracle(self.state, updates["OracleUpdate"], frame.now_ms),
            "BookUpdate": run_books(self.state, updates["BookUpdate"]),
        }
        begin = []
        for _, market in sorted(self.state.markets.items()):
            begin += advance(self.state, market, frame.now_ms)
        frame.gather()
        return begin, decisions

    @staticmethod
    def execute(frame, transaction, decisions):
        kind, payload = transaction["payload_type"], transaction["payload"]
        envelope = transaction["envelope"]
        if kind in PRICES:
            if envelope["valid_until_ms"] < frame.now_ms:
                return Status.EXPIRED_TX
            order = oracle_order if kind == "OracleUpdate" else book_order
            return decisions[kind][order(payload, envelope["signer"])]
        try:
            run_prologue(frame, transaction)
        except Reject as refusal:
            return refusal.status
        frame.journal.undo.clear()
        action = TRANSACTIONS[kind].action
        return frame.attempt(lambda: action(frame, envelope, payload))
