#pragma once

#include <algorithm>
#include <array>
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

/// The blocks of an account, each looked up once.
///
/// Role:    what reads an account more than once keeps them. Valid until the account changes.
/// Bounds:  by the count in the head and by the blocks that there are, kMaxPositions at most.
class AccountBlocks {
  public:
    // User-provided, so that the places of blocks that there are not are never set.
    AccountBlocks() noexcept {}  // NOLINT(modernize-use-equals-default)
    template <class View>
    AccountBlocks(View& view, AccountId account, const Cell& head) {
        look_up(view, account, head);
    }
    /// The blocks of another account, in place.
    template <class View>
    void look_up(View& view, AccountId account, const Cell& head) {
        account_ = account;
        size_ = 0;
        cells_[size_++] = &head;
        const std::uint32_t blocks = std::min<std::uint32_t>(
            AccountLayout::blocks(AccountHead(head).positions()), kMost - 1);
        for (std::uint32_t block = 1; block <= blocks && !view.stopped(); ++block) {
            const Cell* const cell = view.read(positions_key(account, block));
            if (cell == nullptr) {
                return;
            }
            cells_[size_++] = cell;
        }
    }

    [[nodiscard]] AccountId account() const noexcept { return account_; }
    /// REQUIRES: made from an account, here and below.
    [[nodiscard]] AccountHead head() const noexcept { return AccountHead(*cells_[0]); }
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// Positions of a block, 0 being the head; they ascend by market over all blocks.
    [[nodiscard]] PositionSpan span(std::uint32_t block) const noexcept {
        return block == 0 ? head().own_positions() : PositionSpan(*cells_[block], 0);
    }

  private:
    static constexpr std::uint32_t kMost = 1 + AccountLayout::blocks(AccountLayout::kMaxPositions);

    AccountId account_{};
    std::uint32_t size_ = 0;
    std::array<const Cell*, kMost> cells_;  // the first size_ are set
};

/// Looks for the account's position in a market; copies it to `position` when present.
[[nodiscard]] PositionPlace find_position(const AccountBlocks& blocks, MarketId market,
                                          Position& position) noexcept;

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
