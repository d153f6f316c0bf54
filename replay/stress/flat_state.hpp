#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"
#include "engine/base/huge_pages.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/state_sums.hpp"

namespace lockstep::bench {

/// Keys, values and marks of one transaction in one open-addressing table: the least memory traffic
/// that a serial executor can have.
///
/// Cells stay where they are between calls of make_room, so a transaction may hold pointers.
/// Absent cells keep their place. One thread.
template <Machine M>
class FlatState {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    enum class Change : std::uint8_t { kNone, kWrite, kErase, kAdd };
    struct alignas(kCacheLineSize) Cell {
        Key key{};
        bool used = false;
        bool present = false;
        Change change = Change::kNone;     ///< by the running transaction
        std::uint32_t journal = 0;         ///< place in its journal, when change is set
        std::uint32_t dirty_in_block = 0;  ///< number of the last block that changed the cell
        Digest digest;                     ///< of the present value, where `digested`
        bool digested = false;
        Value value{};
        Int128 added = 0;  ///< sum of additions, when change is kAdd
    };

    /// The term of a present cell in the state sum, computed where it is not known.
    [[nodiscard]] static const Digest& term(Cell& cell, ByteWriter& scratch) {
        if (!cell.digested) {
            cell.digest = cell_digest<M>(scratch, cell.key, cell.value);
            cell.digested = true;
        }
        return cell.digest;
    }

    explicit FlatState(std::size_t cells = 0) : cells_(std::size_t{1} << 10) { make_room(cells); }

    /// Grows until `more` further keys leave the table half empty.
    void make_room(std::size_t more) {
        if ((used_ + more) * 2 <= cells_.size()) {
            return;
        }
        std::size_t size = cells_.size();
        while ((used_ + more) * 2 > size) {
            size *= 2;
        }
        Cells old(size);
        old.swap(cells_);
        for (const Cell& cell : old) {
            if (cell.used) {
                cells_[place(cell.key)] = cell;
            }
        }
    }
    [[nodiscard]] Cell& cell(const Key& key) {
        Cell& found = cells_[place(key)];
        if (!found.used) {
            ++used_;
            LOCKSTEP_CHECK(used_ * 8 < cells_.size() * 7);
            found.used = true;
            found.key = key;
            if constexpr (kScans<M>) {
                keys_.insert(key);
            }
        }
        return found;
    }
    /// The value of a cell, null when absent.
    [[nodiscard]] const Value* get(const Key& key) const noexcept {
        const Cell& found = cells_[place(key)];
        return found.present ? &found.value : nullptr;
    }
    void prefetch(const Key& key) const noexcept {
        prefetch_lines<Prefetch::kToWrite>(
            &cells_[static_cast<std::size_t>(M::hash(key)) & (cells_.size() - 1)], sizeof(Cell));
    }
    /// Same shape as StateStore::set, for filling both alike.
    void set(const Key& key, const Value* value) {
        make_room(1);
        Cell& target = cell(key);
        target.present = value != nullptr;
        target.value = value != nullptr ? *value : Value{};
        target.digested = false;
        if (target.present) {
            static_cast<void>(term(target, scratch_));
        }
    }
    /// All keys that have a cell, in order; only of machines that scan.
    [[nodiscard]] const std::set<Key>& keys() const noexcept { return keys_; }
    [[nodiscard]] const auto& cells() const noexcept { return cells_; }
    /// The digest of all present cells, added up anew.
    [[nodiscard]] StateSums<M> sums() const {
        StateSums<M> out;
        ByteWriter scratch;
        for (const Cell& cell : cells_) {
            if (cell.present) {
                out.add(cell.key, cell_digest<M>(scratch, cell.key, cell.value));
            }
        }
        return out;
    }

  private:
    using Cells = std::vector<Cell, HugePageAllocator<Cell>>;

    ByteWriter scratch_;

    /// The place of a key, or the free one where it belongs.
    [[nodiscard]] std::size_t place(const Key& key) const noexcept {
        const std::size_t mask = cells_.size() - 1;
        std::size_t at = static_cast<std::size_t>(M::hash(key)) & mask;
        while (cells_[at].used && !(cells_[at].key == key)) {
            at = (at + 1) & mask;
        }
        return at;
    }

    Cells cells_;  ///< power of two
    std::size_t used_ = 0;
    std::set<Key> keys_;
};

}  // namespace lockstep::bench
