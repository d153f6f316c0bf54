#pragma once

#include <cstdint>

namespace lockstep {

/// An account: 48 bits of owner, 16 bits of subaccount. Margin is computed per account, never per
/// owner. Owner 0 is the venue itself: its accounts are the keys of its roles.
enum class AccountId : std::uint64_t {};

/// An asset; at most kMaxAssets of them. Asset 0 is the numeraire in which margin is stated.
enum class AssetId : std::uint32_t {};

/// A market or option series; below kMaxMarkets.
enum class MarketId : std::uint32_t {};

/// A price feed; below kMaxFeeds.
enum class FeedId : std::uint32_t {};

inline constexpr std::uint32_t kMaxAssets = 64;
inline constexpr std::uint32_t kMaxMarkets = 1U << 16;
inline constexpr std::uint32_t kMaxFeeds = 1U << 16;

inline constexpr AssetId kNumeraire{0};
/// No account: nobody's delegate.
inline constexpr AccountId kNobody{0};
/// Feed 0 does not exist: an asset without a feed is worth its own quanta.
inline constexpr FeedId kNoFeed{0};

[[nodiscard]] constexpr AccountId make_account(std::uint64_t owner,
                                               std::uint16_t subaccount = 0) noexcept {
    return AccountId{(owner << 16) | subaccount};
}
[[nodiscard]] constexpr std::uint64_t owner_of(AccountId account) noexcept {
    return static_cast<std::uint64_t>(account) >> 16;
}
[[nodiscard]] constexpr std::uint16_t subaccount_of(AccountId account) noexcept {
    return static_cast<std::uint16_t>(static_cast<std::uint64_t>(account) & 0xffff);
}
/// True for accounts of the venue itself.
[[nodiscard]] constexpr bool is_venue(AccountId account) noexcept {
    return owner_of(account) == 0;
}

/// What a key of the venue may do. Each role has keys of its own; none moves what users own.
enum class Role : std::uint8_t {
    kGovernance = 0,  ///< parameters, fee tiers, freezing
    kBridge = 1,      ///< deposits
    kMatcher = 2,     ///< fills between signed orders
    kOracle = 3,      ///< books and published marks; sources of feeds name their signers
};
inline constexpr std::uint16_t kRoleKeys = 16;  ///< subaccounts to a role, key by key

/// Key number `key` of a role.
[[nodiscard]] constexpr AccountId role_account(Role role, std::uint16_t key = 0) noexcept {
    return make_account(
        0, static_cast<std::uint16_t>(static_cast<std::uint16_t>(role) * kRoleKeys + key));
}
/// True for the keys of a role.
[[nodiscard]] constexpr bool has_role(AccountId account, Role role) noexcept {
    return is_venue(account) &&
           subaccount_of(account) / kRoleKeys == static_cast<std::uint16_t>(role);
}

[[nodiscard]] constexpr std::uint64_t raw(AccountId id) noexcept {
    return static_cast<std::uint64_t>(id);
}
[[nodiscard]] constexpr std::uint32_t raw(AssetId id) noexcept {
    return static_cast<std::uint32_t>(id);
}
[[nodiscard]] constexpr std::uint32_t raw(MarketId id) noexcept {
    return static_cast<std::uint32_t>(id);
}
[[nodiscard]] constexpr std::uint32_t raw(FeedId id) noexcept {
    return static_cast<std::uint32_t>(id);
}

}  // namespace lockstep
