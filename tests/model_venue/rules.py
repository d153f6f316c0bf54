"""Numbers, names and roundings of the rules (instruments/README.md, instruments/RULES.md).

All arithmetic of the model is in Python's integers, which have no width. Where the rules bound a
number, `bounded` says so: money and products of money are within 128 bits signed.
"""

# Kinds of markets.
LINEAR, INVERSE, DATED, OPTION = range(4)
CALL, PUT = range(2)
BUY, SELL = range(2)
FROM_FEES, FROM_DUST, FROM_INSURANCE = range(3)  # sources of payments

# Life of a market.
ACTIVE, REDUCE_ONLY, HALTED, CLOSING, PENDING, SETTLED, FROZEN = range(7)

NO_PRICE = -(2**63)
MAX_PRICE = 2**40
SEQUENCE_STEP = 2**52
HOST_REBATE_PPM = 10_000
PREMIUM_PPB = 100 * 10**9
DATED_MARK_BANDS = 4
ROUNDING_QUANTA = 2
MAX_LOTS = 2**47
MAX_ASSETS = 64
MAX_MARKETS = 2**16
MAX_FEEDS = 2**16
LISTED_FEEDS = 1024
LISTED_MARKETS = 4096
OPEN_MARKETS = 512
BATCH_FILLS = 64
SETTLE_ACCOUNTS = 256
FEE_TIERS = 8
MARGIN_TIERS = 8
FEED_SOURCES = 32
LARGEST_FLOOR = 2**62  # quanta a lot
POSITION_VALUE = 2**85  # quanta of the largest position
PPM = 10**6
PPB = 10**9
Q32 = 2**32
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FUNDING_QUOTE_MS = 8 * HOUR_MS
FUNDING_CATCH_UP_MS = HOUR_MS
NONCE_LIMIT = 2**50
LONGEST_WINDOW_MS = 62 * HOUR_MS

# Events: type numbers of receipts.
TRADE, CASH_MOVED, POSITION_SETTLED, BATCH_LEG = 1, 2, 3, 4
FUNDING_APPLIED, MARKET_SETTLED, INVARIANT_BROKEN, LOSS_SPREAD = 16, 17, 18, 19


class Status:
    """Outcomes of transactions, by number."""

    APPLIED = 0
    MALFORMED = 100
    EXPIRED_TX = 101
    NONCE_USED = 102
    NONCE_WINDOW = 103
    PAUSED = 104
    BATCH_SIZE = 105
    LIST_ORDER = 106
    NO_ACCOUNT = 200
    ACCOUNT_FROZEN = 201
    UNAUTHORISED = 202
    EXISTS = 203
    ASSET_UNKNOWN = 204
    AMOUNT = 205
    DEPOSIT_REPLAY = 206
    INSUFFICIENT_CASH = 207
    SELF_TRANSFER = 208
    MARKET_LIMIT = 209
    LIMIT = 210
    MARKET_UNKNOWN = 300
    MARKET_STATUS = 301
    ORDER_EXPIRED = 302
    ORDER_CANCELLED = 303
    OVERFILL = 304
    PRICE_LIMIT = 305
    FEE_LIMIT = 306
    MARKET_MISMATCH = 307
    SELF_TRADE = 308
    ZERO_NOTIONAL = 309
    SIZE_STEP = 310
    TICK = 311
    PRICE_BAND = 312
    REDUCE_ONLY = 313
    POSITION_LIMIT = 314
    OI_CAP = 315
    MIN_NOTIONAL = 316
    HOST_FEES = 317
    ORDER_DOMAIN = 318
    SIDE = 319
    MARGIN = 400
    MARGIN_TAKER = 401
    MARGIN_MAKER = 402
    HEALTHY = 403
    FEED_UNKNOWN = 500
    SOURCE = 501
    SEQ_OLD = 502
    TIME_FUTURE = 503
    TIME_OLD = 504
    PRICE_SIGN = 505
    CONFIDENCE = 506
    ORACLE_STALE = 507
    SEQ_JUMP = 508
    CROSSED = 509
    NOT_SETTLED = 700
    NO_EPOCH = 701
    PARAM_RANGE = 800
    TRANSITION = 801
    MULT_NOT_INTEGER = 802
    OPEN_POSITIONS = 803
    IN_USE = 804
    OVERFLOW = 900
    INCONSISTENT = 901


class Reject(Exception):
    """A check of a transaction fails with `status`."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class Unbounded(Exception):
    """A number leaves the range that the rules give it, or cannot be known."""


def bounded(number):
    """The number, which has to be within 128 bits signed."""
    if -(1 << 127) <= number < 1 << 127:
        return number
    raise Unbounded


def require(holds, status):
    if not holds:
        raise Reject(status)


def floor_div(a, b):
    if b <= 0:
        raise Unbounded
    return a // b


def ceil_div(a, b):
    if b <= 0:
        raise Unbounded
    return -(-a // b)


def clamp(number, low, high):
    return max(low, min(number, high))


def is_venue(account):
    """Accounts of owner 0 are the venue's own."""
    return account >> 16 == 0


GOVERNANCE, BRIDGE, MATCHER, ORACLE = range(4)


def role_of(account):
    """What a key of the venue may do; None of users."""
    return (account & 0xFFFF) // 16 if is_venue(account) else None


def role_key(role, number=0):
    return 16 * role + number


def fee_of(amount, ppm):
    """Fees are taken rounded up; a rebate is a negative fee, so it is paid rounded down."""
    return ceil_div(bounded(amount * ppm), PPM)
