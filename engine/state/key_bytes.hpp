#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>

namespace lockstep {

/// A key that points to bytes which others own: how a machine has keys of any length.
///
/// The giver of such a key to a view, a sink of `declare` or an executor keeps its bytes as they
/// are until the block ends. The state has bytes of its own, one copy for each cell; those of a key
/// that a view gives to a scan are good until the block ends as well.
template <class Key>
concept BorrowsBytes = requires(const Key& key, std::byte* room) {
    { key.bytes() } -> std::convertible_to<std::span<const std::byte>>;
    /// The same key over a copy of its bytes.
    { key.over(room) } -> std::same_as<Key>;
};

/// The bytes of one key that its cell owns; nothing for keys that are whole in themselves.
template <class Key>
class KeyBytes {
  public:
    /// The key as its cell may keep it.
    [[nodiscard]] static const Key& keep(const Key& key) noexcept { return key; }
};

template <BorrowsBytes Key>
class KeyBytes<Key> {
  public:
    [[nodiscard]] Key keep(const Key& key) {
        const std::span<const std::byte> bytes = key.bytes();
        owned_ = std::make_unique_for_overwrite<std::byte[]>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), owned_.get());
        return key.over(owned_.get());
    }

  private:
    std::unique_ptr<std::byte[]> owned_;
};

}  // namespace lockstep
