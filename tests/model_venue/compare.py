"""Compares what the model says of a block with what the venue made of it, down to cells."""

import cells
from markets import settlement_value
from mirror import BY_ACCOUNT, BY_ASSET, BY_FEED, BY_MARKET, Mirror
from owners import has_several, owner_lots
from rules import HOUR_MS, NO_PRICE, SETTLED, is_venue

STRIPES = 1024


class Difference(Exception):
    """The first thing that model and venue disagree about."""

    def __init__(self, where, model, venue):
        super().__init__(where)
        self.where, self.model, self.venue = where, model, venue

    def __str__(self):
        return f"{self.where}\n  model {self.model}\n  venue {self.venue}"


def same(where, model, venue):
    if model != venue:
        raise Difference(where, model, venue)


def same_fields(where, model, venue):
    """Of two dictionaries: the fields of the model."""
    for name, value in model.items():
        same(f"{where}: {name}", value, venue.get(name))


def compare_events(where, model, venue):
    """`venue` are [type, bytes in hexadecimal]."""
    encoded = [[kind, cells.encode_event(kind, fields)] for kind, fields in model]
    if encoded == venue:
        return
    for at, ((kind, text), (venue_kind, venue_text)) in enumerate(zip(encoded, venue)):
        same(f"{where}, event {at}: type", kind, venue_kind)
        fields = cells.decode_event(kind, text)
        same_fields(
            f"{where}, event {at} of type {kind}", fields, cells.decode_event(kind, venue_text)
        )
    same(f"{where}: number of events", len(encoded), len(venue))
    same(f"{where}: bytes of events", encoded, venue)


def compare_receipts(outcome, answer):
    compare_events("start of the block", outcome.begin, answer["begin"])
    same("number of receipts", len(outcome.receipts), len(answer["receipts"]))
    for at, (receipt, venue) in enumerate(zip(outcome.receipts, answer["receipts"])):
        disposition, status, weight, events = venue
        where = f"transaction {at}"
        same(f"{where}: disposition", receipt.disposition, disposition)
        same(f"{where}: status", receipt.status, status)
        same(f"{where}: weight", receipt.weight, weight)
        compare_events(where, receipt.events, events)
    compare_events("end of the block", outcome.end, answer["end"])


