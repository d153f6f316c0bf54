"""Start of a block, market by market: books, mark, funding, daily settlement, expiry."""

from rules import (
    ACTIVE,
    CLOSING,
    DATED,
    DATED_MARK_BANDS,
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
    PPM,
    PREMIUM_PPB,
    PUT,
    Q32,
    REDUCE_ONLY,
    SEQUENCE_STEP,
    SETTLED,
    Status,
    Unbounded,
    bounded,
    ceil_div,
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
        else:
            book = dict(zip(BOOK_FIELDS, fields), sequence=sequence)
            decisions[order] = judge_book(market, book)
            if decisions[order] == Status.APPLIED:
                market.book, market.has_book = book, True
    return decisions


def judge_book(market, book):
    step = book["sequence"] - market.book["sequence"]
    if step <= 0:
        return Status.SEQ_OLD
    if step > SEQUENCE_STEP:
        return Status.SEQ_JUMP
    lowest = -MAX_PRICE if market.terms["allow_negative"] else 0
    prices = [book[name] for name in BOOK_FIELDS if book[name] != NO_PRICE]
    if not all(lowest <= price <= MAX_PRICE for price in prices):
        return Status.PRICE_SIGN
    for bid, ask in (("best_bid", "best_ask"), ("impact_bid", "impact_ask")):
        if NO_PRICE not in (book[bid], book[ask]) and book[bid] > book[ask]:
            return Status.CROSSED
    return Status.APPLIED


def band_reach(market):
    """Half the width of the price band, ticks."""
    share = ceil_div(abs(market.index) * market.params["band_ppm"], PPM)
    return share + market.params["band_ticks"]


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
        reach = band_reach(market) * (1 if market.perpetual() else DATED_MARK_BANDS)
        mark = clamp(book_mark(market), market.index - reach, market.index + reach)
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
    return clamp(rate, -funding["cap_ppb"], funding["cap_ppb"])


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


def count_premium(market, elapsed_ms):
    """Counts the premium of the last block for the time since."""
    elapsed_ms = min(elapsed_ms, FUNDING_CATCH_UP_MS)
    if market.premium_ms + elapsed_ms < Q32:
        market.premium_sum += market.premium_ppb * elapsed_ms
        market.premium_ms += elapsed_ms


def take_premium(market):
    """The premium that counts until the next block; one beyond all reason is none."""
    bid, ask = market.book["impact_bid"], market.book["impact_ask"]
    premium = premium_ppb(
        market.mark if bid == NO_PRICE else bid,
        market.mark if ask == NO_PRICE else ask,
        market.index,
    )
    market.premium_ppb = premium if abs(premium) <= PREMIUM_PPB else 0


def update_funding(state, market, now_ms, runs):
    """Charges funding when an interval of the calendar has ended; returns the event, if so. The
    clock runs from this block to the next one if `runs`."""
    interval = market.params["funding"]["interval_ms"]
    if interval <= 0 or not market.perpetual():
        return None
    if not market.clock_started:
        market.funding_time_ms = market.sample_time_ms = now_ms
    elapsed = now_ms - market.sample_time_ms
    market.sample_time_ms = now_ms
    if market.clock_runs:
        count_premium(market, elapsed)
    else:
        market.funding_time_ms += elapsed
    market.clock_runs = runs
    market.clock_started |= runs
    if not runs:
        return None
    take_premium(market)
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
    if 0 <= market.interval < number:
        market.settle_price = market.mark
        market.epoch += 1
        for _, position in state.positions_of(market.number):
            position.settle_daily(position.lots * market.mark * market.terms["multiplier"])
    market.interval = number


def average_index(market, fresh, now_ms):
    """Counts the time since the last block, as far as it is in the window, at the index that held;
    only when the feed was fresh at both ends."""
    if not in_window(market, now_ms):
        return
    expiry = market.terms["expiry_ms"]
    begin = expiry - market.terms["settle_window_ms"]
    if market.last_time_ms is not None:
        begin = max(begin, market.last_time_ms)
    covered = min(now_ms, expiry) - begin
    if covered > 0 and market.priced and not market.stale and fresh:
        market.average_sum += market.index * covered
        market.average_ms += covered
    market.window_time_ms = now_ms


def final_average(market):
    """Of the window, if at least half of it is covered; else governance has to settle."""
    if 2 * market.average_ms < market.terms["settle_window_ms"]:
        return None
    return market.average_sum // market.average_ms


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
    market.priced, market.stale = True, False
    market.status = SETTLED
    return True


def settlement_value(market, lots):
    """What the final price pays for lots beside their cost."""
    if market.terms["kind"] == INVERSE:
        return 0
    return lots * market.mark * market.terms["multiplier"]


def advance(state, market, now_ms):
    """Brings a market to block time; returns the events of the start of the block."""
    if market.status == SETTLED:
        return []
    settled = (MARKET_SETTLED, {"market": market.number})
    if market.final_price is not None and settle_finally(state, market, market.final_price):
        settled[1]["price"] = market.mark
        return [settled]
    if market.status == FROZEN:
        return []
    events = []
    feed = state.feeds[market.terms["feed"]]
    valid = feed.valid and (feed.index > 0 or market.terms["allow_negative"])
    fresh = valid and feed.fresh()
    average_index(market, fresh, now_ms)
    market.last_time_ms = now_ms
    market.stale = not fresh
    if valid:
        market.index, market.priced = feed.index, True
        update_mark(market, now_ms)
    trading = market.control in (ACTIVE, REDUCE_ONLY) and not state.venue["paused"]
    event = update_funding(state, market, now_ms, fresh and market.index > 0 and trading)
    if event is not None:
        events.append(event)
    if fresh:
        settle_daily(state, market, now_ms)
    market.status = market.control
    expiry = market.terms["expiry_ms"]
    if (now_ms >= expiry) if expiry > 0 else market.control == CLOSING:
        market.status = PENDING
        price = market.index if market.perpetual() else final_average(market)
        if fresh and price is not None and settle_finally(state, market, price):
            settled[1]["price"] = market.mark
            events.append(settled)
    return events
