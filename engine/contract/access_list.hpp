#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/check.hpp"

namespace lockstep {

/// How a transaction depended on what was in a cell before it.
enum class Dependence : std::uint8_t {
    kNone,
    kPredicate,  ///< on presence or on a comparison; bounded additions are comparisons
    kValue,      ///< on the whole value
};

/// What a transaction left in a cell.
enum class Effect : std::uint8_t {
    kNone,
    kAdd,    ///< a sum of additions other than 0
    kWrite,  ///< a value, or absence
};

/// One cell in the access list of a transaction; at least one of the two says something.
template <class Key>
struct CellAccess {
    Key key{};
    Dependence dependence = Dependence::kNone;
    Effect effect = Effect::kNone;

    friend bool operator==(const CellAccess&, const CellAccess&) = default;
};

/// A range of keys: from <= key < to, or from <= key <= to when it is closed.
template <class Key>
struct KeyRange {
    Key from{};
    Key to{};
    bool closed = false;

    [[nodiscard]] bool ends_before(const Key& key) const noexcept {
        return closed ? to < key : !(key < to);
    }
    friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

/// What the transactions of one block touched, in block order, and by key within a transaction.
///
/// Role:    a by-product of execution that follows from block and state alone: every executor,
///          worker count and run gives the same list. Read back, it is knowledge for the next
///          execution of the block, and like all knowledge it changes speed only.
/// Content: an access depends on a cell when it is answered from below the transaction, not from
///          its own writes; an effect counts when it was not rolled back. Skipped transactions have
///          no accesses, faulted ones only dependences. The phases of a block are not listed.
///          A scan is listed as the cells that it visited, and as the range that it covered, in the
///          order of the scans; a range that ended early is closed at the last key visited.
template <class Key>
class AccessList {
  public:
    /// Appends the accesses of the next transaction, ascending by key, and what it scanned.
    void append(std::span<const CellAccess<Key>> accesses,
                std::span<const KeyRange<Key>> scans = {}) {
        accesses_.insert(accesses_.end(), accesses.begin(), accesses.end());
        scans_.insert(scans_.end(), scans.begin(), scans.end());
        ends_.push_back({accesses_.size(), scans_.size()});
    }
    void clear() noexcept {
        accesses_.clear();
        scans_.clear();
        ends_.clear();
    }
    /// Number of transactions.
    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
    /// Number of accesses of all transactions.
    [[nodiscard]] std::size_t total() const noexcept { return accesses_.size(); }
    /// The accesses of a transaction; none when the list is shorter.
    [[nodiscard]] std::span<const CellAccess<Key>> of(std::size_t transaction) const noexcept {
        return part(accesses_, &Ends::accesses, transaction);
    }
    /// The ranges that a transaction scanned.
    [[nodiscard]] std::span<const KeyRange<Key>> scans_of(std::size_t transaction) const noexcept {
        return part(scans_, &Ends::scans, transaction);
    }

    friend bool operator==(const AccessList&, const AccessList&) = default;

  private:
    struct Ends {
        std::size_t accesses = 0;
        std::size_t scans = 0;
        friend bool operator==(const Ends&, const Ends&) = default;
    };
    template <class Item>
    [[nodiscard]] std::span<const Item> part(const std::vector<Item>& items, std::size_t Ends::*end,
                                             std::size_t transaction) const noexcept {
        if (transaction >= ends_.size()) {
            return {};
        }
        const std::size_t begin = transaction == 0 ? 0 : ends_[transaction - 1].*end;
        return std::span(items).subspan(begin, ends_[transaction].*end - begin);
    }

    std::vector<CellAccess<Key>> accesses_;
    std::vector<KeyRange<Key>> scans_;
    std::vector<Ends> ends_;  ///< per transaction, in the two above
};

/// A cell, or a scanned range, where a list and an execution disagree.
template <class Key>
struct AccessMismatch {
    std::uint64_t block = 0;  ///< height
    std::uint64_t transaction = 0;
    Key key{};
    std::optional<CellAccess<Key>> listed;   ///< nothing: touched but not listed
    std::optional<CellAccess<Key>> touched;  ///< nothing: listed but not touched
    bool scan =
        false;  ///< of ranges: `key` starts the first one that is not the same on both sides

    friend bool operator==(const AccessMismatch&, const AccessMismatch&) = default;
};

/// All disagreements of a block, of which the first ones are named.
template <class Key>
struct AccessMismatches {
    static constexpr std::size_t kNamedMax = 64;

