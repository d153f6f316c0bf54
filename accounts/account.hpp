#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "accounts/cell.hpp"
#include "accounts/ids.hpp"
#include "accounts/position.hpp"
#include "accounts/state_key.hpp"
#include "engine/base/access.hpp"
#include "engine/base/checked.hpp"

namespace lockstep {

/// Where the bytes of an account lie. The head block (cell account_key) holds
///
///   0 delegate u64 · 8 salt_below u64 · 16 assets u64 · 24 inline assets 4 x u8 · 28 positions u32
///   32 volume i128 · 48 number of inline assets u8 · 49 fee tier u8 · 50 frozen by u8 · 51 shared
///   u8 · 52 4 x u8 0 · 56 cash of the inline assets, i128 each · positions, 72 bytes each, by
///   market
///
/// and continuation blocks 1, 2 … (positions_key) the positions that find no room in it. Positions
/// ascend by market over all blocks, and all blocks but the last are full, so that the bytes follow
/// from what the account holds. Cash beyond kInlineAssets has cells of its own (cash_key).
struct AccountLayout {
    static constexpr std::size_t kHeader = 56;
    static constexpr std::size_t kCashSize = sizeof(Int128);
    static constexpr std::size_t kInlineAssets = 4;
    static constexpr std::size_t kPositionSize = 72;
    static constexpr std::size_t kHeadPositions = 8;
    static constexpr std::size_t kBlockPositions = 9;
    static constexpr std::size_t kMaxPositions = 512;
    static_assert(kHeader + kInlineAssets * kCashSize + kHeadPositions * kPositionSize <=
                  Cell::kCapacity);
    static_assert(kBlockPositions * kPositionSize <= Cell::kCapacity);

    /// Positions that find room in a block; 0 is the head block.
    [[nodiscard]] static constexpr std::size_t room(std::uint32_t block) noexcept {
        return block == 0 ? kHeadPositions : kBlockPositions;
    }
    /// Number of continuation blocks of an account with so many positions.
    [[nodiscard]] static constexpr std::uint32_t blocks(std::size_t positions) noexcept {
        const std::size_t behind = positions - std::min(positions, kHeadPositions);
        return static_cast<std::uint32_t>((behind + kBlockPositions - 1) / kBlockPositions);
    }
};

/// Who has frozen an account, bit by bit; each undoes only what he did himself.
enum class FrozenBy : std::uint8_t { kOwner = 1, kVenue = 2 };

/// The positions in one block of an account, in place.
///
/// During speculation a block is one that some transaction wrote, so its own bytes fit together;
/// head and continuation may not. A count never exceeds what the bytes hold.
class PositionSpan {
  public:
    PositionSpan(const Cell& cell, std::size_t offset) noexcept
        : first_(cell.bytes().data() + std::min(offset, cell.size())),
          size_(cell.size() <= offset ? 0 : (cell.size() - offset) / AccountLayout::kPositionSize) {
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] MarketId market(std::size_t i) const noexcept {
        return load_value<MarketId>(at(i));
    }
    [[nodiscard]] Position position(std::size_t i) const noexcept { return Position::load(at(i)); }
    /// Index of the first position whose market is not below `market`.
    [[nodiscard]] std::size_t lower_bound(MarketId wanted) const noexcept {
        std::size_t i = 0;
        while (i < size_ && raw(market(i)) < raw(wanted)) {
            ++i;
        }
        return i;
    }

  private:
    [[nodiscard]] const std::byte* at(std::size_t i) const noexcept {
        return first_ + i * AccountLayout::kPositionSize;
    }

    const std::byte* first_;
    std::size_t size_;
};

/// The head block of an account, read in place.
class AccountHead {
  public:
    explicit AccountHead(const Cell& cell) noexcept : cell_(&cell) {}

    [[nodiscard]] AccountId delegate() const noexcept { return cell_->load<AccountId>(0); }
    /// Orders with a lower salt are cancelled.
    [[nodiscard]] std::uint64_t salt_below() const noexcept {
        return cell_->load<std::uint64_t>(8);
    }
    /// Bit a is set while the account has cash, or debt, in asset a.
    [[nodiscard]] std::uint64_t assets() const noexcept { return cell_->load<std::uint64_t>(16); }
    /// Numeraire quanta traded, where the venue tracks it.
    [[nodiscard]] Int128 volume() const noexcept { return cell_->load<Int128>(32); }
    [[nodiscard]] std::uint32_t positions() const noexcept {
        return cell_->load<std::uint32_t>(28);
    }
    [[nodiscard]] std::uint8_t fee_tier() const noexcept { return cell_->load<std::uint8_t>(49); }
    /// Bits of FrozenBy.
    [[nodiscard]] std::uint8_t frozen_by() const noexcept { return cell_->load<std::uint8_t>(50); }
    [[nodiscard]] bool frozen() const noexcept { return frozen_by() != 0; }
    /// The owner has several accounts: their lots are added up (accounts/owner.hpp).
    [[nodiscard]] bool shared() const noexcept { return cell_->load<std::uint8_t>(51) != 0; }

