#include "accounts/account.hpp"

namespace lockstep {

Cell new_account() noexcept {
    Cell head;
    head.resize(AccountLayout::kHeader);
    return head;
}

void set_delegate(Cell& head, AccountId delegate) noexcept {
    head.store(0, delegate);
}
void set_salt_below(Cell& head, std::uint64_t salt_below) noexcept {
    head.store(8, salt_below);
}
void set_volume(Cell& head, Int128 volume) noexcept {
    head.store(32, volume);
}
void set_fee_tier(Cell& head, std::uint8_t tier) noexcept {
    head.store(49, tier);
}
void set_frozen(Cell& head, FrozenBy who, bool frozen) noexcept {
    const unsigned bit = static_cast<unsigned>(who);
    const unsigned known = AccountHead(head).frozen_by();
    head.store(50, static_cast<std::uint8_t>(frozen ? known | bit : known & ~bit));
}
void set_shared(Cell& head) noexcept {
    head.store(51, std::uint8_t{1});
}

void release_asset(Cell& head, AssetId asset) noexcept {
    const AccountHead known(head);
    const std::size_t count = known.inline_assets();
    const std::size_t place = known.place_of(asset);
    head.store(16, known.assets() & ~(std::uint64_t{1} << (raw(asset) % kMaxAssets)));
    if (place == count) {
        return;
    }
    head.remove_bytes(AccountHead::cash_offset(place), AccountLayout::kCashSize);
    for (std::size_t i = place; i < count; ++i) {
        const bool last = i + 1 == count;
        head.store(24 + i, last ? std::uint8_t{0} : head.load<std::uint8_t>(24 + i + 1));
    }
    head.store(48, static_cast<std::uint8_t>(count - 1));
}

void hold_asset(Cell& head, AssetId asset) noexcept {
    const AccountHead known(head);
    if (known.holds(asset)) {
        return;
    }
    head.store(16, known.assets() | std::uint64_t{1} << (raw(asset) % kMaxAssets));
    const std::size_t count = known.inline_assets();
    if (count == AccountLayout::kInlineAssets) {
        return;
    }
    head.insert_zeros(AccountHead::cash_offset(count), AccountLayout::kCashSize);
    head.store(24 + count, static_cast<std::uint8_t>(raw(asset)));
    head.store(48, static_cast<std::uint8_t>(count + 1));
}

}  // namespace lockstep