    std::uint64_t count = 0;
    std::vector<AccessMismatch<Key>> named;

    void add(const AccessMismatch<Key>& mismatch) {
        ++count;
        if (named.size() < kNamedMax) {
            named.push_back(mismatch);
        }
    }
    /// Appends those of a later block.
    void add(const AccessMismatches& later) {
        const std::size_t room = kNamedMax - std::min(kNamedMax, named.size());
        const std::size_t taken = std::min(room, later.named.size());
        named.insert(named.end(), later.named.begin(),
                     later.named.begin() + static_cast<std::ptrdiff_t>(taken));
        count += later.count;
    }
    friend bool operator==(const AccessMismatches&, const AccessMismatches&) = default;
};

/// Names every cell where the two lists of one transaction differ.
template <class Key>
void compare_accesses(std::uint64_t block, std::uint64_t transaction,
                      std::span<const CellAccess<Key>> listed,
                      std::span<const CellAccess<Key>> touched, AccessMismatches<Key>& out) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < listed.size() || j < touched.size()) {
        AccessMismatch<Key> mismatch{
            .block = block, .transaction = transaction, .key = {}, .listed = {}, .touched = {}};
        if (j == touched.size() || (i < listed.size() && !(touched[j].key < listed[i].key))) {
            mismatch.key = listed[i].key;
            mismatch.listed = listed[i];
        } else {
            mismatch.key = touched[j].key;
        }
        if (j < touched.size() && touched[j].key == mismatch.key) {
            mismatch.touched = touched[j++];
        }
        i += mismatch.listed ? 1U : 0U;
        if (mismatch.listed != mismatch.touched) {
            out.add(mismatch);
        }
    }
}

/// Names the first scan where the two lists of one transaction differ.
template <class Key>
void compare_scans(std::uint64_t block, std::uint64_t transaction,
                   std::span<const KeyRange<Key>> listed, std::span<const KeyRange<Key>> touched,
                   AccessMismatches<Key>& out) {
    const auto [left, right] =
        std::mismatch(listed.begin(), listed.end(), touched.begin(), touched.end());
    if (left != listed.end() || right != touched.end()) {
        out.add({.block = block,
                 .transaction = transaction,
                 .key = left != listed.end() ? left->from : right->from,
                 .listed = {},
                 .touched = {},
                 .scan = true});
    }
}

/// What goes in and out of one execution of a block beside its results. Nothing costs nothing.
template <class Key>
struct AccessOptions {
    /// Knowledge: used instead of Machine::declare, for all of the block. May be wrong in any way.
    const AccessList<Key>* known = nullptr;
    /// Replaced by what the block touched.
    AccessList<Key>* recorded = nullptr;
    /// Replaced by the differences between `known` and what the block touched.
    AccessMismatches<Key>* mismatches = nullptr;

    [[nodiscard]] bool records() const noexcept {
        return recorded != nullptr || (known != nullptr && mismatches != nullptr);
    }
    void begin() const {
        LOCKSTEP_CHECK(recorded == nullptr || recorded != known);
        if (recorded != nullptr) {
            recorded->clear();
        }
        if (mismatches != nullptr) {
            *mismatches = {};
        }
    }
    /// Takes what the next transaction in block order touched. REQUIRES: records().
    void take(std::uint64_t block, std::uint64_t transaction,
              std::span<const CellAccess<Key>> touched,
              std::span<const KeyRange<Key>> scans) const {
        if (recorded != nullptr) {
            recorded->append(touched, scans);
        }
        if (known != nullptr && mismatches != nullptr) {
            const auto listed = known->of(transaction);
            if (touched.data() !=
                listed.data()) {  // else it is the list itself: see AccessRecorder
                compare_accesses(block, transaction, listed, touched, *mismatches);
            }
            compare_scans(block, transaction, known->scans_of(transaction), scans, *mismatches);
        }
    }
    /// After the last transaction: whatever else is listed was not touched.
    void finish(std::uint64_t block, std::uint64_t transactions) const {
        if (known != nullptr && mismatches != nullptr) {
            for (std::uint64_t i = transactions; i < known->size(); ++i) {
                compare_accesses<Key>(block, i, known->of(i), {}, *mismatches);
                compare_scans<Key>(block, i, known->scans_of(i), {}, *mismatches);
            }
        }
    }
};

}  // namespace lockstep
