#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/contract/access_list.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// The state as serial code sees it: the changes of one transaction or phase over the store.
///
/// Plain on purpose: this is the meaning that every other view must reproduce.
template <Machine M, class Sync = StdSync>
class SerialView {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    enum class Change : std::uint8_t { kWrite, kErase, kAdd };
    struct Entry {
        Change change = Change::kWrite;
        Value value{};     ///< kWrite: the new value; kAdd: the value with the additions
        Int128 added = 0;  ///< kAdd: sum of the additions
    };
    using Entries = std::map<Key, Entry>;
    struct Savepoint {
        std::size_t changes = 0;  ///< length of the journal
        std::size_t event_bytes = 0;
    };

    SerialView(const StateStore<M, Sync>& store, const TxnLimits& limits)
        : store_(store), limits_(limits) {}

    [[nodiscard]] const Value* read(const Key& key) {
        if (!consume(1)) {
            return nullptr;
        }
        record(key, Dependence::kValue);
        return peek(key);
    }
    [[nodiscard]] bool exists(const Key& key) {
        if (!consume(1)) {
            return false;
        }
        record(key, Dependence::kPredicate);
        return peek(key) != nullptr;
    }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        if (!consume(1)) {
            return false;
        }
        record(key, Dependence::kPredicate);
        const Value* value = peek(key);
        return (value != nullptr ? M::number(*value) : 0) >= amount;
    }
    void write(const Key& key, const Value& value) {
        if (consume(1)) {
            Entry& entry = opened(key);
            entry.change = Change::kWrite;
            entry.value = value;
        }
    }
    void erase(const Key& key) {
        if (consume(1)) {
            opened(key) = {.change = Change::kErase};
        }
    }
    [[nodiscard]] Value* change(const Key& key) {
        if (!consume(1)) {
            return nullptr;
        }
        record(key, Dependence::kValue);
        const Value* current = peek(key);
        if (current == nullptr) {
            return nullptr;
        }
        Entry& entry = opened(key);
        entry.change = Change::kWrite;
        if (current != &entry.value) {
            entry.value = *current;  // as it is in the store
        }
        return &entry.value;
    }
    /// See kScans.
    template <class Visit>
    std::size_t scan(const Key& from, const Key& to, std::size_t limit,
                     Visit&& visit) requires kScans<M> {
        if (!consume(1) || limit == 0 || !(from < to)) {
            return 0;
        }
        const std::size_t scan = scans_.size();
        scans_.push_back({.from = from, .to = to});
        std::size_t visited = 0;
        const auto end_at = [&](const Key& key) {
            scans_[scan].to = key;
            scans_[scan].closed = true;
        };
        for (std::optional<Key> key = present_from(from, to, false); key;
             key = present_from(*key, to, true)) {
            record(*key, Dependence::kValue);
            if (!consume(1)) {
                end_at(*key);
                break;
            }
            ++visited;
            if (!visit(*key, *peek(*key)) || visited == limit || stopped()) {
                end_at(*key);
                break;
            }
        }
        return visited;
    }
    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        if (!consume(1)) {
            return false;
        }
        record(key, Dependence::kPredicate);
        const Value* current = peek(key);
        Value value = current != nullptr ? *current : Value{};
        Int128 sum = 0;
        if (__builtin_add_overflow(M::number(value), amount, &sum) || !bounds.contain(sum)) {
            return false;
        }
        if (amount == 0) {
            return true;
        }
        M::set_number(value, sum);
        const auto own = entries_.find(key);
        if (own != entries_.end() && own->second.change != Change::kAdd) {
            opened(key) = {.change = Change::kWrite, .value = value};
            return true;
        }
        Int128 added = own != entries_.end() ? own->second.added : 0;
        if (__builtin_add_overflow(added, amount, &added)) {
            return false;
        }
        opened(key) = {.change = Change::kAdd, .value = value, .added = added};
        return true;
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) {
        if (consume(1)) {
            events_.append(type, bytes);
        }
    }
    [[nodiscard]] Savepoint savepoint() noexcept {
        journals_ = true;
        return {journal_.size(), events_.size()};
    }
    void rollback(const Savepoint& savepoint) {
        for (; journal_.size() > savepoint.changes; journal_.pop_back()) {
            Undo& undo = journal_.back();
            if (undo.before) {
                entries_[undo.key] = std::move(*undo.before);
            } else {
                entries_.erase(undo.key);
            }
        }
        events_.truncate(savepoint.event_bytes);
    }
    [[nodiscard]] bool consume(std::uint64_t steps) noexcept {
        over_budget_ = over_budget_ || steps > limits_.steps - steps_;
        if (!over_budget_) {
            steps_ += steps;
        }
        return !over_budget_;
    }
    [[nodiscard]] bool stopped() const noexcept { return over_budget_; }

    [[nodiscard]] const Entries& entries() const noexcept { return entries_; }
    [[nodiscard]] const EventLog& events() const noexcept { return events_; }

    /// Whether to record what the answers depended on, for accesses().
    void note_dependences(bool wanted) noexcept { notes_dependences_ = wanted; }
    /// The access list of the transaction, ascending by key.
    /// Call once per transaction.
    [[nodiscard]] const std::vector<CellAccess<Key>>& accesses() {
        for (const auto& [key, entry] : entries_) {
            if (entry.change != Change::kAdd || entry.added != 0) {
                accesses_.push_back(
                    {.key = key,
                     .effect = entry.change == Change::kAdd ? Effect::kAdd : Effect::kWrite});
            }
        }
        std::sort(accesses_.begin(), accesses_.end(),
                  [](const auto& left, const auto& right) { return left.key < right.key; });
        std::size_t kept = 0;
        for (const CellAccess<Key>& access : accesses_) {
            if (kept == 0 || !(accesses_[kept - 1].key == access.key)) {
                accesses_[kept++] = access;
            } else {
                CellAccess<Key>& merged = accesses_[kept - 1];
                merged.dependence = std::max(merged.dependence, access.dependence);
                merged.effect = std::max(merged.effect, access.effect);
            }
        }
        accesses_.resize(kept);
        return accesses_;
    }
    /// What the transaction scanned, in order.
    [[nodiscard]] const std::vector<KeyRange<Key>>& scans() const noexcept { return scans_; }
    /// Undoes all changes and events, keeps what the answers depended on: no effects.
    void discard_effects() {
        entries_.clear();
        journal_.clear();
        events_.clear();
    }
    /// Forgets everything: ready for the next transaction.
    void reset() {
        discard_effects();
        accesses_.clear();
        scans_.clear();
        journals_ = false;
        steps_ = 0;
        over_budget_ = false;
    }

  private:
    /// The entry of a key before a change; none when there was none.
    struct Undo {
        Key key{};
        std::optional<Entry> before;
    };

    const Value* peek(const Key& key) const {
        const auto found = entries_.find(key);
        if (found == entries_.end()) {
            return store_.get(key);
        }
        return found->second.change == Change::kErase ? nullptr : &found->second.value;
    }
    /// The entry of a key, to be set; a rollback returns to what it was.
    [[nodiscard]] Entry& opened(const Key& key) {
        const auto [found, fresh] = entries_.try_emplace(key);
        if (journals_) {
            journal_.push_back({key, fresh ? std::nullopt : std::optional(found->second)});
        }
        return found->second;
    }
    /// The lowest present key in [from, to), or behind `from`.
    [[nodiscard]] std::optional<Key> present_from(const Key& from, const Key& to,
                                                  bool behind) const requires kScans<M> {
        const auto& keys = store_.keys().indexed();
        auto stored = behind ? keys.upper_bound(from) : keys.lower_bound(from);
        auto own = behind ? entries_.upper_bound(from) : entries_.lower_bound(from);
        for (;;) {
            const bool has_stored = stored != keys.end() && stored->first < to;
            const bool has_own = own != entries_.end() && own->first < to;
            if (has_own && (!has_stored || !(stored->first < own->first))) {
                if (has_stored && stored->first == own->first) {
                    ++stored;  // hidden by the change
                }
                if (own->second.change != Change::kErase) {
                    return own->first;
                }
                ++own;
            } else if (has_stored) {
                return stored->first;
            } else {
                return std::nullopt;
            }
        }
    }
    /// A cell that the transaction itself has written answers from there.
    void record(const Key& key, Dependence dependence) {
        if (!notes_dependences_) {
            return;
        }
        const auto own = entries_.find(key);
        if (own == entries_.end() || own->second.change == Change::kAdd) {
            accesses_.push_back({.key = key, .dependence = dependence});
        }
    }

    const StateStore<M, Sync>& store_;
    const TxnLimits limits_;
    Entries entries_;
    EventLog events_;
    std::vector<Undo> journal_;  ///< the changes since the first savepoint, in order
    bool journals_ = false;
    bool notes_dependences_ = false;
    std::vector<CellAccess<Key>> accesses_;  ///< dependences as they were asked for
    std::vector<KeyRange<Key>> scans_;
    std::uint64_t steps_ = 0;
    bool over_budget_ = false;
};

}  // namespace lockstep
