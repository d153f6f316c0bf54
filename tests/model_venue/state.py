"""What the model knows: plain objects in dictionaries, and a journal that can take changes back."""

from rules import HALTED, NO_PRICE

OWNER, VENUE = 1, 2  # who may freeze an account, as bits


class Position:
    """A position, eagerly brought to the present: every charge of funding and every daily
    settlement reaches `cost`, `remainder`, `swept` at once. `stored` is what it was when a
    transaction last touched it, which is what a lazy venue keeps and its events tell."""

    __slots__ = ("lots", "cost", "remainder", "funding", "swept", "stored")

    def __init__(self, lots=0, cost=0, remainder=0, funding=0, swept=0, stored=None):
        self.lots = lots
        self.cost = cost  # quanta received less quanta paid
        self.remainder = remainder  # fraction of a quantum owed to the position, times 2^32
        self.funding = funding  # quanta received since the last touch
        self.swept = swept  # quanta that daily settlements have set aside since the last touch
        self.stored = stored  # (cost, remainder, funding index, epoch, social index)

    def charge(self, delta_q32):
        """Every lot pays `delta_q32`; whole quanta move, the fraction stays."""
        due = self.remainder - self.lots * delta_q32
        paid, self.remainder = divmod(due, 2**32)
        self.cost += paid
        self.funding += paid
        return paid

    def bear(self, delta_q32):
        """Every lot, long or short, pays `delta_q32` of a loss."""
        paid, self.remainder = divmod(self.remainder - abs(self.lots) * delta_q32, 2**32)
        self.cost += paid
        self.funding += paid
        return paid

    def settle_daily(self, value):
        """Sets profit and loss up to `value`, that of the lots now, aside as cash to come."""
        self.swept += self.cost + value
        self.cost = -value


class Account:
    def __init__(self):
        self.delegate = 0
        self.salt_below = 0
        self.volume = 0
        self.tier = 0
        self.frozen_by = frozenset()  # of OWNER, VENUE
        self.cash = {}  # by asset; of those held, which is while it is not 0
        self.positions = {}  # by market
        self.orders = {}  # salt -> (lots filled, last time it may be filled)

    @property
    def frozen(self):
        return bool(self.frozen_by)


class Source:
    def __init__(self, signer, weight):
        self.signer = signer
        self.weight = weight
        self.seen = False
        self.price = self.confidence = self.publish_time_ms = self.sequence = 0


class Feed:
    def __init__(self, params, sources):
        self.params = params
        self.sources = sources
        self.index = self.time_ms = self.pending = 0
        self.priced = self.valid = self.has_pending = False

    def fresh(self):
        """Nothing hints at another price."""
        return self.valid and not self.has_pending


class Market:
    def __init__(self, number, terms, params, fees, control):
        self.number = number
        self.terms = terms
        self.params = params
        self.fees = fees  # (maker, taker) by tier of the account
        self.control = control  # status that governance asks for
        self.final_price = None  # at which governance asks to settle
        self.book = dict.fromkeys(
            ("best_bid", "best_ask", "last", "impact_bid", "impact_ask", "external"), NO_PRICE
        )
        self.book["sequence"] = 0
        self.has_book = False
        # prices
        self.mark = self.index = self.settle_price = self.epoch = 0
        self.status = HALTED
        self.priced = self.stale = False
        self.social_index = 0  # quanta times 2^32 of losses that one lot has borne
        self.funding_index = 0  # quanta times 2^32 that one lot has paid since the market began
        # averages
        self.basis_q32 = None
        self.basis_time_ms = 0
        self.premium_sum = self.premium_ms = 0
        # the funding clock
        self.clock_started = self.clock_runs = False
        self.funding_time_ms = 0  # of the last charge, moved along while the clock stands
        self.sample_time_ms = 0  # of the last block
        self.premium_ppb = 0  # of the last block
        self.average_sum = self.average_ms = 0
        self.window_time_ms = 0
        self.last_time_ms = None  # of the block before
        self.interval = -1  # number of the interval of daily settlements
        # shared sums; what follows from positions is summed up when it is asked for
        self.volume = self.fees_paid = self.dust = self.closed_lots = 0
        self.funding_clear = 0  # what positions have paid
        self.loss = 0  # what liquidations of the block have left

    def stored(self, position):
        """A position as a lazy venue would store it now."""
        indices = (self.funding_index, self.epoch, self.social_index)
        return (position.cost, position.remainder, *indices)

    def asset(self):
        return self.terms["settlement_asset"]

    def perpetual(self):
        return self.terms["expiry_ms"] == 0


class State:
    def __init__(self):
        self.accounts = {}
        self.owned = {}  # owner -> numbers of his accounts
        self.assets = {}
        self.asset_totals = {}
        self.insurance = {}
        self.bad_debts = {}  # by asset; what could be charged to nobody
        self.deposits = set()
        self.feeds = {}
        self.markets = {}
        self.nonces = {}  # signer -> set of (hour of the last time it may be applied, nonce)
        self.venue = {
            "profit_cap": 0,
            "valid_window_ms": 172_800_000,
            "paused": False,
            "track_account_volume": False,
            "domain": 0,
        }
        self.venue_set = False

    def owner_lots(self, number, market, instead=None):
        """Lots, long and short, that the owner of an account has in a market over all of his
        accounts; `instead` holds the lots of some accounts in place of what they have."""
        total = 0
        for own in self.owned.get(number >> 16, ()):
            position = self.accounts[own].positions.get(market)
            lots = 0 if position is None else position.lots
            total += abs((instead or {}).get(own, lots))
        return total

    def positions_of(self, market):
        """(account, position) of everybody in the market."""
        for number, account in self.accounts.items():
            position = account.positions.get(market)
            if position is not None:
                yield number, position


class Journal:
    """Changes of the transaction in hand, so that they can be taken back; `touched` gathers the
    accounts of a block that were changed, taken back or not."""

    def __init__(self):
        self.undo = []
        self.touched = set()

    def put(self, table, key, value):
        if key in table:
            self.undo.append((table.__setitem__, key, table[key]))
        else:
            self.undo.append((table.__delitem__, key))
        table[key] = value

    def drop(self, table, key):
        self.undo.append((table.__setitem__, key, table[key]))
        del table[key]

    def set(self, thing, name, value):
        self.undo.append((setattr, thing, name, getattr(thing, name)))
        setattr(thing, name, value)

    def add(self, thing, name, amount):
        self.set(thing, name, getattr(thing, name) + amount)

    def mark(self):
        return len(self.undo)

    def take_back(self, mark):
        while len(self.undo) > mark:
            action, *arguments = self.undo.pop()
            action(*arguments)
