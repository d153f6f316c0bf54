#pragma once

#include <cstdint>

#include "accounts/ledger.hpp"
#include "accounts/positions.hpp"

namespace lockstep {

/// Whatever a limit counts by owner. An owner with one account, subaccount 0, is that account;
/// of others every account is marked as shared, and their lots are added up by market.

[[nodiscard]] constexpr AccountId first_account(AccountId account) noexcept {
    return make_account(owner_of(account));
}
/// Mark of an owner who has accounts beside subaccount 0; it stays.
[[nodiscard]] constexpr StateKey owner_key(AccountId account) noexcept {
    return {CellKind::kOwner, raw(first_account(account))};
}
/// Lots, long and short alike, of all accounts of such an owner in a market.
[[nodiscard]] constexpr StateKey owner_lots_key(AccountId account, MarketId market) noexcept {
    return {CellKind::kOwnerLots, raw(first_account(account)), raw(market)};
}

[[nodiscard]] constexpr Int128 size_of_lots(std::int64_t lots) noexcept {
    return lots < 0 ? -Int128{lots} : Int128{lots};
}

/// Changes the lots of an owner. REQUIRES: he has several accounts.
template <class View>
void move_owner_lots(View& view, AccountId account, MarketId market, Int128 change) {
    if (change == 0) {
        return;
    }
    const StateKey key = owner_lots_key(account, market);
    const Int128 lots = number_at(view, key) + change;
    if (lots != 0) {
        view.write(key, Cell::of_number(lots));
    } else if (view.exists(key)) {
        view.erase(key);
    }
}

namespace internal {

/// The owner of subaccount 0 is about to get a second account: from now on its lots are counted.
template <class View>
void share_first(View& view, AccountId first) {
    const Cell* const cell = view.read(account_key(first));
    if (cell == nullptr) {
        return;
    }
    const AccountBlocks blocks(view, first, *cell);
    for (std::uint32_t block = 0; block < blocks.size() && !view.stopped(); ++block) {
        const PositionSpan span = blocks.span(block);
        for (std::size_t i = 0; i < span.size(); ++i) {
            const Int128 lots = size_of_lots(span.position(i).lots);
            view.write(owner_lots_key(first, span.market(i)), Cell::of_number(lots));
        }
    }
    if (Cell* const head = view.change(account_key(first))) {
        set_shared(*head);
    }
}

}  // namespace internal

/// Creates an account. REQUIRES: there is none yet.
template <class View>
void open_account(View& view, AccountId account) {
    Cell head = new_account();
    const AccountId first = first_account(account);
    const bool marked = !is_venue(account) && view.exists(owner_key(account));
    const bool beside = !is_venue(account) && account != first;
    if (beside && !marked) {
        view.write(owner_key(account), Cell::of_number(1));
        internal::share_first(view, first);
    }
    if (beside || marked) {
        set_shared(head);
    }
    view.write(account_key(account), head);
}

}  // namespace lockstep
