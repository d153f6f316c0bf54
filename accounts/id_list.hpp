#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "accounts/records.hpp"
#include "accounts/state_key.hpp"

namespace lockstep {

/// A sorted list of at most `Capacity` ids, kept in several cells of kind `kind` under one owner.
///
/// Reads touch only the chunks in use; an insertion or removal writes only the chunks that change.
/// During speculation the chunks may contradict each other: ids then come out unsorted or repeated,
/// but never more than Capacity of them.
template <std::size_t Capacity>
class IdList {
  public:
    static constexpr std::size_t kChunks = (Capacity + IdChunk::kIds - 1) / IdChunk::kIds;

    template <class View>
    static IdList load(View& view, CellKind kind, std::uint64_t owner) {
        IdList list(kind, owner);
        const Cell* first = view.read(StateKey{kind, owner});
        if (first == nullptr) {
            return list;
        }
        list.count_ = std::min<std::size_t>(first->load<std::uint32_t>(0), Capacity);
        for (std::size_t chunk = 0; chunk * IdChunk::kIds < list.count_; ++chunk) {
            const Cell* cell =
                chunk == 0 ? first
                           : view.read(StateKey{kind, owner, 0, static_cast<std::uint32_t>(chunk)});
            const std::size_t begin = chunk * IdChunk::kIds;
            const std::size_t end = std::min(begin + IdChunk::kIds, list.count_);
            for (std::size_t i = begin; i < end; ++i) {
                list.ids_[i] =
                    cell == nullptr ? 0 : cell->template load<std::uint32_t>(4 + 4 * (i - begin));
            }
        }
        return list;
    }

    [[nodiscard]] std::span<const std::uint32_t> ids() const noexcept {
        return std::span(ids_).first(count_);
    }
    [[nodiscard]] bool contains(std::uint32_t id) const noexcept {
        return std::binary_search(ids_.begin(), end(), id);
    }
    [[nodiscard]] bool full() const noexcept { return count_ == Capacity; }

    /// Writes the list with `id` added. REQUIRES: !full().
    template <class View>
    void insert(View& view, std::uint32_t id) {
        const auto place = std::lower_bound(ids_.begin(), end(), id);
        if (place != end() && *place == id) {
            return;
        }
        const auto index = static_cast<std::size_t>(place - ids_.begin());
        std::copy_backward(ids_.begin() + static_cast<std::ptrdiff_t>(index), end(), end() + 1);
        ids_[index] = id;
        ++count_;
        store(view, index, false);
    }
    template <class View>
    void remove(View& view, std::uint32_t id) {
        const auto place = std::lower_bound(ids_.begin(), end(), id);
        if (place == end() || *place != id) {
            return;
        }
        const auto index = static_cast<std::size_t>(place - ids_.begin());
        std::copy(place + 1, end(), ids_.begin() + static_cast<std::ptrdiff_t>(index));
        --count_;
        ids_[count_] = 0;
        store(view, index, true);
    }

  private:
    IdList(CellKind kind, std::uint64_t owner) noexcept : kind_(kind), owner_(owner) {}

    [[nodiscard]] auto end() noexcept { return ids_.begin() + static_cast<std::ptrdiff_t>(count_); }
    [[nodiscard]] auto end() const noexcept {
        return ids_.begin() + static_cast<std::ptrdiff_t>(count_);
    }

    /// Writes chunk 0, which holds the length, and all chunks from the one with `first_changed`.
    template <class View>
    void store(View& view, std::size_t first_changed, bool removed) {
        const std::size_t used = (count_ + IdChunk::kIds - 1) / IdChunk::kIds;
        for (std::size_t chunk = 0; chunk < kChunks; ++chunk) {
            const bool changed = chunk == 0 || chunk >= first_changed / IdChunk::kIds;
            const StateKey key{kind_, owner_, 0, static_cast<std::uint32_t>(chunk)};
            if (chunk < used && changed) {
                IdChunk written{.total = chunk == 0 ? static_cast<std::uint32_t>(count_) : 0};
                for (std::size_t i = 0; i < IdChunk::kIds; ++i) {
                    const std::size_t index = chunk * IdChunk::kIds + i;
                    written.ids[i] = index < count_ ? ids_[index] : 0;
                }
                view.write(key, written.encode());
            } else if (removed && chunk == used && count_ % IdChunk::kIds == 0) {
                // The removal emptied the chunk behind the last one in use.
                view.erase(key);
                break;
            }
        }
    }

    CellKind kind_;
    std::uint64_t owner_;
    std::size_t count_ = 0;
    std::array<std::uint32_t, Capacity> ids_{};
};

}  // namespace lockstep
