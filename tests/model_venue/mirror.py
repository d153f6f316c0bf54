"""The state of the venue, as it reports it: cells by key."""

import cells

# Kinds of cells by what they belong to.
BY_ACCOUNT = {cells.ACCOUNT, cells.CASH, cells.POSITIONS, cells.ORDERS}
BY_MARKET = set(range(cells.MARKET_TERMS, cells.LOSSES + 1)) - {cells.RESTING_MARKETS}
BY_FEED = {cells.FEED, cells.FEED_STATE, cells.FEED_SOURCE}
BY_ASSET = {cells.ASSET, cells.ASSET_TOTAL, cells.INSURANCE, cells.BAD_DEBT}


class Mirror:
    """The venue's cells, kept by what it reports after each block."""

    def __init__(self):
        self.cells = {}
        self.pages = {}  # account -> its cells

    def take(self, changes):
        """Returns the keys that changed."""
        keys = []
        for kind, owner, item, chunk, text in changes:
            key = (kind, owner, item, chunk)
            keys.append(key)
            own = self.pages.setdefault(owner, {}) if kind in BY_ACCOUNT else None
            if text is None:
                self.cells.pop(key)
                if own is not None:
                    own.pop(key)
            else:
                self.cells[key] = bytes.fromhex(text)
                if own is not None:
                    own[key] = self.cells[key]
        return keys

    def record(self, kind, owner=0, item=0, chunk=0):
        data = self.cells.get((kind, owner, item, chunk))
        return {} if data is None else cells.RECORDS[kind](data)

    def number(self, kind, owner=0, item=0):
        data = self.cells.get((kind, owner, item, 0))
        return 0 if data is None else cells.read(data, 0, "n")

    def parts(self, kind, item=0):
        out = []
        while (kind, 0, item, len(out)) in self.cells:
            out.append(self.cells[kind, 0, item, len(out)])
        return out

    def live_entries(self, kind, owner, item, now_ms):
        """Entries of a table that can still be asked for."""
        out = []
        for (its_kind, _, its_item, _), data in self.pages.get(owner, {}).items():
            if (its_kind, its_item) == (kind, item):
                out += [entry for entry in cells.decode_page(data) if entry["until_ms"] >= now_ms]
        return out
