"""Random blocks for the model: valid and invalid transactions of every type, steered by the state
of the model, so that they come near every limit."""

import random

import world
from margin import assess, notional_at
from rules import (
    ACTIVE,
    BUY,
    DATED,
    HOUR_MS,
    INVERSE,
    LINEAR,
    NO_PRICE,
    OPTION,
    SELL,
    SETTLED,
    Unbounded,
)
from world import BRIDGE, GOVERNOR, ORACLE

KINDS = (LINEAR, LINEAR, LINEAR, INVERSE, DATED, DATED, OPTION, OPTION)
EXTREME_MARKET, TINY_MARKET = 999, 998
DOMAIN = 7
WEIRD_LOTS = (0, -1, 2**47, 2**47 + 1, 2**62)


class Generator:
    def __init__(self, model, seed):
        self.model = model
        self.rng = random.Random(seed)
        self.now_ms = world.START_MS
        self.height = 0
        self.nonce = 0
        self.sequence = 0
        self.salt = 0
        self.reference = 0
        self.next_market = 1
        self.prices = {world.BTC_FEED: 600_000, world.OIL_FEED: 300, world.TOKEN_FEED: 50_000}
        self.recent = []  # signed transactions, to be repeated
        self.orders = []  # (order, buys), to be filled further
        self.paused = False
        self.traders = world.traders()

    # ---- pieces ---------------------------------------------------------------------------------

    def chance(self, probability):
        return self.rng.random() < probability

    def trader(self):
        """Nearly always somebody who exists."""
        if self.chance(0.01):
            return self.rng.choice((world.account_of(5000), BRIDGE, world.account_of(100, 9)))
        for _ in range(3):
            number = self.rng.choice(self.traders)
            account = self.model.state.accounts.get(number)
            if account is not None and not account.frozen or self.chance(0.1):
                break
        return number

    def sign(self, signer, kind, payload):
        self.nonce += 1
        until_ms = self.now_ms + self.rng.choice((0, 1, HOUR_MS, HOUR_MS, 2 * HOUR_MS))
        envelope = {"signer": signer, "nonce": self.nonce, "valid_until_ms": until_ms}
        if self.chance(0.02):
            window = self.model.state.venue["valid_window_ms"]
            change = self.rng.choice(
                (
                    {"signer": self.rng.choice((self.trader(), 0, 17, 33, 49, 64, 2**16 - 1))},
                    {"nonce": 2**50 + self.nonce},
                    {"valid_until_ms": -1},
                    {"valid_until_ms": self.now_ms - 1},
                    {"valid_until_ms": self.now_ms + window + self.rng.randint(0, 2)},
                )
            )
            envelope |= change
        transaction = {"envelope": envelope, "payload_type": kind, "payload": payload}
        if self.recent and self.chance(0.01):
            transaction["envelope"] = self.rng.choice(self.recent)["envelope"]
        self.recent = self.recent[-50:] + [transaction]
        return transaction

    def block(self, transactions, elapsed_ms):
        self.height += 1
        limit = 2**64 - 1
        if self.chance(0.02):
            limit = self.rng.randint(0, len(transactions))
        return {
            "height": self.height,
            "time_ms": self.now_ms,
            "weight_limit": limit,
            "transactions": transactions,
        }

    def setup(self):
        """The blocks that open the venue."""
        first = [self.sign_surely("CreateFeed", feed) for feed in world.feeds()]
        first += [self.sign_surely("CreateAsset", asset) for asset in world.assets()]
        venue = {
            "profit_cap": 10**9,
            "valid_window_ms": 40 * HOUR_MS,
            "paused": False,
            "track_account_volume": True,
            "domain": DOMAIN,
        }
        first.append(self.sign_surely("SetVenueParams", venue))
        yield self.next_block(first)
        second = [self.sign_surely("CreateMarket", self.new_market(kind)) for kind in KINDS]
        for tx in (world.extreme_market(EXTREME_MARKET), world.tiny_market(TINY_MARKET)):
            second.append(self.sign_surely("CreateMarket", tx))
        second += [self.deposit_to(number, rank) for rank, number in enumerate(self.traders[:-2])]
        yield self.next_block(second + self.oracle_round())

    def next_block(self, transactions):
        self.now_ms += 1_000
        return self.block(transactions, 1_000) | {"weight_limit": 2**64 - 1}

    def sign_surely(self, kind, payload, signer=GOVERNOR):
        transaction = self.sign(signer, kind, payload)
        self.nonce += 1
        envelope = {"signer": signer, "nonce": self.nonce, "valid_until_ms": self.now_ms + HOUR_MS}
        return transaction | {"envelope": envelope}

    def new_market(self, kind):
        number, self.next_market = self.next_market, self.next_market + 1
        return world.random_market(self.rng, number, kind, self.now_ms)

    def deposit_to(self, number, rank):
        """Rich ones, poor ones, some without dollars, some dusty."""
        asset = world.COIN if rank % 5 == 3 else world.TOKEN if rank % 7 == 5 else world.USD
        amount = self.rng.choice((10**13, 10**9, 10**8, 10**7)) if rank % 4 else 10**12
        if asset != world.USD:
            amount //= 10
        return self.sign_surely("Deposit", self.deposit(number, asset, amount), BRIDGE)

    def deposit(self, number, asset, amount):
        self.reference += 1
        return {"account": number, "asset": asset, "amount": amount, "reference": self.reference}

    # ---- prices ---------------------------------------------------------------------------------

    def move_prices(self):
        btc = self.prices[world.BTC_FEED]
        step = self.rng.randint(-btc // 150, btc // 150)
        if self.chance(0.02):
            step = self.rng.randint(-btc // 3, btc // 2)
        self.prices[world.BTC_FEED] = max(50_000, min(btc + step, 4_000_000))
        self.prices[world.OIL_FEED] += self.rng.randint(-12, 12)
        if self.chance(0.1):
            self.prices[world.OIL_FEED] += (300 - self.prices[world.OIL_FEED]) // 4
        self.prices[world.TOKEN_FEED] = max(
            1, self.prices[world.TOKEN_FEED] + self.rng.randint(-900, 900)
        )

    def oracle_update(self, feed, source):
        self.sequence += 1
        price = self.prices[feed] + self.rng.randint(-20, 20) * (feed != world.OIL_FEED)
        update = {
            "feed": feed,
            "source": source,
            "price": price,
            "confidence": abs(price) // 1000,
            "publish_time_ms": self.now_ms - self.rng.choice((0, 0, 200, 5_000)),
            "sequence": self.sequence,
        }
        signer = ORACLE if source == 0 else world.ORACLES[source - 1]
        if self.chance(0.15):
            update |= self.rng.choice(
                (
                    {"feed": 77},
                    {"source": self.rng.randint(0, 5)},
                    {"price": self.rng.choice((0, -5, 2**40 + 1, price * 2))},
                    {"confidence": self.rng.choice((-1, abs(price), 2**62))},
                    {"publish_time_ms": self.now_ms + self.rng.choice((999, 1_000, 1_001))},
                    {"publish_time_ms": self.now_ms - 2 * HOUR_MS},
                    {"sequence": max(0, self.sequence - 3)},
                    {"sequence": self.sequence + 2**53},
                )
            )
            signer = self.rng.choice((signer, self.trader()))
        return self.sign(signer, "OracleUpdate", update)

    def oracle_round(self):
        """Some sources of some feeds; now and then a feed is silent for long."""
        out = []
        for feed, sources in ((world.BTC_FEED, 3), (world.OIL_FEED, 1), (world.TOKEN_FEED, 2)):
            if feed in self.model.state.feeds or self.height < 2:
                out += [
                    self.oracle_update(feed, source)
                    for source in range(sources)
                    if self.chance(0.85)
                ]
        return out

    def book_update(self):
        number = self.rng.choice(sorted(self.model.state.markets))
        market = self.model.state.markets[number]
        self.sequence += 1
        update = world.no_book(number, self.sequence)
        if self.chance(0.85):
            middle = market.index + self.rng.randint(-2_000, 2_000) * (abs(market.index) > 10_000)
            if market.terms["kind"] == OPTION:
                update["external"] = self.rng.randint(0, 200_000)
            update |= {"best_bid": middle - 5, "best_ask": middle + 5, "impact_bid": middle - 20}
            update |= {"impact_ask": middle + 20, "last": middle + self.rng.randint(-9, 9)}
            for name in update:
                if name not in ("market", "sequence") and self.chance(0.1):
                    update[name] = self.rng.choice((NO_PRICE, middle, 2**40))
            if self.chance(0.05):
                name = self.rng.choice(("last", "external", "impact_bid"))
                update[name] = self.rng.choice((-1, 2**40 + 1, -(2**40) - 1, 2**62))
        if self.chance(0.05):
            update |= self.rng.choice(
                ({"market": 888}, {"sequence": max(0, self.sequence - 4)}, {"sequence": 2**53})
            )
        return self.sign(self.trader() if self.chance(0.03) else ORACLE, "BookUpdate", update)

    # ---- fills ----------------------------------------------------------------------------------

    def living(self):
        markets = self.model.state.markets
        open_ones = [n for n, m in markets.items() if m.status == ACTIVE and n < TINY_MARKET]
        if open_ones and self.chance(0.95):
            return open_ones
        return [n for n, m in markets.items() if m.status != SETTLED] or list(markets)

    def risk(self, number):
        """As of the last block; None when nobody knows."""
        account, frame = self.model.state.accounts.get(number), self.model.frame
        if account is None or frame is None:
            return None
        try:
            return assess(frame, number, account.cash, account.positions, 0)
        except KeyError:
            return None

    def equity(self, number):
        """About what the account is worth, numeraire quanta; 0 when nobody knows."""
        risk = self.risk(number)
        return 0 if risk is None else max(0, risk.equity)

    def shortage(self, number):
        """About what the account lacks to cover maintenance."""
        risk = self.risk(number)
        return 0 if risk is None else max(0, risk.maintenance - risk.equity)

    def price_near(self, market):
        centre = (
            market.mark
            if market.terms["kind"] == OPTION or not market.perpetual()
            else market.index
        )
        if market.terms["kind"] == OPTION:
            price = self.rng.choice((max(1, centre), max(5, centre), self.rng.randint(1, 100_000)))
        else:
            reach = max(1, abs(centre) * (market.params["band_ppm"] + 2_000) // 10**6)
            price = centre + self.rng.choice((0, self.rng.randint(-reach, reach), reach // 9))
        step = market.terms["price_step"]
        return price if self.chance(0.02) else price // step * step or step

    def size_for(self, market, price, number):
        """Around what the account can carry."""
        value = self.equity(number)
        try:
            per_lot = max(1, notional_at(market.terms, 10**6, abs(price) or 1))
            if market.terms["kind"] == OPTION:
                per_lot = max(1, abs(market.index) * market.terms["multiplier"] * 10**6)
            if market.asset() != world.USD:
                view = self.model.frame.assets[market.asset()]
                per_lot = max(1, view.requirement(per_lot))
        except (Unbounded, KeyError, AttributeError):
            per_lot = 10**12
        fits = value * 10**6 // per_lot
        lots = int(fits * 2 ** self.rng.uniform(-7, 4)) + self.rng.randint(0, 2)
        return max(1, min(lots, 2**46))

    def new_order(self, number, market, price, lots, buys):
        self.salt += 1
        slack = self.rng.choice((0, 0, 10, 1_000))
        return {
            "account": number,
            "market": market.number,
            "limit_price": price + slack if buys else price - slack,
            "lots": lots * self.rng.choice((1, 1, 3)),
            "max_fee_ppm": 250 if self.chance(0.02) else self.rng.choice((1_000, 10**6)),
            "reduce_only": self.chance(0.02),
            "domain": DOMAIN,
            "side": BUY if buys else SELL,
            "good_til_ms": self.now_ms + self.rng.choice((0, 60_000, HOUR_MS, 24 * HOUR_MS)),
            "salt": self.salt,
        }

    def closing_pair(self, market):
        """Two who hold opposite positions: (who buys, who sells, lots)."""
        longs, shorts = [], []
        for number, position in self.model.state.positions_of(market.number):
            (longs if position.lots > 0 else shorts).append((number, abs(position.lots)))
        if not longs or not shorts:
            return None
        long, short = self.rng.choice(longs), self.rng.choice(shorts)
        most = min(long[1], short[1])
        return short[0], long[0], max(1, most // self.rng.choice((1, 1, 2, 10)))

    def fill(self):
        market = self.model.state.markets[self.rng.choice(self.living())]
        price = self.price_near(market)
        buyer, seller, taken = self.trader(), self.trader(), self.chance(0.5)
        if buyer == seller and self.chance(0.8):
            seller = self.trader()
        lots = self.size_for(market, price, buyer if taken else seller)
        pair = self.closing_pair(market) if self.chance(0.2) else None
        if pair is not None:
            buyer, seller, lots = pair
        step = market.terms["lot_step"]
        lots = lots if self.chance(0.02) else max(step, lots // step * step)
        fill = {
            "buyer": self.new_order(buyer, market, price, lots, True),
            "seller": self.new_order(seller, market, price, lots, False),
            "buyer_is_taker": taken,
            "lots": lots,
            "price": price,
        }
        self.reuse_order(fill)
        if market.terms["host_matched"] and self.chance(0.8) or self.chance(0.005):
            self.add_host_fees(fill, market)
        if self.chance(0.06):
            self.spoil(fill, market)
        self.orders = self.orders[-40:] + [(fill["buyer"], True), (fill["seller"], False)]
        return fill

    def reuse_order(self, fill):
        """A further fill of an earlier order, often more than is left of it."""
        order, buys = self.rng.choice(self.orders) if self.orders else (None, True)
        if order is None or self.chance(0.85) or order["market"] != fill["buyer"]["market"]:
            return
        fill["buyer" if buys else "seller"] = order
        if self.chance(0.7):
            fill["price"] = order["limit_price"]
            fill["seller" if buys else "buyer"]["limit_price"] = order["limit_price"]
            fill["lots"] = max(1, min(fill["lots"], order["lots"] // self.rng.choice((1, 2, 3))))

    def add_host_fees(self, fill, market):
        fee = abs(fill["price"]) * fill["lots"] * (market.terms["multiplier"] % 10**9) // 2_000
        fill["host_fees"] = {
            "buyer": self.rng.choice((fee, -fee // 2, 1, fee * 3, fee, -fee * 21)),
            "seller": self.rng.choice((fee, -fee // 3, 0, -fee * 20)),
        }
        for name in ("buyer", "seller"):
            account = self.model.state.accounts.get(fill[name]["account"])
            if account is not None and account.salt_below == 0 and self.chance(0.6):
                fill[name] = fill[name] | {"salt": 0}

    def spoil(self, fill, market):
        """One thing that is wrong, or nearly."""
        name = self.rng.choice(("buyer", "seller"))
        order = dict(fill[name])
        account = self.model.state.accounts.get(order["account"])
        order |= self.rng.choice(
            (
                {"market": self.rng.choice((order["market"], 888, 1))},
                {"account": fill["seller" if name == "buyer" else "buyer"]["account"]},
                {"good_til_ms": self.now_ms - self.rng.randint(0, 1)},
                {"salt": max(0, (account.salt_below if account else 0) - self.rng.randint(0, 1))},
                {"lots": fill["lots"] - self.rng.randint(0, 1)},
                {"limit_price": fill["price"] + self.rng.randint(-1, 1)},
                {"max_fee_ppm": self.rng.choice((0, -300, 200, -(2**31), 2**31 - 1))},
                {"reduce_only": True},
                {"domain": DOMAIN + 1},
                {"side": SELL - order["side"]},
            )
        )
        if self.chance(0.6):
            fill[name] = order
            return
        fill |= self.rng.choice(
            (
                {"lots": self.rng.choice(WEIRD_LOTS)},
                {"lots": fill["lots"] + 1},
                {"price": self.rng.choice((0, -1, 1, 2**40, 2**40 + 1, -(2**40) - 1))},
                {"price": fill["price"] + self.rng.choice((1, 2, 100_000, -100_000))},
                {"price": market.params["max_price"] + 1},
            )
        )
