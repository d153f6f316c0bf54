#pragma once

#include <exception>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/effects.hpp"
#include "engine/execution.hpp"
#include "engine/machine.hpp"
#include "engine/state_store.hpp"

namespace lockstep {

/// The state as the serial executor shows it: the transaction's own changes over the store.
///
/// Plain on purpose: this is the meaning that every other view must reproduce.
template <Machine M>
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

    SerialView(const StateStore<M>& store, const TxnLimits& limits)
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

    const StateStore<M>& store_;
    const TxnLimits limits_;
    Entries entries_;
    EventLog events_;
    std::uint64_t steps_ = 0;
    std::uint64_t refused_ = 0;
    bool over_budget_ = false;
};

/// Executes blocks one transaction after the other: the specification in code.
///
/// Role:    oracle for every other executor, and the fallback that is always there. No
/// multi-version
///          memory, no threads, no hints.
/// Threads: one.
/// Errors:  a cancelled or failed block leaves state and chained digest as they were.
template <Machine M>
class SerialExecutor {
  public:
    using Transaction = typename M::Transaction;

    SerialExecutor(const M& machine, StateStore<M>& store, TxnLimits limits = {})
        : machine_(machine), store_(store), limits_(limits) {}

    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block,
                                                     const ExecuteOptions& options = {}) {
        before_.clear();
        try {
            BlockResult result = run(block, options);
            previous_ = result.block;
            return result;
        } catch (const Cancelled&) {
            restore();
            return failure(Error{.code = ErrorCode::kEnvironment,
                                 .message = "cancelled",
                                 .block = block.header.height});
        } catch (const std::exception& broken) {
            restore();
            return failure(Error{.code = ErrorCode::kEnvironment,
                                 .message = broken.what(),
                                 .block = block.header.height});
        }
    }

    /// Digest of the last executed block; the chain continues from it.
    [[nodiscard]] const Digest& previous_block_digest() const noexcept { return previous_; }
    void set_previous_block_digest(const Digest& digest) noexcept { previous_ = digest; }

  private:
    struct Cancelled {};

    BlockResult run(const Block<Transaction>& block, const ExecuteOptions& options) {
        BlockResult result;
        result.header = block.header;
        SerialView<M> view(store_, kPhaseLimits);
        const auto context = machine_.begin_block(view, block.header,
                                                  std::span<const Transaction>(block.transactions));
        result.begin_effects = finish(view, kBeginPhaseIndex, Receipt{}, result).effects;

        std::uint64_t weight_used = 0;
        bool full = false;
        SerialView<M> txn_view(store_, limits_);
        for (std::uint32_t i = 0; i < block.transactions.size(); ++i) {
            if (options.stop.stop_requested()) {
                throw Cancelled{};
            }
            Receipt receipt{.disposition = Disposition::kSkipped};
            if (!full) {
                receipt = attempt(txn_view, block.transactions[i], context);
                full = receipt.weight > block.header.weight_limit - weight_used;
                if (full) {
                    receipt = {.disposition = Disposition::kSkipped};
                } else {
                    weight_used += receipt.weight;
                }
            }
            if (receipt.disposition != Disposition::kExecuted) {
                txn_view.reset();  // no effects
            }
            result.receipts.push_back(finish(txn_view, i, receipt, result));
            if (options.on_commit) {
                options.on_commit(i, result.receipts.back(),
                                  result.events_of(result.receipts.back()));
            }
        }

        machine_.end_block(view, block.header, context);
        result.end_effects = finish(view, kEndPhaseIndex, Receipt{}, result).effects;
        result.state = store_.digest();
        result.block = chain_block_digest(previous_, result);
        return result;
    }

    template <class Context>
    Receipt attempt(SerialView<M>& view, const Transaction& transaction, const Context& context) {
        Receipt receipt;
        try {
            const auto outcome = machine_.execute(view, transaction, context);
            receipt.status = static_cast<std::uint16_t>(outcome.status);
            receipt.weight = outcome.weight;
            if (view.stopped()) {
                receipt = faulted(Fault::kStepBudget);
            } else if (view.events().size() > limits_.event_bytes) {
                receipt = faulted(Fault::kOutputLimit);
            }
        } catch (const StopExecution&) {
            receipt = faulted(Fault::kStepBudget);
        } catch (const std::bad_alloc&) {
            throw;  // the environment's failure, not the transaction's
        } catch (...) {
            receipt = faulted(Fault::kThrew);
        }
        return receipt;
    }

    /// Applies the view's changes to the store, completes the receipt, empties the view.
    Receipt finish(SerialView<M>& view, std::uint32_t index, Receipt receipt, BlockResult& result) {
        using Change = typename SerialView<M>::Change;
        effects_.begin(index, receipt.disposition, receipt.status, receipt.weight);
        for (const auto& [key, entry] : view.entries()) {
            if (entry.change == Change::kAdd) {
                if (entry.added == 0) {
                    continue;  // additions that cancel out leave no trace
                }
                effects_.add(key, entry.added);
            } else {
                effects_.write(key, entry.change == Change::kWrite ? &entry.value : nullptr);
            }
            remember(key);
            store_.set(key, entry.change == Change::kErase ? nullptr : &entry.value);
        }
        const std::span<const std::byte> events = view.events().encoded();
        receipt.effects = effects_.finish(events);
        receipt.events_begin = result.events.size();
        result.events.insert(result.events.end(), events.begin(), events.end());
        receipt.events_end = result.events.size();
        view.reset();
        return receipt;
    }

    void remember(const typename M::Key& key) {
        if (!before_.contains(key)) {
            const typename M::Value* value = store_.get(key);
            before_.emplace(key, value != nullptr ? std::optional(*value) : std::nullopt);
        }
    }
    void restore() {
        for (const auto& [key, value] : before_) {
            store_.set(key, value ? &*value : nullptr);
        }
        before_.clear();
    }

    const M& machine_;
    StateStore<M>& store_;
    const TxnLimits limits_;
    Digest previous_;
    EffectDigest<M> effects_;
    std::map<typename M::Key, std::optional<typename M::Value>> before_;
};

}  // namespace lockstep
