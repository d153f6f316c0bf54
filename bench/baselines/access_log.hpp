#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep::bench {

/// What a transaction did to a cell.
enum class Change : std::uint8_t { kNone, kWrite, kErase, kAdd };

/// One cell that a transaction touched: what it saw below itself, and what it did.
template <Machine M>
struct LoggedCell {
    using Key = typename M::Key;
    using Value = typename M::Value;

    Key key{};
    CellId cell = kNoCell;      ///< set by whoever fetches or commits
    std::uint64_t version = 0;  ///< of the value below; its meaning belongs to the executor
    bool fetched = false;       ///< `below` and `below_present` are set
    bool below_present = false;
    Change change = Change::kNone;
    Value below{};
    Value own{};       ///< kWrite: the new value; kAdd: the value with the additions
    Int128 added = 0;  ///< kAdd: sum of the additions

    /// Whether this changes state: additions that cancel out leave no trace.
    [[nodiscard]] bool changes() const noexcept {
        return change != Change::kNone && !(change == Change::kAdd && added == 0);
    }
    [[nodiscard]] const Value* below_value() const noexcept {
        return below_present ? &below : nullptr;
    }
    [[nodiscard]] static Int128 number_of(const Value* value) {
        return value != nullptr ? M::number(*value) : Int128{0};
    }
    /// The value after the transaction, given the value below; null: absent. `scratch` holds it
    /// where it has to be computed.
    [[nodiscard]] const Value* result_over(const Value* now, Value& scratch) const {
        if (change == Change::kErase) {
            return nullptr;
        }
        if (change == Change::kWrite) {
            return &own;
        }
        scratch = now != nullptr ? *now : Value{};
        M::set_number(scratch, wrapping_add(M::number(scratch), added));
        return &scratch;
    }
};

/// Everything that one execution of one transaction touched, in order of first touch, and its
/// receipt and events.
///
/// Threads: the holder of the transaction. Cells stay where they are until clear().
/// Memory:  kept from one use to the next.
template <Machine M>
class AccessLog {
  public:
    using Key = typename M::Key;
    using Cell = LoggedCell<M>;

    EventLog events;
    Receipt receipt;
    std::vector<KeyRange<Key>> scans;  ///< only of machines that scan

    void clear() {
        size_ = 0;
        cursor_ = 0;
        index_.clear();
        events.clear();
        receipt = {};
        scans.clear();
    }
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] Cell& operator[](std::uint32_t at) noexcept {
        return (*pieces_[at / kPiece])[at % kPiece];
    }
    /// The cell of a key, made when this is its first touch.
    [[nodiscard]] Cell& cell_of(const Key& key) {
        if (size_ >= kIndexedFrom) {
            return indexed(key);
        }
        // Machines tend to touch a cell again soon.
        for (std::uint32_t i = 0; i < size_; ++i) {
            const std::uint32_t at = cursor_ >= i ? cursor_ - i : cursor_ + size_ - i;
            if ((*this)[at].key == key) {
                cursor_ = at;
                return (*this)[at];
            }
        }
        return append(key);
    }
    template <class Visit>
    void for_each(Visit&& visit) {
        for (std::uint32_t i = 0; i < size_; ++i) {
            visit((*this)[i]);
        }
    }
    /// Whether a scan covered a key.
    [[nodiscard]] bool covers(const Key& key) const {
        return std::any_of(scans.begin(), scans.end(), [&](const KeyRange<Key>& scan) {
            return !(key < scan.from) && !scan.ends_before(key);
        });
    }
    /// Undoes all changes and events, keeps what was read: the transaction faulted.
    void discard_effects() {
        for_each([](Cell& cell) { cell.change = Change::kNone; });
        events.clear();
    }

  private:
    static constexpr std::uint32_t kPiece = 4;
    static constexpr std::uint32_t kIndexedFrom = 24;
    static constexpr std::uint32_t kFree = ~std::uint32_t{0};

    Cell& append(const Key& key) {
        if (size_ == pieces_.size() * kPiece) {
            pieces_.push_back(std::make_unique<std::array<Cell, kPiece>>());
        }
        cursor_ = size_++;
        Cell& fresh = (*this)[cursor_];
        fresh = Cell{};
        fresh.key = key;
        return fresh;
    }
    Cell& indexed(const Key& key) {
        if (index_.size() < std::size_t{size_} * 2 + 2) {
            index_.assign(std::size_t{size_} * 4 + 64, kFree);
            for (std::uint32_t i = 0; i < size_; ++i) {
                index_[place((*this)[i].key)] = i;
            }
        }
        const std::size_t at = place(key);
        if (index_[at] == kFree) {
            index_[at] = size_;
            return append(key);
        }
        return (*this)[index_[at]];
    }
    /// The place of a key in the index, or the free one where it belongs.
    [[nodiscard]] std::size_t place(const Key& key) {
        std::size_t at = M::hash(key) % index_.size();
        while (index_[at] != kFree && !((*this)[index_[at]].key == key)) {
            at = at + 1 == index_.size() ? 0 : at + 1;
        }
        return at;
    }

    std::vector<std::unique_ptr<std::array<Cell, kPiece>>> pieces_;
    std::uint32_t size_ = 0;
    std::uint32_t cursor_ = 0;
    std::vector<std::uint32_t> index_;  ///< open addressing, for transactions that touch many cells
};

}  // namespace lockstep::bench
