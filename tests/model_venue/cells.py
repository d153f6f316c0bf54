"""The stored form of the venue's cells and events, as accounts/ and instruments/ document it."""

import struct

from rules import Q32

# Kinds of cells.
ACCOUNT, NONCES, CASH, POSITIONS, ORDERS, DEPOSIT_USED, OWNER, OWNER_LOTS = 1, 2, 3, 4, 5, 8, 9, 10
VENUE, ASSET_LIST, ASSET, ASSET_TOTAL, INSURANCE = 16, 17, 18, 19, 20
FEED_LIST, FEED, FEED_STATE, FEED_SOURCE = 32, 33, 34, 35
MARKET_LIST, MARKET_TERMS, MARKET_PARAMS, MARGIN_TIERS, FEE_SCHEDULE, MARKET_CONTROL = range(48, 54)
TICK, MARK_STATE, SETTLE_STATE, BOOK, RESTING_MARKETS = range(56, 61)
CLOCK, BAD_DEBT = 21, 22
OPEN_INTEREST, VOLUME, FEES, FUND_CLEAR, CLAIMS_LOW, CLAIMS_HIGH = range(64, 70)
SOCIAL_CLAIMS, DUST, SETTLE_CLEAR, CLOSED_LOTS, LOSSES = range(70, 75)

SIZES = {"b": 1, "B": 1, "i": 4, "I": 4, "q": 8, "Q": 8, "n": 16}


def read(data, at, code):
    """A little-endian integer; n: 128 bits signed."""
    size = SIZES[code]
    return int.from_bytes(data[at : at + size], "little", signed=code in "biqn")


def layout(text):
    """ "name:offset code ..." as a reader of cells."""
    fields = []
    for part in text.split():
        name, at, code = part.split(":")
        fields.append((name, int(at), code))
    return lambda data: {name: read(data, at, code) for name, at, code in fields}


RECORDS = {
    VENUE: layout(
        "profit_cap:0:n valid_window_ms:16:q paused:24:B track_account_volume:25:B domain:32:Q"
    ),
    ASSET: layout("haircut_ppm:0:i liability_ppm:4:i feed:8:I decimals:12:B value_divisor:16:q"),
    FEED: layout(
        "quorum:0:I sources:4:I max_age_ms:8:q max_ahead_ms:16:q confidence_ppm:24:i clamp_ppm:28:i"
        " jump_ppm:32:i allow_negative:36:B"
    ),
    FEED_STATE: layout(
        "index:0:q time_ms:8:q pending:16:q priced:24:B valid:25:B has_pending:26:B"
    ),
    FEED_SOURCE: layout(
        "signer:0:Q weight:8:I seen:12:B price:16:q confidence:24:q publish_time_ms:32:q"
        " sequence:40:Q"
    ),
    MARKET_TERMS: layout(
        "kind:0:B option_side:1:B allow_negative:2:B host_matched:3:B settlement_asset:4:I feed:8:I"
        " lot_step:12:I multiplier:16:q strike:24:q expiry_ms:32:q settle_window_ms:40:q"
        " settle_interval_ms:48:q price_step:56:q"
    ),
    MARKET_CONTROL: layout("status:0:B price:8:q"),
    TICK: layout(
        "mark:0:q index:8:q funding:16:n social:32:n settle_price:48:q epoch:56:I status:60:B"
        " priced:61:B stale:62:B"
    ),
    MARK_STATE: layout(
        "basis_q32:0:n premium_sum:16:n basis_time_ms:32:q funding_time_ms:40:q sample_time_ms:48:q"
        " premium_ms:56:I started:60:I premium_ppb:64:q"
    ),
    SETTLE_STATE: layout("average_sum:0:n average_ms:16:q time_ms:24:q interval:32:q"),
    BOOK: layout(
        "best_bid:0:q best_ask:8:q last:16:q impact_bid:24:q impact_ask:32:q external:40:q"
        " sequence:48:Q"
    ),
}
PARAMS = layout(
    "max_price:0:q max_position_lots:8:q oi_cap_lots:16:q oi_margin_lower:24:q oi_margin_upper:32:q"
    " min_notional:40:q band_ppm:48:i option_floor_ppm:52:i ema_decay_q32:56:I tiers:60:B"
    " band_ticks:64:q maintenance_floor:72:q initial_floor:80:q"
)
FUNDING = layout("interval_ms:0:q interest_ppb:8:q clamp_ppb:16:q cap_ppb:24:q")
TIER = layout("notional_upper:0:q maintenance_ppm:8:i initial_ppm:12:i")
HEAD = layout(
    "delegate:0:Q salt_below:8:Q assets:16:Q positions:28:I volume:32:n inline:48:B tier:49:B"
    " frozen_by:50:B shared:51:B"
)
POSITION = layout(
    "market:0:I remainder:4:I lots:8:q cost:16:n funding:32:n social:48:n epoch:64:I zero:68:I"
)
ENTRY = layout("key:0:Q value:8:Q until_ms:16:q")
RESTING = layout("until_ms:0:q feed:8:I samples:12:B")
RESTING_BYTES, RESTING_ENTRIES, LIST_IDS = 80, 8, 160
HEAD_BYTES, CASH_BYTES, POSITION_BYTES, TIER_BYTES = 56, 16, 72, 16
HEAD_POSITIONS, BLOCK_POSITIONS, INLINE_ASSETS = 8, 9, 4