    /// Number of assets whose cash is in the head block: the first ones that the account held.
    [[nodiscard]] std::size_t inline_assets() const noexcept {
        return std::min<std::size_t>(cell_->load<std::uint8_t>(48), AccountLayout::kInlineAssets);
    }
    [[nodiscard]] AssetId inline_asset(std::size_t i) const noexcept {
        return AssetId{cell_->load<std::uint8_t>(24 + i)};
    }
    /// Place of an asset among them; inline_assets() when it is none of them.
    [[nodiscard]] std::size_t place_of(AssetId asset) const noexcept {
        const std::size_t count = inline_assets();
        std::size_t i = 0;
        while (i < count && inline_asset(i) != asset) {
            ++i;
        }
        return i;
    }
    [[nodiscard]] static constexpr std::size_t cash_offset(std::size_t place) noexcept {
        return AccountLayout::kHeader + place * AccountLayout::kCashSize;
    }
    [[nodiscard]] Int128 inline_cash(std::size_t place) const noexcept {
        return cell_->load<Int128>(cash_offset(place));
    }
    [[nodiscard]] bool holds(AssetId asset) const noexcept {
        return (assets() >> (raw(asset) % kMaxAssets) & 1U) != 0;
    }
    [[nodiscard]] std::size_t positions_offset() const noexcept {
        return cash_offset(inline_assets());
    }
    /// The positions in the head block.
    [[nodiscard]] PositionSpan own_positions() const noexcept {
        return {*cell_, positions_offset()};
    }

  private:
    const Cell* cell_;
};

/// The head block of a new account.
[[nodiscard]] Cell new_account() noexcept;
/// Changes of a head block, in place.
void set_delegate(Cell& head, AccountId delegate) noexcept;
void set_salt_below(Cell& head, std::uint64_t salt_below) noexcept;
void set_fee_tier(Cell& head, std::uint8_t tier) noexcept;
void set_frozen(Cell& head, FrozenBy who, bool frozen) noexcept;
void set_shared(Cell& head) noexcept;
void set_volume(Cell& head, Int128 volume) noexcept;
/// Marks an asset as held. Its cash, 0, moves into the head block while there is room.
void hold_asset(Cell& head, AssetId asset) noexcept;
/// Marks an asset as no longer held: its cash is 0.
void release_asset(Cell& head, AssetId asset) noexcept;

/// Cash of an account in one asset, quanta; may be negative.
template <class View>
[[nodiscard]] Int128 cash_of(View& view, AccountId account, const AccountHead& head,
                             AssetId asset) {
    if (const std::size_t place = head.place_of(asset); place < head.inline_assets()) {
        return head.inline_cash(place);
    }
    const Cell* cell = head.holds(asset) ? view.read(cash_key(account, asset)) : nullptr;
    return cell == nullptr ? 0 : cell->number();
}

/// Adds to cash that found no room in the head block.
template <class View>
[[nodiscard]] bool credit_beside(View& view, AccountId account, AssetId asset, Int128 amount) {
    const StateKey key = cash_key(account, asset);
    const Cell* const known = view.read(key);
    const Checked sum = Checked{known == nullptr ? Int128{0} : known->number()} + amount;
    if (!sum.ok()) {
        return false;
    }
    if (sum.value() != 0) {
        view.write(key, Cell::of_number(sum.value()));
        return true;
    }
    view.erase(key);
    Cell* const head = view.change(account_key(account));
    if (head != nullptr) {
        release_asset(*head, asset);
    }
    return head != nullptr;
}

/// Adds to the cash of an account, which holds the asset while that is not 0. False on overflow,
/// and when there is no such account.
template <class View>
[[nodiscard]] bool credit(View& view, AccountId account, AssetId asset, Int128 amount) {
    if (amount == 0) {
        return true;
    }
    Cell* const cell = view.change(account_key(account));
    if (cell == nullptr) {
        return false;
    }
    hold_asset(*cell, asset);
    const AccountHead head(*cell);
    const std::size_t place = head.place_of(asset);
    if (place == head.inline_assets()) {
        return credit_beside(view, account, asset, amount);
    }
    const Checked sum = Checked{head.inline_cash(place)} + amount;
    if (sum.ok()) {
        cell->store(AccountHead::cash_offset(place), sum.value());
        if (sum.value() == 0) {
            release_asset(*cell, asset);
        }
    }
    return sum.ok();
}

/// Adds to what the account has traded. False on overflow.
template <class View>
[[nodiscard]] bool add_volume(View& view, AccountId account, Int128 amount) {
    Cell* const cell = amount != 0 ? view.change(account_key(account)) : nullptr;
    if (cell == nullptr) {
        return amount == 0;
    }
    const Checked sum = Checked{AccountHead(*cell).volume()} + amount;
    if (sum.ok()) {
        set_volume(*cell, sum.value());
    }
    return sum.ok();
}

}  // namespace lockstep