class Comparison:
    def __init__(self, model):
        self.state = model.state
        self.mirror = Mirror()

    def compare_block(self, block, outcome, answer, everything):
        compare_receipts(outcome, answer)
        keys = self.mirror.take(answer["cells"])
        now_ms = block["time_ms"]
        accounts = outcome.touched | {key[1] for key in keys if key[0] in BY_ACCOUNT}
        feeds = {key[2] for key in keys if key[0] in BY_FEED}
        markets = {key[2] for key in keys if key[0] in BY_MARKET}
        assets = {key[2] for key in keys if key[0] in BY_ASSET}
        if everything:
            accounts |= set(self.state.accounts) | {
                k[1] for k in self.mirror.cells if k[0] == cells.ACCOUNT
            }
            feeds |= set(self.state.feeds)
            markets |= set(self.state.markets)
            assets |= set(self.state.assets)
            self.compare_lists()
            self.compare_nonces(now_ms)
            same("lots by owner and market", *owner_lots(self.state, self.mirror))
        for number in sorted(accounts):
            self.compare_account(number, now_ms)
        for number in sorted(feeds):
            self.compare_feed(number)
        for number in sorted(markets):
            self.compare_market(number)
        for number in sorted(assets):
            self.compare_asset(number)
        self.compare_venue()
        clock = cells.read(self.mirror.cells[cells.CLOCK, 0, 0, 0], 0, "q")
        same("time of the last block", now_ms, clock)

    # ---- accounts -------------------------------------------------------------------------------

    def compare_account(self, number, now_ms):
        where = f"account {number >> 16}.{number & 0xFFFF}"
        account = self.state.accounts.get(number)
        own = self.mirror.pages.get(number, {})
        data = own.get((cells.ACCOUNT, number, 0, 0))
        same(f"{where}: exists", account is not None, data is not None)
        if account is None:
            return
        head = cells.decode_head(data)
        wanted = {
            "delegate": account.delegate,
            "salt_below": account.salt_below,
            "tier": account.tier,
            "frozen_by": sum(account.frozen_by),
            "volume": account.volume,
            "assets": sum(1 << asset for asset in account.cash),
            "positions": len(account.positions),
            "shared": int(has_several(self.state, number)),
        }
        same_fields(where, wanted, head)
        beside = {key[2]: cells.read(own[key], 0, "n") for key in own if key[0] == cells.CASH}
        same(
            f"{where}: assets both in and beside the head block",
            set(),
            beside.keys() & head["cash"],
        )
        same(
            f"{where}: cash",
            dict(sorted(account.cash.items())),
            dict(sorted((head["cash"] | beside).items())),
        )
        held = head["held"]
        blocks = [key for key in sorted(own) if key[0] == cells.POSITIONS]
        for at, key in enumerate(blocks):
            same(f"{where}: number of a block", at + 1, key[3])
            full = cells.HEAD_POSITIONS + at * cells.BLOCK_POSITIONS
            same(f"{where}: positions before block {at + 1}", full, len(held))
            held = held + cells.positions_in(own[key], 0)
        same(f"{where}: markets", sorted(account.positions), [one["market"] for one in held])
        for venue in held:
            self.compare_position(where, account.positions[venue["market"]], venue)
        live = [
            (lots, until_ms) for lots, until_ms in account.orders.values() if until_ms >= now_ms
        ]
        entries = self.mirror.live_entries(cells.ORDERS, number, 0, now_ms)
        venue = sorted((entry["value"], entry["until_ms"]) for entry in entries)
        same(f"{where}: fills of orders (lots, until)", sorted(live), venue)

    def compare_position(self, where, position, venue):
        number = venue["market"]
        where = f"{where}, position in market {number}"
        cost, remainder, funding, epoch, social = position.stored
        stored = {
            "lots": position.lots,
            "cost": cost,
            "remainder": remainder,
            "funding": funding,
            "social": social,
            "epoch": epoch,
            "zero": 0,
        }
        same_fields(where, stored, venue)
        tick = self.mirror.record(cells.TICK, item=number)
        multiplier = self.state.markets[number].terms["multiplier"]
        eager = (position.cost, position.remainder, position.swept)
        lazy = cells.bring_up(venue, tick, multiplier)
        same(f"{where}: cost, remainder, swept at the indices of the market", eager, lazy)

    def compare_nonces(self, now_ms):
        """Of all signers: bits of 64 nonces, and how long they are kept. Forgets what is over."""
        model, venue = {}, {}
        for signer, spent in self.state.nonces.items():
            stripes = STRIPES if is_venue(signer) else 1
            spent -= {nonce for nonce in spent if (nonce[0] + 1) * HOUR_MS <= now_ms}
            for hour, nonce in spent:
                row, until_ms = nonce // stripes, (hour + 1) * HOUR_MS - 1
                table = model.setdefault((signer, nonce % stripes), {})
                table[until_ms, row // 64] = table.get((until_ms, row // 64), 0) | 1 << row % 64
        for (kind, signer, stripe, _), data in self.mirror.cells.items():
            if kind == cells.NONCES:
                entries = venue.setdefault((signer, stripe), [])
                entries += [e for e in cells.decode_page(data) if e["until_ms"] >= now_ms]
        for signer, stripe in sorted(model.keys() | venue.keys()):
            rows = model.get((signer, stripe), {})
            wanted = sorted((bits, until_ms) for (until_ms, _), bits in rows.items())
            found = sorted((e["value"], e["until_ms"]) for e in venue.get((signer, stripe), []))
            same(f"nonces of signer {signer}, stripe {stripe} (bits, until)", wanted, found)

    # ---- feeds, assets, venue -------------------------------------------------------------------

    def compare_feed(self, number):
        feed, where = self.state.feeds.get(number), f"feed {number}"
        record = self.mirror.record(cells.FEED, item=number)
        same(f"{where}: exists", feed is not None, bool(record))
        if feed is None:
            left = [key for key in self.mirror.cells if key[0] in BY_FEED and key[2] == number]
            same(f"{where}: cells after its removal", [], left)
            return
        same_fields(where, feed.params, record)
        same(f"{where}: sources", len(feed.sources), record["sources"])
        wanted = ("index", "time_ms", "pending", "priced", "valid", "has_pending")
        state = self.mirror.record(cells.FEED_STATE, item=number)
        for name in wanted:
            same(f"{where}: {name}", int(getattr(feed, name)), state.get(name, 0))
        for at, source in enumerate(feed.sources):
            venue = self.mirror.record(cells.FEED_SOURCE, item=number, chunk=at)
            same_fields(f"{where}, source {at}", vars(source), venue)

    def compare_asset(self, number):
        asset, where = self.state.assets.get(number), f"asset {number}"
        record = self.mirror.record(cells.ASSET, item=number)
        same(f"{where}: exists", asset is not None, bool(record))
        wanted = {name: value for name, value in asset.items() if name != "asset"}
        same_fields(where, wanted, record)
        total = self.mirror.number(cells.ASSET_TOTAL, item=number)
        same(f"{where}: deposited", self.state.asset_totals.get(number, 0), total)
        insurance = self.mirror.number(cells.INSURANCE, item=number)
        same(f"{where}: insurance", self.state.insurance.get(number, 0), insurance)
        bad_debt = self.mirror.number(cells.BAD_DEBT, item=number)
        same(f"{where}: bad debt", self.state.bad_debts.get(number, 0), bad_debt)

    def compare_venue(self):
        record = self.mirror.record(cells.VENUE)
        same("venue: parameters are set", self.state.venue_set, bool(record))
        if self.state.venue_set:
            same_fields("venue", self.state.venue, record)

    def compare_lists(self):
        state, parts = self.state, self.mirror.parts
        same("list of assets", sorted(state.assets), cells.decode_list(parts(cells.ASSET_LIST)))
        same("list of feeds", sorted(state.feeds), cells.decode_list(parts(cells.FEED_LIST)))
        same("list of markets", sorted(state.markets), cells.decode_list(parts(cells.MARKET_LIST)))
        deposits = {(k[1], k[2]) for k in self.mirror.cells if k[0] == cells.DEPOSIT_USED}
        same("references of deposits", state.deposits, deposits)

    # ---- markets --------------------------------------------------------------------------------

    def compare_market(self, number):
        market, where = self.state.markets.get(number), f"market {number}"
        record = self.mirror.record(cells.MARKET_TERMS, item=number)
        same(f"{where}: exists", market is not None, bool(record))
        if market is None:
            left = [key for key in self.mirror.cells if key[0] in BY_MARKET and key[2] == number]
            same(f"{where}: cells after its removal", [], left)
            return
        same_fields(f"{where}, terms", market.terms, record)
        self.compare_params(market, where)
        venue = self.mirror.record(cells.MARKET_CONTROL, item=number)
        same(f"{where}: status asked for", market.control, venue["status"])
        price = NO_PRICE if market.final_price is None else market.final_price
        same(f"{where}: price asked for", price, venue["price"])
        self.compare_prices(market, where)
        self.compare_averages(market, where)
        self.compare_sums(market, where)

    def compare_params(self, market, where):
        held, number = self.mirror.cells, market.number
        params = dict(market.params)
        tiers, funding = params.pop("margin_tiers"), params.pop("funding")
        record = cells.PARAMS(held[cells.MARKET_PARAMS, 0, number, 0])
        same_fields(f"{where}, parameters", params, record)
        same(f"{where}: number of tiers", len(tiers), record["tiers"])
        parts = self.mirror.parts(cells.MARGIN_TIERS, number)
        same(f"{where}: tiers", tiers, cells.decode_tiers(parts, len(tiers)))
        terms = cells.FUNDING(held[cells.MARKET_PARAMS, 0, number, 1])
        same_fields(f"{where}, funding", funding, terms)
        fees = cells.decode_fees(held[cells.FEE_SCHEDULE, 0, number, 0].ljust(64, b"\0"))
        same(f"{where}: fees", market.fees, fees)

    def compare_prices(self, market, where):
        tick = {
            "mark": market.mark,
            "index": market.index,
            "funding": market.funding_index,
            "social": market.social_index,
            "settle_price": market.settle_price,
            "epoch": market.epoch,
            "status": market.status,
            "priced": int(market.priced),
            "stale": int(market.stale),
        }
        venue = self.mirror.record(cells.TICK, item=market.number)
        same_fields(where, tick, venue or dict.fromkeys(tick, 0) | {"status": 2})
        book = self.mirror.record(cells.BOOK, item=market.number)
        same(f"{where}: has a book", market.has_book, bool(book))
        if market.has_book:
            same_fields(f"{where}, book", market.book, book)

    def compare_averages(self, market, where):
        averages = {
            "basis_q32": market.basis_q32 or 0,
            "premium_sum": market.premium_sum,
            "basis_time_ms": market.basis_time_ms,
            "funding_time_ms": market.funding_time_ms,
            "sample_time_ms": market.sample_time_ms,
            "premium_ms": market.premium_ms,
            "started": (market.basis_q32 is not None)
            + 2 * market.clock_started
            + 4 * market.clock_runs,
        }
        if market.clock_runs:
            averages["premium_ppb"] = market.premium_ppb
        venue = self.mirror.record(cells.MARK_STATE, item=market.number)
        venue = venue or dict.fromkeys(averages, 0)
        if self.rests(market.number):
            venue = self.caught_up(market, venue)
        same_fields(where, averages, venue)
        settle = {
            "average_sum": market.average_sum,
            "average_ms": market.average_ms,
            "time_ms": market.window_time_ms,
            "interval": market.interval,
        }
        venue = self.mirror.record(cells.SETTLE_STATE, item=market.number)
        same_fields(where, settle, venue or dict.fromkeys(settle, 0) | {"interval": -1})

    def rests(self, number):
        """The venue leaves the averages of a market alone until something concerns it."""
        page = self.mirror.cells.get((cells.RESTING_MARKETS, 0, number // cells.RESTING_ENTRIES, 0))
        if page is None:
            return False
        entry = cells.RESTING(page[number % cells.RESTING_ENTRIES * cells.RESTING_BYTES :])
        return entry["until_ms"] != 0

    @staticmethod
    def caught_up(market, venue):
        """Averages of a market that rests, brought to the last block: its clock runs all the time,
        at one premium, or stands all the time."""
        rested = market.sample_time_ms - venue["sample_time_ms"]
        venue = venue | {"sample_time_ms": market.sample_time_ms}
        if not market.clock_runs:
            return venue | {"funding_time_ms": venue["funding_time_ms"] + rested}
        return venue | {
            "premium_ms": venue["premium_ms"] + rested,
            "premium_sum": venue["premium_sum"] + rested * market.premium_ppb,
        }

    def compare_sums(self, market, where):
        """Sums that the venue keeps; here they follow from all positions."""
        open_interest = lots = claims = value = accrued = social = 0
        for _, position in self.state.positions_of(market.number):
            _, remainder, since, _, borne = position.stored
            social += abs(position.lots) * (market.social_index - borne)
            open_interest += max(position.lots, 0)
            lots += position.lots
            claims += position.lots * since + remainder
            value += settlement_value(market, position.lots)
            accrued += position.funding
        settled = market.status == SETTLED
        if settled:
            claims -= lots * market.funding_index
        else:
            same(f"{where}: lots of all positions", 0, lots)
        wanted = {
            cells.OPEN_INTEREST: open_interest,
            cells.VOLUME: market.volume,
            cells.FEES: market.fees_paid,
            cells.FUND_CLEAR: market.funding_clear + accrued,
            cells.SOCIAL_CLAIMS: social,
            cells.LOSSES: 0,
            cells.DUST: market.dust,
            cells.SETTLE_CLEAR: value if settled else 0,
            cells.CLOSED_LOTS: market.closed_lots,
        }
        for kind, amount in wanted.items():
            same(
                f"{where}: sum of kind {kind}", amount, self.mirror.number(kind, item=market.number)
            )
        low = self.mirror.number(cells.CLAIMS_LOW, item=market.number)
        high = self.mirror.number(cells.CLAIMS_HIGH, item=market.number)
        same(f"{where}: funding claims", claims, low + high * 2**96)


def conservation(state):
    """I1 in the model itself: what is owned, paid and set aside is what was deposited. Returns the
    assets where it is not."""
    held = dict(state.insurance)
    for asset, amount in state.bad_debts.items():
        held[asset] = held.get(asset, 0) - amount
    for account in state.accounts.values():
        for asset, amount in account.cash.items():
            held[asset] = held.get(asset, 0) + amount
    for number, market in state.markets.items():
        total = market.fees_paid + market.funding_clear
        for _, position in state.positions_of(number):
            total += position.cost + position.swept
            if market.status == SETTLED:
                total += settlement_value(market, position.lots)
        held[market.asset()] = held.get(market.asset(), 0) + total
    totals = state.asset_totals
    return {
        asset: (held.get(asset, 0), totals.get(asset, 0))
        for asset in held.keys() | totals.keys()
        if held.get(asset, 0) != totals.get(asset, 0)
    }
