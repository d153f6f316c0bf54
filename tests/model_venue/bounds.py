"""Numbers of governance at and beyond their bounds."""

import copy

from rules import DAY_MS, PPM

EDGES = (0, 1, PPM, 10 * PPM, 100 * PPM, 10**9)
LONG_EDGES = EDGES + (DAY_MS, 365 * DAY_MS, 2**30, 2**32 - 1, 2**40, 2**47, 2**60, 2**62)
WIDE_EDGES = LONG_EDGES + (2**85, 2**127 - 2)
# Fields of 64 bits signed, and of 128; those of 32 end in _ppm. The others are unsigned or few.
LONG_FIELDS = set(
    "multiplier lot_step price_step strike settle_window_ms settle_interval_ms interval_ms"
    " interest_ppb clamp_ppb cap_ppb max_price max_position_lots oi_cap_lots oi_margin_lower"
    " oi_margin_upper min_notional notional_upper max_age_ms max_ahead_ms value_divisor"
    " valid_window_ms expiry_ms band_ticks maintenance_floor initial_floor".split()
)
WIDE_FIELDS = {"profit_cap"}


def around(edges):
    return sorted(
        {edge + step for edge in edges for step in (-1, 0, 1)} | {-edge for edge in edges}
    )


def numbers_of(name):
    """What a field may be tried with; nothing where it is no signed number."""
    if name in WIDE_FIELDS:
        return around(WIDE_EDGES)
    if name in LONG_FIELDS:
        return around(LONG_EDGES) + [2**63 - 1, -(2**63)]
    if name.endswith("_ppm"):
        return [number for number in around(EDGES) if abs(number) < 2**31] + [2**31 - 1, -(2**31)]
    return []


def numeric_places(node):
    """(table, name) of every field of a payload that can be tried."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for name, value in items:
        if isinstance(value, (dict, list)):
            yield from numeric_places(value)
        elif isinstance(name, str) and numbers_of(name):
            yield node, name


def odd(rng, payload):
    """A copy with one number at or beyond a bound."""
    payload = copy.deepcopy(payload)
    places = list(numeric_places(payload))
    if places:
        node, name = rng.choice(places)
        node[name] = rng.choice(numbers_of(name))
    return payload


def every_odd(payload):
    """All copies with one number at or beyond a bound."""
    count = len(list(numeric_places(payload)))
    for at in range(count):
        _, name = list(numeric_places(payload))[at]
        for number in numbers_of(name):
            changed = copy.deepcopy(payload)
            node, _ = list(numeric_places(changed))[at]
            node[name] = number
            yield changed
