#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lockstep {

/// Finds the keys of a transaction that it declares again.
///
/// Threads: one.
/// Cost:    a look through those declared so far, newest first; a table where they are many.
template <class Named>
class DeclaredKeys {
  public:
    static constexpr std::size_t kLookedThrough = 32;

    /// Before the first key of a transaction.
    void begin() noexcept { indexed_ = 0; }
    /// What was `named` under a key so far, null when nothing was.
    template <class Key>
    [[nodiscard]] Named* find(std::span<Named> named, const Key& key, std::uint64_t hash) {
        if (named.size() <= kLookedThrough) {
            for (std::size_t i = named.size(); i > 0; --i) {
                if (named[i - 1].key == key) {
                    return &named[i - 1];
                }
            }
            return nullptr;
        }
        index(named);
        std::size_t slot = hash & (slots_.size() - 1);
        while (slots_[slot] != 0 && !(named[slots_[slot] - 1].key == key)) {
            slot = (slot + 1) & (slots_.size() - 1);
        }
        return slots_[slot] != 0 ? &named[slots_[slot] - 1] : nullptr;
    }

  private:
    /// Puts those into the table that are not there yet; at least half of it stays free.
    void index(std::span<Named> named) {
        if (indexed_ == 0 || named.size() * 2 > slots_.size()) {
            slots_.assign(std::bit_ceil(named.size() * 4), 0);
            indexed_ = 0;
        }
        for (; indexed_ < named.size(); ++indexed_) {
            std::size_t slot = named[indexed_].hash & (slots_.size() - 1);
            while (slots_[slot] != 0) {
                slot = (slot + 1) & (slots_.size() - 1);
            }
            slots_[slot] = static_cast<std::uint32_t>(indexed_ + 1);
        }
    }

    std::vector<std::uint32_t> slots_;  ///< positions counted from 1; 0: free
    std::size_t indexed_ = 0;
};

}  // namespace lockstep
