#pragma once

#include <cstddef>
#include <cstdint>

#include "accounts/account.hpp"

namespace lockstep {

/// The positions in a cell of any kind, which is a block of an account or holds none.
[[nodiscard]] inline PositionSpan positions_in(const StateKey& key, const Cell& cell) noexcept {
    const CellKind kind = key.kind();
    const std::size_t begin = kind == CellKind::kAccount     ? AccountHead(cell).positions_offset()
                              : kind == CellKind::kPositions ? 0
                                                             : cell.size();
    return {cell, begin};
}

/// Where a position is, or would be inserted.
struct PositionPlace {
    std::uint32_t block = 0;  ///< 0: the head block
    std::size_t index = 0;    ///< in the block
    bool present = false;
};

/// Calls `visit(span)` for the positions of each block, head first, ascending by market; stops
/// when it returns false. Bounded by the count in the head and by the blocks that there are.
template <class View, class Visit>
void for_each_block(View& view, AccountId account, const AccountHead& head, Visit&& visit) {
    if (!visit(std::uint32_t{0}, head.own_positions())) {
        return;
    }
    const std::uint32_t blocks = AccountLayout::blocks(head.positions());
    for (std::uint32_t block = 1; block <= blocks && !view.stopped(); ++block) {
        const Cell* cell = view.read(positions_key(account, block));
        if (cell == nullptr || !visit(block, PositionSpan(*cell, 0))) {
            return;
        }
    }
}

/// Looks for the account's position in a market; copies it to `position` when present.
template <class View>
[[nodiscard]] PositionPlace find_position(View& view, AccountId account, const AccountHead& head,
                                          MarketId market, Position& position) {
    PositionPlace place;
    for_each_block(view, account, head, [&](std::uint32_t block, const PositionSpan& span) {
        const std::size_t index = span.lower_bound(market);
        place = {.block = block, .index = index};
        if (index == span.size()) {
            if (span.size() >= AccountLayout::room(block)) {
                place = {.block = block + 1, .index = 0};
                return true;
            }
            return false;
        }
        place.present = span.market(index) == market;
        if (place.present) {
            position = span.position(index);
        }
        return false;
    });
    return place;
}

namespace internal {

[[nodiscard]] constexpr std::size_t offset_in(const Cell& block, bool is_head,
                                              std::size_t index) noexcept {
    const std::size_t begin = is_head ? AccountHead(block).positions_offset() : 0;
    return begin + index * AccountLayout::kPositionSize;
}
/// A position as bytes, with its market.
struct PositionBytes {
    MarketId market{};
    Position position{};
};
void put_position(Cell& block, std::size_t offset, const PositionBytes& entry) noexcept;
[[nodiscard]] PositionBytes take_position(const Cell& block, std::size_t offset) noexcept;
void set_positions(Cell& head, std::uint32_t count) noexcept;

[[nodiscard]] constexpr StateKey block_key(AccountId account, std::uint32_t block) noexcept {
    return block == 0 ? account_key(account) : positions_key(account, block);
}

}  // namespace internal

/// Overwrites a position that is present.
template <class View>
void store_position(View& view, AccountId account, const PositionPlace& place, MarketId market,
                    const Position& position) {
    if (Cell* const block = view.change(internal::block_key(account, place.block))) {
        internal::put_position(*block, internal::offset_in(*block, place.block == 0, place.index),
                               {market, position});
    }
}

/// Inserts a position that is absent; those behind it move on, block by block.
template <class View>
void insert_position(View& view, AccountId account, PositionPlace place, MarketId market,
                     const Position& position) {
    Cell* const head = view.change(account_key(account));
    if (head == nullptr) {
        return;
    }
    const std::uint32_t count = AccountHead(*head).positions();
    internal::set_positions(*head, count + 1);
    internal::PositionBytes carried{market, position};
    const std::uint32_t last = AccountLayout::blocks(count + std::size_t{1});
    for (std::uint32_t number = place.block; number <= last && !view.stopped(); ++number) {
        const std::size_t index = number == place.block ? place.index : 0;
        Cell* const block = number == 0 ? head : view.change(positions_key(account, number));
        if (block == nullptr) {
            Cell fresh;
            internal::put_position(fresh, 0, carried);
            view.write(positions_key(account, number), fresh);
            return;
        }
        const std::size_t begin = internal::offset_in(*block, number == 0, 0);
        const std::size_t held = PositionSpan(*block, begin).size();
        const internal::PositionBytes entry = carried;
        const bool full = held >= AccountLayout::room(number);
        if (full) {
            const std::size_t end = begin + (held - 1) * AccountLayout::kPositionSize;
            carried = internal::take_position(*block, end);
            block->remove_bytes(end, AccountLayout::kPositionSize);
        }
        const std::size_t at = begin + index * AccountLayout::kPositionSize;
        block->insert_zeros(at, AccountLayout::kPositionSize);
        internal::put_position(*block, at, entry);
        if (!full) {
            return;
        }
    }
}

/// Removes a position that is present; those behind it move up, block by block.
template <class View>
void remove_position(View& view, AccountId account, const PositionPlace& place) {
    Cell* const head = view.change(account_key(account));
    if (head == nullptr) {
        return;
    }
    const std::uint32_t count = AccountHead(*head).positions();
    const std::uint32_t last = AccountLayout::blocks(count);
    internal::set_positions(*head, count == 0 ? 0 : count - 1);
    Cell* block = place.block == 0 ? head : view.change(positions_key(account, place.block));
    std::size_t index = place.index;
    for (std::uint32_t number = place.block; block != nullptr && !view.stopped(); ++number) {
        block->remove_bytes(internal::offset_in(*block, number == 0, index),
                            AccountLayout::kPositionSize);
        index = 0;
        Cell* const next =
            number < last ? view.change(positions_key(account, number + 1)) : nullptr;
        if (next != nullptr) {
            const std::size_t begin = internal::offset_in(*block, number == 0, 0);
            const std::size_t held = PositionSpan(*block, begin).size();
            const std::size_t end = begin + held * AccountLayout::kPositionSize;
            block->insert_zeros(end, AccountLayout::kPositionSize);
            internal::put_position(*block, end, internal::take_position(*next, 0));
        } else if (number != 0 && block->size() == 0) {
            view.erase(positions_key(account, number));
        }
        block = next;
    }
}

}  // namespace lockstep
