"""Oracle updates and the index of a feed (derivatives.md 1.10)."""

from rules import MAX_PRICE, PPM, SEQUENCE_STEP, Status


def oracle_order(update, signer):
    """Updates of a block are applied by feed, source, sequence, whatever their index; the other
    fields only make the order total."""
    return (
        update["feed"],
        update["source"],
        update["sequence"],
        update["publish_time_ms"],
        update["price"],
        update["confidence"],
        signer,
    )


def judge_update(feed, update, signer, now_ms):
    """Status of an oracle update."""
    if update["source"] >= len(feed.sources):
        return Status.SOURCE
    source, params = feed.sources[update["source"]], feed.params
    if signer != source.signer:
        return Status.UNAUTHORISED
    if source.seen and update["sequence"] <= source.sequence:
        return Status.SEQ_OLD
    if update["sequence"] > source.sequence + SEQUENCE_STEP:
        return Status.SEQ_JUMP
    if update["publish_time_ms"] > now_ms + params["max_ahead_ms"]:
        return Status.TIME_FUTURE
    older = source.seen and update["publish_time_ms"] < source.publish_time_ms
    if now_ms - update["publish_time_ms"] > params["max_age_ms"] or older:
        return Status.TIME_OLD
    price = update["price"]
    if abs(price) > MAX_PRICE or (price <= 0 and not params["allow_negative"]):
        return Status.PRICE_SIGN
    widest = params["confidence_ppm"] * abs(price)
    if update["confidence"] < 0 or update["confidence"] * PPM > widest:
        return Status.CONFIDENCE
    return Status.APPLIED


def weighted_index(quotes, clamp_ppm):
    """`quotes` are (price, source, weight). The lower weighted median, every quote clamped to it,
    then the weighted mean, floored."""
    quotes = sorted(quotes)
    total = sum(weight for _, _, weight in quotes)
    median = next(
        price
        for at, (price, _, _) in enumerate(quotes)
        if 2 * sum(weight for _, _, weight in quotes[: at + 1]) >= total
    )
    reach = abs(median) * clamp_ppm // PPM
    clamped = [
        (min(max(price, median - reach), median + reach), weight) for price, _, weight in quotes
    ]
    return sum(price * weight for price, weight in clamped) // total


def jumps(before, after, jump_ppm):
    return jump_ppm > 0 and abs(after - before) * PPM > jump_ppm * abs(before)


def update_index(feed, ticked, now_ms):
    """Brings a feed to block time. `ticked`: it received an update in this block."""
    params = feed.params
    fresh = [
        (source.price, number, source.weight)
        for number, source in enumerate(feed.sources)
        if source.seen and now_ms - source.publish_time_ms <= params["max_age_ms"]
    ]
    was_valid, feed.valid = feed.valid, False
    if len(fresh) < params["quorum"]:
        return
    index = weighted_index(fresh, params["clamp_ppm"])
    if feed.priced and jumps(feed.index, index, params["jump_ppm"]):
        if not ticked:
            feed.valid = was_valid and feed.has_pending
            return
        other_side = (feed.pending > feed.index) != (index > feed.index)
        if not feed.has_pending or other_side:
            feed.pending, feed.has_pending = index, True
            return
        # The second tick in one direction: the index goes as far as both agree.
        before = feed.index
        feed.index = min(feed.pending, index, key=lambda price: abs(price - before))
        feed.time_ms, feed.valid, feed.pending = now_ms, True, index
        if jumps(feed.index, index, params["jump_ppm"]):
            return
    if ticked:
        feed.time_ms = now_ms
    feed.index, feed.priced, feed.valid = index, True, True
    feed.pending, feed.has_pending = 0, False


def run_oracle(state, updates, now_ms):
    """`updates` are (update, signer). Returns the status of each, by `oracle_order`."""
    decisions = {}
    for order in sorted({oracle_order(update, signer) for update, signer in updates}):
        decisions[order] = Status.FEED_UNKNOWN
    for number, feed in sorted(state.feeds.items()):
        ticked = False
        for order in decisions:
            if order[0] != number:
                continue
            _, at, sequence, publish_time_ms, price, confidence, signer = order
            update = {
                "source": at,
                "sequence": sequence,
                "publish_time_ms": publish_time_ms,
                "price": price,
                "confidence": confidence,
            }
            decisions[order] = judge_update(feed, update, signer, now_ms)
            if decisions[order] == Status.APPLIED:
                ticked = True
                source = feed.sources[at]
                source.seen, source.sequence = True, sequence
                source.price, source.confidence = price, confidence
                source.publish_time_ms = publish_time_ms
        update_index(feed, ticked, now_ms)
    return decisions
