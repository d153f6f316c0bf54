#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "engine/contract/machine.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/key_bytes.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// The state of the last decided heights, for reads by any thread while a block executes.
///
/// Role:    queries and proofs beside execution. Blocks change cells in place, so the store itself
///          cannot be read meanwhile; this has a copy of the newest height and the diffs behind it.
/// Cost:    the state once more, and `depth` diffs; a read is a look-up of the newest value and one
///          in each diff between. A writer waits for reads that are under way, execution never
///          does; a visit of all cells holds it up while it gathers their keys, then for some
///          cells at a time.
/// Threads: any; add and drop by one at a time.
template <Machine M>
class History {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    enum class Answer : std::uint8_t { kFound, kAbsent, kUnknownHeight };

    /// Copies a state, which is that of `height`. Keeps `depth` heights below the newest.
    template <class Sync>
    History(const StateStore<M, Sync>& state, std::uint64_t height, std::size_t depth)
        : depth_(depth), newest_(height) {
        state.for_each([this](const Key& key, const Value& value) { state_.set(key, &value); });
    }

    [[nodiscard]] std::uint64_t newest() const {
        const std::shared_lock lock(mutex_);
        return newest_;
    }
    [[nodiscard]] std::uint64_t oldest() const {
        const std::shared_lock lock(mutex_);
        return newest_ - diffs_.size();
    }
    /// The value that a key had at the end of a block.
    [[nodiscard]] Answer read(std::uint64_t height, const Key& key, Value& out) const {
        const std::shared_lock lock(mutex_);
        if (!has(height)) {
            return Answer::kUnknownHeight;
        }
        const Value* value = value_at(height, key);
        if (value == nullptr) {
            return Answer::kAbsent;
        }
        out = *value;
        return Answer::kFound;
    }
    /// Calls `visit(key, value)` for every cell that was present at the end of a block, in key
    /// order, until it returns false. False, and no call, when the height is unknown.
    ///
    /// Heights may be added meanwhile: the lock is held for some cells at a time, and the diffs
    /// down to this height are kept until the visit is over.
    template <class Visit>
    [[nodiscard]] bool for_each(std::uint64_t height, Visit&& visit) const {
        const Pin pin(*this, height);
        if (!pin.is_known()) {
            return false;
        }
        const std::vector<Held> keys = keys_at(height);
        std::vector<Value> values;
        std::vector<const Key*> present;
        for (std::size_t i = 0; i < keys.size(); i += kBatch) {
            values.clear();
            present.clear();
            {
                const std::shared_lock lock(mutex_);
                for (std::size_t j = i; j < std::min(i + kBatch, keys.size()); ++j) {
                    if (const Value* value = value_at(height, keys[j].key)) {
                        values.push_back(*value);
                        present.push_back(&keys[j].key);
                    }
                }
            }
            for (std::size_t j = 0; j < values.size(); ++j) {
                if (!visit(*present[j], std::as_const(values[j]))) {
                    return true;
                }
            }
        }
        return true;
    }

    /// The next height. False, and nothing done, when the diff is not one of the newest state.
    [[nodiscard]] bool add(BlockDiff<M> diff) {
        const std::unique_lock lock(mutex_);
        if (!diff.apply(state_)) {
            return false;
        }
        ++newest_;
        diffs_.push_back(std::move(diff));
        while (diffs_.size() > depth_ &&
               (visited_.empty() || newest_ - diffs_.size() < *visited_.begin())) {
            diffs_.pop_front();
        }
        return true;
    }
    /// Takes the newest height back. False when it is the oldest as well, or being visited.
    [[nodiscard]] bool drop() {
        const std::unique_lock lock(mutex_);
        if (diffs_.empty() || visited_.contains(newest_) || !diffs_.back().revert(state_)) {
            return false;
        }
        --newest_;
        diffs_.pop_back();
        return true;
    }

  private:
    /// Cells that are read under one lock.
    static constexpr std::size_t kBatch = 256;

    /// A key beyond the life of its cell.
    struct Held {
        Key key{};
        [[no_unique_address]] KeyBytes<Key> key_bytes;

        friend bool operator<(const Held& a, const Held& b) noexcept { return a.key < b.key; }
        friend bool operator==(const Held& a, const Held& b) noexcept { return a.key == b.key; }
    };
    /// Keeps a height known.
    class Pin {
      public:
        Pin(const History& history, std::uint64_t height) : history_(history) {
            const std::unique_lock lock(history_.mutex_);
            if (history_.has(height)) {
                place_ = history_.visited_.insert(height);
            }
        }
        Pin(const Pin&) = delete;
        Pin& operator=(const Pin&) = delete;
        ~Pin() {
            if (place_) {
                const std::unique_lock lock(history_.mutex_);
                history_.visited_.erase(*place_);
            }
        }
        [[nodiscard]] bool is_known() const noexcept { return place_.has_value(); }

      private:
        const History& history_;
        std::optional<std::multiset<std::uint64_t>::iterator> place_;
    };

    // REQUIRES of all of these: the lock.
    [[nodiscard]] bool has(std::uint64_t height) const {
        return height <= newest_ && newest_ - height <= diffs_.size();
    }
    /// Index of the diff that made the height above this one.
    [[nodiscard]] std::size_t diff_above(std::uint64_t height) const {
        return diffs_.size() - static_cast<std::size_t>(newest_ - height);
    }
    /// Null: absent. REQUIRES: has(height).
    [[nodiscard]] const Value* value_at(std::uint64_t height, const Key& key) const {
        for (std::size_t i = diff_above(height); i < diffs_.size(); ++i) {
            if (const auto change = diffs_[i].find(key)) {
                return change->before;
            }
        }
        return state_.get(key);
    }
    /// In order: all that were present at a height, and some others. Takes the lock itself.
    [[nodiscard]] std::vector<Held> keys_at(std::uint64_t height) const {
        std::vector<Held> keys;
        const auto hold = [&keys](const Key& key) {
            Held& held = keys.emplace_back();
            held.key = held.key_bytes.keep(key);
        };
        {
            const std::shared_lock lock(mutex_);
            keys.reserve(state_.size());
            state_.for_each_unordered([&](const Key& key, const Value&) { hold(key); });
            for (std::size_t i = diff_above(height); i < diffs_.size(); ++i) {
                diffs_[i].for_each([&](const auto& change) { hold(change.key); });
            }
        }
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        return keys;
    }

    const std::size_t depth_;
    // Guards the rest.
    mutable std::shared_mutex mutex_;
    StateStore<M> state_;
    std::uint64_t newest_;
    std::deque<BlockDiff<M>> diffs_;                ///< the last one made the newest height
    mutable std::multiset<std::uint64_t> visited_;  ///< heights that are being visited
};

}  // namespace lockstep
