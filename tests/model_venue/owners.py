"""Owners with several accounts, as the model knows them and as the venue keeps them."""

import cells


def has_several(state, number):
    """The owner of an account has accounts beside subaccount 0."""
    return any(own & 0xFFFF for own in state.owned.get(number >> 16, ()))


def owner_lots(state, mirror):
    """Of model and venue: such owners, and their lots by owner and market where there are some."""
    several = {owner for owner in state.owned if has_several(state, owner << 16)}
    places = ((owner, market) for owner in several for market in state.markets)
    lots = {place: state.owner_lots(place[0] << 16, place[1]) for place in places}
    model = several, {place: amount for place, amount in lots.items() if amount != 0}
    held = mirror.cells.items()
    marks = {key[1] >> 16 for key, _ in held if key[0] == cells.OWNER}
    kept = {
        (key[1] >> 16, key[2]): cells.read(data, 0, "n")
        for key, data in held
        if key[0] == cells.OWNER_LOTS
    }
    return model, (marks, kept)