def positions_in(data, begin):
    return [
        POSITION(data[at : at + POSITION_BYTES]) for at in range(begin, len(data), POSITION_BYTES)
    ]


def decode_head(data):
    head = HEAD(data)
    head["cash"] = {
        data[24 + i]: read(data, HEAD_BYTES + CASH_BYTES * i, "n") for i in range(head["inline"])
    }
    head["held"] = positions_in(data, HEAD_BYTES + CASH_BYTES * head["inline"])
    return head


def decode_page(data):
    """Entries of a page of a table; none of one that has split."""
    return [ENTRY(data[at : at + 24]) for at in range(8, len(data), 24)]


def decode_list(parts):
    """Ids of a list from its parts, which are by number."""
    total = read(parts[0], 0, "I") if parts else 0
    return [read(parts[i // LIST_IDS], 4 + 4 * (i % LIST_IDS), "I") for i in range(total)]


def decode_fees(data):
    return [struct.unpack_from("<ii", data, 8 * i) for i in range(8)]


def decode_tiers(parts, count):
    tiers = []
    for i in range(count):
        data = parts[i // 4][TIER_BYTES * (i % 4) :]
        tiers.append(TIER(data))
    return tiers


# ---- events -------------------------------------------------------------------------------------

SIDE = "account:Q lots_before:q lots_after:q cost_before:n funding:n swept:n flow:n fee:n closed:n"
EVENTS = {
    1: "market:I lots:q price:q buyer_is_taker:B "
    + " ".join(f"buyer.{part}" for part in SIDE.split())
    + " "
    + " ".join(f"seller.{part}" for part in SIDE.split()),
    2: "account:Q asset:I amount:n",
    3: "account:Q market:I lots:q cost:n funding:n value:n cash:n",
    4: "leg:I status:H",
    16: "market:I index:q rate_ppb:q delta_q32:n total_q32:n",
    17: "market:I price:q",
    18: "market:I",
    19: "market:I loss:n delta_q32:n",
}
SIZES["H"] = 2


def encode_event(kind, fields):
    """The bytes of an event of the model, in hexadecimal."""
    out = bytearray()
    for part in EVENTS[kind].split():
        path, code = part.split(":")
        value = fields
        for name in path.split("."):
            value = value[name]
        out += int(value).to_bytes(SIZES[code], "little", signed=code in "biqn")
    return out.hex()


def decode_event(kind, text):
    """An event of the venue as a dictionary with dotted names."""
    data, at, out = bytes.fromhex(text), 0, {}
    for part in EVENTS.get(kind, "").split():
        name, code = part.split(":")
        out[name] = read(data, at, code)
        at += SIZES[code]
    return out


def bring_up(position, tick, multiplier):
    """A stored position as it stands at the market's indices: (cost, remainder, swept)."""
    due = position["remainder"] - position["lots"] * (tick["funding"] - position["funding"])
    due -= abs(position["lots"]) * (tick["social"] - position["social"])
    paid, remainder = divmod(due, Q32)
    cost, swept = position["cost"] + paid, 0
    if position["epoch"] != tick["epoch"]:
        value = position["lots"] * tick["settle_price"] * multiplier
        swept, cost = cost + value, -value
    return cost, remainder, swept
