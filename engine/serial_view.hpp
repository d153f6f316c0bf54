#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "engine/execution.hpp"
#include "engine/machine.hpp"
#include "engine/state_store.hpp"

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
        Entries entries;
        EventLog events;
    };

    SerialView(const StateStore<M, Sync>& store, const TxnLimits& limits)
        : store_(store), limits_(limits) {}

    [[nodiscard]] const Value* read(const Key& key) {
        if (!consume(1)) {
            return nullptr;
        }
        return peek(key);
    }
    [[nodiscard]] bool exists(const Key& key) { return read(key) != nullptr; }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        const Value* value = read(key);
        return (value != nullptr ? M::number(*value) : 0) >= amount;
    }
    void write(const Key& key, const Value& value) {
        if (consume(1)) {
            entries_[key] = {.change = Change::kWrite, .value = value};
        }
    }
    void erase(const Key& key) {
        if (consume(1)) {
            entries_[key] = {.change = Change::kErase};
        }
    }
    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        if (!consume(1)) {
            return false;
        }
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
        const auto [found, fresh] = entries_.try_emplace(key);
        Entry& entry = found->second;
        if (fresh) {
            entry.change = Change::kAdd;
        }
        if (entry.change == Change::kAdd) {
            Int128 added = 0;
            if (__builtin_add_overflow(entry.added, amount, &added)) {
                return false;
            }
            entry.added = added;
        } else {
            entry.change = Change::kWrite;
        }
        entry.value = value;
        return true;
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) {
        if (consume(1)) {
            events_.append(type, bytes);
        }
    }
    [[nodiscard]] Savepoint savepoint() const { return {entries_, events_}; }
    void rollback(Savepoint savepoint) {
        entries_ = std::move(savepoint.entries);
        events_ = std::move(savepoint.events);
    }
    [[nodiscard]] bool consume(std::uint64_t steps) {
        if (over_budget_ || steps > limits_.steps - steps_) {
            refuse();
            return false;
        }
        steps_ += steps;
        return true;
    }
    [[nodiscard]] bool stopped() const noexcept { return over_budget_; }

    [[nodiscard]] const Entries& entries() const noexcept { return entries_; }
    [[nodiscard]] const EventLog& events() const noexcept { return events_; }

    /// Forgets everything: ready for the next transaction.
    void reset() {
        entries_.clear();
        events_.clear();
        steps_ = 0;
        refused_ = 0;
        over_budget_ = false;
    }

  private:
    const Value* peek(const Key& key) const {
        const auto found = entries_.find(key);
        if (found == entries_.end()) {
            return store_.get(key);
        }
        return found->second.change == Change::kErase ? nullptr : &found->second.value;
    }
    void refuse() {
        over_budget_ = true;
        if (++refused_ > kRefusalsBeforeUnwinding) {
            throw StopExecution{};
        }
    }

    const StateStore<M, Sync>& store_;
    const TxnLimits limits_;
    Entries entries_;
    EventLog events_;
    std::uint64_t steps_ = 0;
    std::uint64_t refused_ = 0;
    bool over_budget_ = false;
};

}  // namespace lockstep
