"""Start of a block, market by market: books, mark, funding, daily settlement, expiry."""

from rules import (
    CLOSING,
    DATED,
    FROZEN,
    FUNDING_APPLIED,
    FUNDING_CATCH_UP_MS,
    FUNDING_QUOTE_MS,
    INVERSE,
    MARKET_SETTLED,
    MAX_PRICE,
    NO_PRICE,
    OPTION,
    ORACLE,
    PENDING,
    PPB,
    PUT,
    Q32,
    SETTLED,
    Status,
    Unbounded,
    bounded,
    clamp,
    floor_div,
    role_of,
)

BOOK_FIELDS = ("best_bid", "best_ask", "last", "impact_bid", "impact_ask", "external")


def book_order(update, signer):
    fields = tuple(update[name] for name in BOOK_FIELDS)
    return (update["market"], update["sequence"], *fields, signer)


def run_books(state, updates):
    """`updates` are (update, signer). Takes the newest books over; returns the status of each."""
    decisions = {}
    for order in sorted({book_order(update, signer) for update, signer in updates}):
        number, sequence, *fields, signer = order
        market = state.markets.get(number)
        if market is None:
            decisions[order] = Status.MARKET_UNKNOWN
        elif role_of(signer) != ORACLE:
            decisions[order] = Status.UNAUTHORISED
        elif sequence <= market.book["sequence"]:
            decisions[order] = Status.SEQ_OLD
        else:
            decisions[order] = Status.APPLIED
            market.book = dict(zip(BOOK_FIELDS, fields), sequence=sequence)
            market.has_book = True
    return decisions


# ---- mark ---------------------------------------------------------------------------------------


