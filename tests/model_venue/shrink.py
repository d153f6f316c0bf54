"""Makes the blocks of a difference fewer and smaller while there is one."""

import time


def with_only(blocks, kept):
    """The blocks with the transactions whose (block, place) is kept; the last block stays, others
    that are empty only pass time and stay as well."""
    out = []
    for at, block in enumerate(blocks):
        transactions = [
            transaction
            for place, transaction in enumerate(block["transactions"])
            if (at, place) in kept
        ]
        out.append(block | {"transactions": transactions})
    return out


def without_empty(blocks):
    heights = [block for block in blocks if block["transactions"]]
    return [block | {"height": at + 1} for at, block in enumerate(heights)]


def shrink(blocks, difference_of, seconds):
    """Takes ever smaller ranges of transactions out; returns blocks and their difference. Any
    difference counts."""
    end = time.monotonic() + seconds
    kept = [(at, i) for at, block in enumerate(blocks) for i in range(len(block["transactions"]))]
    last, size = None, max(1, len(kept) // 2)
    while size >= 1 and time.monotonic() < end:
        at, smaller = 0, False
        while at < len(kept) and time.monotonic() < end:
            rest = kept[:at] + kept[at + size :]
            found = difference_of(without_empty(with_only(blocks, set(rest)))) if rest else None
            if found is None:
                at += size
            else:
                kept, last, smaller = rest, found, True
        if size == 1 and not smaller:
            break
        size = max(1, size // 2) if size > 1 or smaller else 0
    return without_empty(with_only(blocks, set(kept))), last
