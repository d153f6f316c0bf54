"""Random transactions other than fills, and random blocks of all of them."""

import copy

import world
from bounds import odd
from generator import DOMAIN, EXTREME_MARKET, KINDS, TINY_MARKET, Generator
from rules import (
    ACTIVE,
    CLOSING,
    DATED,
    HALTED,
    HOUR_MS,
    INVERSE,
    LINEAR,
    OPTION,
    Q32,
    REDUCE_ONLY,
    SETTLED,
)
from state import VENUE
from world import BRIDGE, GOVERNOR, MATCHER


class RandomBlocks(Generator):
    def any_amount(self, number, asset):
        """Often all there is, or one quantum more."""
        account = self.model.state.accounts.get(number)
        held = account.cash.get(asset, 0) if account is not None else 0
        if self.chance(0.03):
            return self.rng.choice((0, -1, 2**126))
        share = abs(held) // self.rng.choice((1, 2, 3, 10, 1_000))
        return self.rng.choice((share, share, min(held + 1, 2**127 - 1), 1))

    def any_asset(self):
        if self.chance(0.02):
            return self.rng.choice((63, 64, 4_000))
        return self.rng.choice((world.USD, world.USD, world.COIN, world.TOKEN, 3, 4, 5, 6, 7))

    def held_asset(self, number):
        account = self.model.state.accounts.get(number)
        held = list(account.cash) if account is not None else []
        return self.rng.choice(held) if held and self.chance(0.8) else self.any_asset()

    def signer_for(self, number):
        """The account, its sibling, the venue, its delegate or a stranger."""
        account = self.model.state.accounts.get(number)
        delegate = account.delegate if account is not None else 0
        other = self.rng.choice((number ^ 1, GOVERNOR, delegate, self.trader()))
        return number if self.chance(0.8) else other

    # ---- transactions of accounts ---------------------------------------------------------------

    def deposits(self):
        number, asset = self.trader(), self.any_asset()
        if self.chance(0.05):
            number = self.rng.choice((BRIDGE, world.account_of(300 + self.rng.randint(0, 9))))
        amount = self.rng.choice((1, 10**6, 10**7, 10**8, 5 * 10**8))
        if self.chance(0.04):
            amount = self.rng.choice((0, -7, 2**126, 2**100, 2**127 - 1))
        tx = self.deposit(number, asset, amount)
        if self.chance(0.08):
            tx["reference"] = self.rng.randint(1, self.reference)
        return self.sign(self.trader() if self.chance(0.02) else BRIDGE, "Deposit", tx)

    def withdraw(self):
        number = self.trader()
        asset = self.held_asset(number)
        tx = {"account": number, "asset": asset, "amount": self.any_amount(number, asset)}
        kind = "Withdraw" if self.chance(0.8) else "InsuranceDeposit"
        return self.sign(self.signer_for(number), kind, tx)

    def transfer(self):
        number, other = self.trader(), self.trader()
        asset = self.held_asset(number)
        if self.chance(0.02):
            other = number
        amount = self.any_amount(number, asset)
        tx = {"from": number, "to": other, "asset": asset, "amount": amount}
        return self.sign(self.signer_for(number), "Transfer", tx)

    def create_account(self):
        number = self.rng.choice((self.trader(), world.account_of(self.rng.randint(300, 400))))
        signer = self.rng.choice((number, number ^ 1, GOVERNOR, self.trader()))
        return self.sign(signer, "CreateAccount", {"account": number})

    def settings(self):
        frozen_ones = [n for n, account in self.model.state.accounts.items() if account.frozen]
        number = self.rng.choice(frozen_ones) if frozen_ones and self.chance(0.6) else self.trader()
        frozen = number in frozen_ones
        kind, tx = self.rng.choice(
            (
                ("SetDelegate", {"delegate": self.rng.choice((0, self.trader()))}),
                ("SetFrozen", {"frozen": not frozen and self.chance(0.15)}),
                ("SetFeeTier", {"tier": self.rng.choice((0, 0, 1, 2, 7, 8, 255))}),
                ("CancelOrders", {"salt_below": max(0, self.salt - self.rng.randint(0, 9_000))}),
            )
        )
        by_venue = frozen and VENUE in self.model.state.accounts[number].frozen_by
        signer = GOVERNOR if kind == "SetFeeTier" or by_venue else self.signer_for(number)
        return self.sign(signer, kind, {"account": number} | tx)

    def settle(self):
        markets = self.model.state.markets
        over = [number for number, market in markets.items() if market.status == SETTLED]
        number = (
            self.rng.choice(over) if over and self.chance(0.8) else self.rng.choice(list(markets))
        )
        held = [account for account, _ in self.model.state.positions_of(number)]
        accounts = sorted({self.trader() for _ in range(self.rng.randint(0, 3))} | set(held[:4]))
        if self.chance(0.1):
            accounts += accounts[:1]
        elif self.chance(0.02):
            accounts = list(range(1 << 16, (1 << 16) + self.rng.choice((256, 257))))
        market = 777 if self.chance(0.03) else number
        return self.sign(self.trader(), "SettleBatch", {"market": market, "accounts": accounts})

    def realise(self):
        markets = self.model.state.markets
        wanted = [n for n, m in markets.items() if m.terms["kind"] == DATED or m.status == SETTLED]
        market = (
            self.rng.choice(wanted) if wanted and self.chance(0.8) else self.rng.choice((1, 776))
        )
        held = [account for account, _ in self.model.state.positions_of(market)]
        number = self.rng.choice(held) if held and self.chance(0.8) else self.trader()
        return self.sign(
            self.signer_for(number), "RealisePnl", {"account": number, "market": market}
        )

    def liquidate(self):
        """Mostly of an account that is below maintenance, by one that may have the means."""
        accounts = self.model.state.accounts
        weak = [number for number in accounts if self.shortage(number) > 0]
        number = self.rng.choice(weak) if weak and self.chance(0.8) else self.trader()
        held = list(accounts[number].positions) if number in accounts else []
        market = self.rng.choice(held) if held and self.chance(0.95) else self.rng.choice((1, 776))
        taker = number if self.chance(0.02) else self.trader()
        tx = {"account": number, "market": market, "liquidator": taker}
        return self.sign(self.signer_for(taker), "Liquidate", tx)

    def trade(self):
        signer = self.trader() if self.chance(0.005) else MATCHER
        return self.sign(signer, "Trade", self.fill())

    def batch(self):
        count = self.rng.choice((1, 2, 2, 3, 5)) if self.chance(0.97) else self.rng.choice((0, 65))
        fills = [self.fill() for _ in range(min(count, 6))]
        while len(fills) < count:
            fills.append(fills[0])
        return self.sign(MATCHER, "Batch", {"atomic": self.chance(0.5), "fills": fills})

    def rarity(self):
        """What chance alone would bring about too seldom."""
        update = self.oracle_update(world.BTC_FEED, 0)
        tiny = self.fill() | {"lots": 1, "price": self.prices[world.BTC_FEED]}
        for name in ("buyer", "seller"):
            tiny[name] = tiny[name] | {"market": TINY_MARKET, "limit_price": tiny["price"]}
        markets = self.model.state.markets.values()
        options = [m for m in markets if m.terms["kind"] == OPTION and m.status == ACTIVE]
        cheap = self.fill() | {"price": 5, "lots": 10 * self.rng.randint(1, 9)}
        if options:
            number = self.rng.choice(options).number
            for name in ("buyer", "seller"):
                cheap[name] = cheap[name] | {"market": number, "limit_price": 5, "lots": 100}
        market = self.another_market()
        market["terms"] |= {"multiplier": self.rng.choice((0, 2**62 + 1))}
        return self.rng.choice(
            (
                update | {"payload": update["payload"] | {"sequence": 1}},
                update | {"payload": update["payload"] | {"publish_time_ms": self.now_ms + 1_001}},
                self.sign(GOVERNOR, "DelistMarket", {"market": self.any_market(SETTLED)}),
                self.sign(MATCHER, "Trade", tiny),
                self.sign(MATCHER, "Trade", cheap),
                self.sign(GOVERNOR, "CreateMarket", market),
            )
        )

    # ---- governance -----------------------------------------------------------------------------

    def governance(self):
        markets = self.model.state.markets
        number = self.rng.choice(list(markets)) if self.chance(0.95) else 779
        market = markets.get(number) or next(iter(markets.values()))
        params = world.random_params(self.rng, market.terms)
        kind, tx = self.rng.choice(
            (
                ("SettleMarket", {"market": self.any_market(HALTED), "price": self.any_price()}),
                ("DelistMarket", {"market": self.any_market(SETTLED)}),
                ("RemoveFeed", {"feed": self.rng.choice((1, 2, self.any_feed(), self.any_feed()))}),
                ("PayOut", self.payment()),
                ("PayOut", self.payment()),
                ("UpdateMarket", {"market": number, "params": params}),
                ("SetMarketStatus", {"market": number, "status": self.any_status(market)}),
                ("SetMarketStatus", {"market": number, "status": ACTIVE}),
                ("SetFeeSchedule", {"market": number, "fees": world.random_fees(self.rng)}),
                ("SetVenueParams", self.venue_params()),
                ("CreateMarket", self.another_market()),
                ("CreateFeed", self.another_feed()),
                ("CreateAsset", self.another_asset()),
            )
        )
        if kind.startswith("Create") or self.chance(0.2):
            tx = odd(self.rng, tx) if self.chance(0.5) else tx
        if number in (EXTREME_MARKET, TINY_MARKET):
            kind, tx = "SetMarketStatus", {"market": number, "status": ACTIVE}
        signer = self.trader() if self.chance(0.03) else GOVERNOR
        return self.sign(signer, kind, tx)

    def any_market(self, status):
        """Mostly one of that status."""
        markets = self.model.state.markets
        wanted = [number for number, market in markets.items() if market.status == status]
        return (
            self.rng.choice(wanted) if wanted and self.chance(0.8) else self.rng.choice((1, 2, 778))
        )

    def any_feed(self):
        return self.rng.choice(list(self.model.state.feeds))

    def any_price(self):
        return self.rng.choice((self.prices[world.BTC_FEED], 0, -1, 1, 10_000_001, 2**40 + 1))

    def payment(self):
        state, source = self.model.state, self.rng.randint(0, 2)
        number, asset = self.rng.choice(list(state.markets)), self.any_asset()
        market = state.markets[number]
        held = (market.fees_paid, market.dust // Q32, state.insurance.get(asset, 0))[source]
        amount = self.rng.choice((0, 1, max(1, held), held + 1, held // 2))
        if self.chance(0.05):
            number = 778
        return {
            "source": source,
            "market": number,
            "asset": asset,
            "to": self.trader(),
            "amount": amount,
        }

    def any_status(self, market):
        if self.chance(0.1):
            return self.rng.choice((4, 5, 6))
        return self.rng.choice(
            (ACTIVE, REDUCE_ONLY, HALTED, CLOSING if self.chance(0.3) else ACTIVE)
        )

    def venue_params(self):
        return {
            "profit_cap": self.rng.choice((0, 10**8, 10**12)),
            "valid_window_ms": self.rng.choice((2 * HOUR_MS, 40 * HOUR_MS, 62 * HOUR_MS)),
            "paused": self.chance(0.15),
            "track_account_volume": self.chance(0.6),
            "domain": DOMAIN + self.chance(0.02),
        }

    def another_market(self):
        """A market whose type nobody trades any more, or one that is refused."""
        markets = self.model.state.markets.values()
        living = [m.terms["kind"] for m in markets if m.status != SETTLED]
        missing = [kind for kind in KINDS if living.count(kind) < KINDS.count(kind)]
        if missing:
            tx = self.new_market(self.rng.choice(missing))
            return tx if self.chance(0.8) else odd(self.rng, tx)
        kind = self.rng.choice((LINEAR, INVERSE, DATED, OPTION))
        number = self.rng.choice((1, 2, 3, 70_000))
        tx = world.random_market(self.rng, number, kind, self.now_ms)
        change = self.rng.choice(({"feed": 55}, {"settlement_asset": 62}, {"settlement_asset": 64}))
        if self.chance(0.1):
            change = {"multiplier": self.rng.choice((0, 2**30, 2**30 + 1, 2**62 + 1))}
        tx["terms"] |= change | {"expiry_ms": tx["terms"]["expiry_ms"] and self.now_ms - 5}
        if self.chance(0.5):
            tx["terms"] |= {"expiry_ms": tx["terms"]["expiry_ms"] and self.now_ms + HOUR_MS}
        if self.chance(0.4):
            tx["terms"] |= {"feed": world.BTC_FEED, "settlement_asset": world.USD}
        return tx

    def another_feed(self):
        feed = copy.deepcopy(self.rng.choice(world.feeds()))
        feed["feed"] = self.rng.choice((0, feed["feed"], self.rng.randint(1_000, 1_100), 2**16))
        if self.chance(0.3):
            feed["params"]["quorum"] = self.rng.choice((0, 4))
        if self.chance(0.2):
            feed["sources"] = self.rng.choice(([], feed["sources"] * 11))
        if self.chance(0.2) and feed["sources"]:
            feed["sources"][0]["weight"] = 0
        return feed

    def another_asset(self):
        asset = dict(self.rng.choice(world.assets()))
        asset["asset"] = self.rng.choice((asset["asset"], self.rng.randint(8, 40), 64))
        asset["feed"] = self.rng.choice((asset["feed"], 44))
        return asset

    # ---- blocks ---------------------------------------------------------------------------------

    def elapsed_ms(self):
        draw = self.rng.random()
        if draw < 0.75:
            return self.rng.randint(1, 5_000)
        if draw < 0.95:
            return self.rng.randint(5_000, 90_000)
        return self.rng.randint(90_000, 20 * 60_000) if draw < 0.995 else 5 * HOUR_MS

    def random_block(self, size):
        elapsed = self.elapsed_ms()
        self.now_ms += elapsed
        self.move_prices()
        out = self.oracle_round() if self.chance(0.8) else []
        if self.model.state.venue["paused"]:
            params = self.venue_params() | {"paused": False}
            out.append(self.sign_surely("SetVenueParams", params))
        weights = (
            (self.trade, 46),
            (self.batch, 6),
            (self.withdraw, 9),
            (self.transfer, 5),
            (self.deposits, 5),
            (self.book_update, 5),
            (self.settle, 4),
            (self.realise, 4),
            (self.liquidate, 5),
            (self.settings, 3),
            (self.create_account, 1),
            (self.governance, 3),
            (self.rarity, 1),
        )
        actions, shares = zip(*weights)
        for action in self.rng.choices(actions, shares, k=max(0, size - len(out))):
            out.append(action())
        if self.chance(0.05) and out:
            out.append(self.rng.choice(out))
        return self.block(out, elapsed)