def median(*numbers):
    return sorted(numbers)[len(numbers) // 2]


def payoff(terms, price):
    """Of one option, in ticks."""
    distance = price - terms["strike"]
    return max(0, -distance if terms["option_side"] == PUT else distance)


def in_window(market, now_ms):
    """Within the final averaging."""
    terms = market.terms
    return not market.perpetual() and now_ms > terms["expiry_ms"] - terms["settle_window_ms"]


def decay_after(decay_q32, seconds):
    """decay^seconds in Q32 by repeated squaring, least significant bit first, each product
    floored."""
    power, factor = Q32, decay_q32
    while seconds > 0:
        if seconds % 2 == 1:
            power = power * factor // Q32
        factor = factor * factor // Q32
        seconds //= 2
    return power


def update_basis(market, now_ms):
    """Average distance of the book's middle from the index, in whole seconds."""
    book = market.book
    if NO_PRICE in (book["best_bid"], book["best_ask"]):
        return
    sample = ((book["best_bid"] + book["best_ask"]) // 2 - market.index) * Q32
    if market.basis_q32 is None:
        market.basis_q32, market.basis_time_ms = sample, now_ms
        return
    seconds = (now_ms - market.basis_time_ms) // 1000
    if seconds <= 0:
        return
    weight = Q32 - decay_after(market.params["ema_decay_q32"], seconds)
    try:
        step = bounded(bounded(sample - market.basis_q32) * weight) // Q32
        market.basis_q32 = bounded(market.basis_q32 + step)
    except Unbounded:
        pass
    market.basis_time_ms += seconds * 1000


def book_mark(market):
    """Mark of a perpetual or future from index, average basis, book and external price."""
    book, index = market.book, market.index
    external = index if book["external"] == NO_PRICE else book["external"]
    bid, ask, last = book["best_bid"], book["best_ask"], book["last"]
    if NO_PRICE in (bid, ask):
        return external
    if last == NO_PRICE:
        last = (bid + ask) // 2
    average = clamp(index + (market.basis_q32 or 0) // Q32, -MAX_PRICE, MAX_PRICE)
    return median(average, median(bid, ask, last), external)


def update_mark(market, now_ms):
    terms = market.terms
    averaging = in_window(market, now_ms)
    forward = market.index
    if averaging:
        left = max(0, terms["settle_window_ms"] - market.average_ms)
        total = market.average_ms + left
        if total > 0:
            forward = (market.average_sum + market.index * left) // total
    if terms["kind"] == OPTION:
        low = payoff(terms, forward)
        published = market.book["external"]
        high = max(low, terms["strike"] if terms["option_side"] == PUT else forward)
        market.mark = low if published == NO_PRICE else clamp(published, low, high)
    elif averaging:
        market.mark = forward
    else:
        update_basis(market, now_ms)
        mark = book_mark(market)
        market.mark = mark if mark > 0 or terms["allow_negative"] else market.index


# ---- funding ------------------------------------------------------------------------------------


def premium_ppb(impact_bid, impact_ask, index):
    """How far the impact prices are outside the index."""
    outside = max(0, impact_bid - index) - max(0, index - impact_ask)
    return floor_div(outside * PPB, index)


def funding_rate(mean_premium, funding):
    """Of 8 hours: the premium, and the interest pulled towards it within the clamp; capped."""
    most = funding["clamp_ppb"]
    rate = mean_premium + clamp(funding["interest_ppb"] - mean_premium, -most, most)
    cap = funding["cap_ppb"]
    return clamp(rate, -cap, cap) if cap > 0 else rate


def funding_of_lot(terms, rate_ppb, elapsed_ms, index):
    """What one lot pays, Q32. The coin value of an inverse contract is floored first."""
    if terms["kind"] == INVERSE:
        value = floor_div(bounded(terms["multiplier"] * Q32), index)
        share = bounded(rate_ppb * elapsed_ms)
    else:
        value = terms["multiplier"] * Q32
        share = bounded(rate_ppb * elapsed_ms * index)
    return bounded(share * value // (PPB * FUNDING_QUOTE_MS))


def charge(state, market, delta_q32):
    """Charges every lot now, position by position. False where the largest position could leave
    its range."""
    total = market.funding_index + delta_q32
    if abs(total) * market.params["max_position_lots"] > 2**125:
        return False
    market.funding_index = total
    for _, position in state.positions_of(market.number):
        market.funding_clear -= position.charge(delta_q32)
    return True


def premium_now(market):
    bid, ask = market.book["impact_bid"], market.book["impact_ask"]
    return premium_ppb(
        market.mark if bid == NO_PRICE else bid,
        market.mark if ask == NO_PRICE else ask,
        market.index,
    )


def sample_premium(market, now_ms):
    elapsed = clamp(now_ms - market.sample_time_ms, 0, FUNDING_CATCH_UP_MS)
    market.sample_time_ms = now_ms
    premium = premium_now(market)
    if market.premium_ms + elapsed < Q32:
        try:
            market.premium_sum = bounded(market.premium_sum + bounded(bounded(premium) * elapsed))
            market.premium_ms += elapsed
        except Unbounded:
            pass


def update_funding(state, market, now_ms):
    """Charges funding when an interval of the calendar has ended; returns the event, if so."""
    interval = market.params["funding"]["interval_ms"]
    if interval <= 0 or not market.perpetual() or market.index <= 0:
        return None
    if market.funding_time_ms is None:
        market.funding_time_ms = market.sample_time_ms = now_ms
        return None
    sample_premium(market, now_ms)
    ended = now_ms // interval > market.funding_time_ms // interval
    if not ended or market.premium_ms == 0:
        return None
    elapsed = min(now_ms - market.funding_time_ms, max(interval, FUNDING_CATCH_UP_MS))
    mean = market.premium_sum // market.premium_ms
    market.funding_time_ms = now_ms
    market.premium_sum = market.premium_ms = 0
    try:
        rate = bounded(funding_rate(mean, market.params["funding"]))
        delta = funding_of_lot(market.terms, rate, elapsed, market.index)
    except Unbounded:
        return None
    if not charge(state, market, delta):
        return None
    fields = {
        "market": market.number,
        "index": market.index,
        "rate_ppb": rate,
        "delta_q32": delta,
        "total_q32": market.funding_index,
    }
    return FUNDING_APPLIED, fields


# ---- settlement ---------------------------------------------------------------------------------


def settle_daily(state, market, now_ms):
    """Dated futures, at the first block of each interval counted from time 0."""
    length = market.terms["settle_interval_ms"]
    if length <= 0 or market.terms["kind"] != DATED:
        return
    number = now_ms // length
    if market.interval != 0 and number > market.interval:
        market.settle_price = market.mark
        market.epoch += 1
        for _, position in state.positions_of(market.number):
            position.settle_daily(position.lots * market.mark * market.terms["multiplier"])
    market.interval = number


def average_index(market, valid, now_ms):
    """Counts the time since the last block, as far as it is in the window, at the index that held;
    only when the feed was valid at both ends."""
    if not in_window(market, now_ms):
        return
    expiry = market.terms["expiry_ms"]
    begin = expiry - market.terms["settle_window_ms"]
    if market.last_time_ms is not None:
        begin = max(begin, market.last_time_ms)
    covered = min(now_ms, expiry) - begin
    if covered > 0 and market.priced and not market.stale and valid:
        market.average_sum += market.index * covered
        market.average_ms += covered
    market.window_time_ms = now_ms


def settle_finally(state, market, price):
    """Fixes the final price. An inverse contract pays its coin value through the funding index."""
    terms = market.terms
    if terms["kind"] == INVERSE:
        try:
            unit = floor_div(bounded(terms["multiplier"] * Q32), price)
        except Unbounded:
            return False
        if not charge(state, market, unit):
            return False
    market.mark = payoff(terms, price) if terms["kind"] == OPTION else price
    market.index = price
    market.status = SETTLED
    return True


def settlement_value(market, lots):
    """What the final price pays for lots beside their cost."""
    if market.terms["kind"] == INVERSE:
        return 0
    return lots * market.mark * market.terms["multiplier"]


def advance(state, market, now_ms):
    """Brings a market to block time; returns the events of the start of the block."""
    if market.status in (SETTLED, FROZEN):
        return []
    events = []
    feed = state.feeds[market.terms["feed"]]
    valid = feed.valid and (feed.index > 0 or market.terms["allow_negative"])
    average_index(market, valid, now_ms)
    market.last_time_ms = now_ms
    market.stale = not valid
    if valid:
        market.index, market.priced = feed.index, True
        update_mark(market, now_ms)
        event = update_funding(state, market, now_ms)
        if event is not None:
            events.append(event)
        settle_daily(state, market, now_ms)
    market.status = market.control
    expiry = market.terms["expiry_ms"]
    if (now_ms >= expiry) if expiry > 0 else market.control == CLOSING:
        market.status = PENDING
        if valid:
            price = market.index
            if market.average_ms > 0:
                price = market.average_sum // market.average_ms
            if settle_finally(state, market, price):
                events.append(
                    (MARKET_SETTLED, {"market": market.number, "price": market.mark})
                )
    return events
