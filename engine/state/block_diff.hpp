#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/changed_cells.hpp"
#include "engine/state/key_bytes.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// What a block changed: every key whose value differs from before, once, phases included.
///
/// Role:    made by an executor on request; to be written to a database, undone, applied elsewhere.
///          It owns its keys and values, and outlives executor and state.
/// Order:   ascending by key, whichever executor made it.
/// Threads: one that changes it, or any number that read it.
template <Machine M>
class BlockDiff {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    struct Change {
        const Key& key;
        const Value* before;  ///< null: absent
        const Value* after;   ///< null: absent
    };

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] Change operator[](std::size_t i) const noexcept {
        const Entry& entry = entries_[i];
        return {entry.key, entry.before ? &*entry.before : nullptr,
                entry.after ? &*entry.after : nullptr};
    }
    /// Calls `visit(change)` for each.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::size_t i = 0; i < size(); ++i) {
            visit((*this)[i]);
        }
    }
    /// The change of a key, none when the block left its value as it was.
    [[nodiscard]] std::optional<Change> find(const Key& key) const noexcept {
        const auto at =
            std::lower_bound(entries_.begin(), entries_.end(), key,
                             [](const Entry& entry, const Key& k) { return entry.key < k; });
        if (at == entries_.end() || !(at->key == key)) {
            return std::nullopt;
        }
        return (*this)[static_cast<std::size_t>(at - entries_.begin())];
    }

    /// Digests of the state and of the chain of blocks, before and after the block.
    [[nodiscard]] const Digest& state_before() const noexcept { return state_before_; }
    [[nodiscard]] const Digest& state_after() const noexcept { return state_after_; }
    [[nodiscard]] const Digest& block_before() const noexcept { return block_before_; }
    [[nodiscard]] const Digest& block_after() const noexcept { return block_after_; }

    /// Turns the state after the block into that before it, in time proportional to what changed.
    /// False, and nothing done, when it is not the state after the block. The executor has to be
    /// told as well: set_previous_block_digest(block_before()).
    template <class Sync>
    [[nodiscard]] bool revert(StateStore<M, Sync>& store) const {
        return turn(store, state_after_, &Change::before);
    }
    /// Turns the state before the block into that after it; otherwise as revert.
    template <class Sync>
    [[nodiscard]] bool apply(StateStore<M, Sync>& store) const {
        return turn(store, state_before_, &Change::after);
    }

    // ---- of executors ---------------------------------------------------------------------------

    /// Takes the changes of all parts of a block. `for_each_part(body)` calls `body(changed)` for
    /// each part in its order: a cell counts in the first one that changed it.
    template <class ForEachPart>
    void take(ForEachPart&& for_each_part) {
        const auto unmark = [](auto& part) {
            part.for_each([](const auto& change) { change.cell().journal = kNoChange; });
        };
        clear();
        try {
            for_each_part([this](auto& part) { this->add(part); });
        } catch (...) {
            for_each_part(unmark);
            throw;
        }
        for_each_part(unmark);
    }
    void clear() noexcept { entries_.clear(); }
    /// One change; none when both values are equal.
    void add(const Key& key, const Value* before, const Value* after) {
        if (before == nullptr ? after == nullptr : after != nullptr && *before == *after) {
            return;
        }
        Entry& entry = entries_.emplace_back();
        entry.key = entry.key_bytes.keep(key);
        if (before != nullptr) {
            entry.before.emplace(*before);
        }
        if (after != nullptr) {
            entry.after.emplace(*after);
        }
    }
    void finish(const Digest& state_before, const Digest& block_before, const BlockResult& result) {
        std::sort(entries_.begin(), entries_.end(),
                  [](const Entry& a, const Entry& b) { return a.key < b.key; });
        state_before_ = state_before;
        block_before_ = block_before;
        state_after_ = result.state;
        block_after_ = result.block;
    }

  private:
    /// Gives every key one of its values, in a state that has a digest.
    template <class Sync>
    [[nodiscard]] bool turn(StateStore<M, Sync>& store, const Digest& from,
                            const Value* Change::*value) const {
        if (store.digest() != from) {
            return false;
        }
        for_each([&](const Change& change) { store.set(change.key, change.*value); });
        store.release_keys();
        return true;
    }
    /// Marks the cells that it has seen.
    template <class Sync>
    void add(ChangedCells<M, Sync>& changed) {
        entries_.reserve(entries_.size() + changed.size());
        changed.for_each([this](const auto& change) {
            auto& cell = change.cell();
            if (std::exchange(cell.journal, 0) == kNoChange) {
                this->add(cell.key, change.before(), cell.get());
            }
        });
    }

    struct Entry {
        Key key{};
        [[no_unique_address]] KeyBytes<Key> key_bytes;  ///< what `key` points to
        std::optional<Value> before;
        std::optional<Value> after;
    };

    std::vector<Entry> entries_;
    Digest state_before_;
    Digest state_after_;
    Digest block_before_;
    Digest block_after_;
};

}  // namespace lockstep
