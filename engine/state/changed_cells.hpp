#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "engine/base/arena.hpp"
#include "engine/base/arena_list.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/tagged_pointer.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// Cells that have changed since the start of a block or of a part of it, and what they were then.
///
/// Role:    what a block can be taken back with, and what its diff is made of.
/// Threads: one.
template <Machine M, class Sync>
class ChangedCells {
  public:
    using Value = typename M::Value;
    using Cell = typename StateStore<M, Sync>::Cell;

    /// A cell as it was before its first change.
    struct Change {
        TaggedPointer<Cell, 2> cell_and_presence;
        Value* kept = nullptr;  ///< its value, in the arena
        Digest digest;          ///< of that, if it was present

        [[nodiscard]] Cell& cell() const noexcept { return *cell_and_presence.get(); }
        [[nodiscard]] bool was_present() const noexcept { return cell_and_presence.tag() != 0; }
        /// Null: absent.
        [[nodiscard]] const Value* before() const noexcept {
            return was_present() ? kept : nullptr;
        }
    };

    /// `arena`: keeps the values; reset only directly before clear.
    explicit ChangedCells(Arena& arena) : arena_(arena), changes_(arena) {}

    void clear() noexcept { changes_.clear(); }
    [[nodiscard]] std::size_t size() const noexcept { return changes_.size(); }
    /// `value`: copied, or moved from. REQUIRES: not yet listed; the cell still has the digest of
    /// `value`, if it was present.
    template <class From>
    void append(Cell& cell, bool was_present, From&& value) {
        changes_.append(
            {{&cell, was_present ? 1U : 0U}, keep(std::forward<From>(value)), cell.digest});
    }
    /// Calls `visit(change)` for each, in the order of append, and fetches cells ahead.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (std::size_t i = 0; i < changes_.chunks(); ++i) {
            const auto chunk = changes_.chunk(i);
            for (std::size_t j = 0; j < chunk.size(); ++j) {
                if (j + kAhead < chunk.size()) {
                    prefetch_lines<Prefetch::kToRead>(&chunk[j + kAhead].cell(), sizeof(Cell));
                }
                visit(chunk[j]);
            }
        }
    }
    /// Gives every cell its value from before, and forgets the list. State sums are left alone.
    void restore() {
        for_each([](Change& change) {
            Cell& cell = change.cell();
            cell.value = std::move(*change.kept);
            cell.present = change.was_present();
            cell.digest = change.digest;
            cell.digested = true;
        });
        clear();
    }

  private:
    static constexpr std::size_t kAhead = 16;

    template <class From>
    [[nodiscard]] Value* keep(From&& value) {
        if constexpr (std::is_trivially_destructible_v<Value>) {
            return arena_.copy(value, footprint<M>(value));
        } else {
            auto* const kept = arena_.template make<Value>();
            *kept = std::forward<From>(value);
            return kept;
        }
    }

    Arena& arena_;
    ArenaList<Change> changes_;
};

}  // namespace lockstep
