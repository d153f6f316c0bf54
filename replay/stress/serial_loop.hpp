#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/contract/effects.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/contract/step_budget.hpp"
#include "engine/contract/system_transactions.hpp"
#include "engine/state/state_sums.hpp"
#include "replay/stress/flat_state.hpp"

namespace lockstep::bench {

/// The state as the serial loop shows it: changes go straight into the table, a journal undoes
/// them.
template <Machine M>
class InPlaceView {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using State = FlatState<M>;
    using Cell = typename State::Cell;
    using Change = typename State::Change;

    /// What a cell was before a change.
    struct Before {
        Cell* cell;
        Value value;
        Int128 added;
        bool present;
        Change change;
        std::uint32_t journal;
    };
    struct Savepoint {
        std::size_t journal;
        std::size_t event_bytes;
    };

    InPlaceView(State& state, std::vector<std::byte>& events, const TxnLimits& limits)
        : state_(state), events_(events), budget_(limits) {}

    [[nodiscard]] const Value* read(const Key& key) {
        if (!budget_.step()) {
            return nullptr;
        }
        const Cell& cell = state_.cell(key);
        return cell.present ? &cell.value : nullptr;
    }
    [[nodiscard]] bool exists(const Key& key) { return read(key) != nullptr; }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        const Value* value = read(key);
        return !stopped() && (value != nullptr ? M::number(*value) : 0) >= amount;
    }
    void write(const Key& key, const Value& value) {
        if (budget_.step()) {
            Cell& cell = opened(key);
            cell.value = value;
            cell.present = true;
            cell.change = Change::kWrite;
        }
    }
    void erase(const Key& key) {
        if (budget_.step()) {
            Cell& cell = opened(key);
            cell.value = Value{};
            cell.present = false;
            cell.change = Change::kErase;
        }
    }
    [[nodiscard]] Value* change(const Key& key) {
        if (read(key) == nullptr) {
            return nullptr;
        }
        Cell& cell = opened(key);
        cell.change = Change::kWrite;
        return &cell.value;
    }
    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        if (!budget_.step()) {
            return false;
        }
        Cell& seen = state_.cell(key);
        Int128 sum = 0;
        if (__builtin_add_overflow(M::number(seen.value), amount, &sum) || !bounds.contain(sum)) {
            return false;
        }
        if (amount == 0) {
            return true;
        }
        Int128 added = amount;
        if (seen.change == Change::kAdd && __builtin_add_overflow(seen.added, amount, &added)) {
            return false;
        }
        Cell& cell = opened(key);
        M::set_number(cell.value, sum);
        cell.present = true;
        if (cell.change == Change::kNone || cell.change == Change::kAdd) {
            cell.change = Change::kAdd;
            cell.added = added;
        } else {
            cell.change = Change::kWrite;
        }
        return true;
    }
    /// See kScans.
    template <class Visit>
    std::size_t scan(const Key& from, const Key& to, std::size_t limit,
                     Visit&& visit) requires kScans<M> {
        if (!budget_.step() || limit == 0) {
            return 0;
        }
        std::size_t visited = 0;
        const auto& keys = state_.keys();
        for (auto key = keys.lower_bound(from); key != keys.end() && *key < to; ++key) {
            const Cell& cell = state_.cell(*key);
            if (!cell.present) {
                continue;
            }
            if (!budget_.step()) {
                break;
            }
            ++visited;
            if (!visit(*key, cell.value) || visited == limit || stopped()) {
                break;
            }
        }
        return visited;
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) {
        if (budget_.step()) {
            scratch_.clear();
            scratch_.put(type);
            scratch_.put_bytes(bytes);
            const auto encoded = scratch_.bytes();
            events_.insert(events_.end(), encoded.begin(), encoded.end());
        }
    }
    [[nodiscard]] Savepoint savepoint() {
        floor_ = journal_.size();
        return {journal_.size(), events_.size()};
    }
    void rollback(const Savepoint& savepoint) {
        while (journal_.size() > savepoint.journal) {
            Before& before = journal_.back();
            before.cell->value = std::move(before.value);
            before.cell->added = before.added;
            before.cell->present = before.present;
            before.cell->change = before.change;
            before.cell->journal = before.journal;
            journal_.pop_back();
        }
        floor_ = journal_.size();
        events_.resize(savepoint.event_bytes);
    }
    [[nodiscard]] bool consume(std::uint64_t steps) { return budget_.charge(steps); }
    [[nodiscard]] bool stopped() const noexcept { return budget_.stopped(); }
    template <class Name>
    void expect(Name&& name) const {
        name([this](const Key& key) { state_.prefetch(key); });
    }

    [[nodiscard]] std::vector<Before>& journal() noexcept { return journal_; }
    void reset() {
        journal_.clear();
        floor_ = 0;
        budget_.begin();
    }

  private:
    /// The cell of a key, with what it was since the last savepoint in the journal.
    Cell& opened(const Key& key) {
        Cell& cell = state_.cell(key);
        if (cell.change == Change::kNone || cell.journal < floor_) {
            journal_.push_back(
                {&cell, cell.value, cell.added, cell.present, cell.change, cell.journal});
            cell.journal = static_cast<std::uint32_t>(journal_.size() - 1);
        }
        return cell;
    }

    State& state_;
    std::vector<std::byte>& events_;
    StepBudget budget_;
    std::vector<Before> journal_;
    ByteWriter scratch_;
    std::size_t floor_ = 0;
};

/// The serial twin: the best serial loop that we can write. Flat table, changes in place, declared
/// keys prefetched, digests of changed cells once per block. Its results are those of the
/// executors, byte for byte.
///
/// `kDigests` false leaves out effect and state digests: what the state changes alone cost.
template <Machine M, bool kDigests = true>
class SerialLoop {
  public:
    using Transaction = typename M::Transaction;
    using View = InPlaceView<M>;
    using Change = typename View::Change;

    SerialLoop(const M& machine, FlatState<M>& state, TxnLimits limits = {})
        : machine_(machine), state_(state), limits_(limits) {}

    [[nodiscard]] BlockResult execute(const Block<Transaction>& block) {
        ++block_number_;
        changed_.clear();
        BlockResult result;
        result.header = block.header;
        const std::span<const Transaction> transactions =
            transactions_.collect(machine_, state_, block);
        result.system_transactions = transactions_.made();
        result.receipts.reserve(transactions.size());
        state_.make_room(kRoomForPhase);
        View phase(state_, result.events, kPhaseLimits);
        const auto context = machine_.begin_block(phase, block.header, transactions);
        result.begin_effects = finish(phase, kBeginPhaseIndex, Receipt{}, 0, result).effects;

        View view(state_, result.events, limits_);
        std::uint64_t weight_used = 0;
        bool full = false;
        for (std::uint32_t i = 0; i < transactions.size(); ++i) {
            if (i % kPrefetchGroup == 0) {
                prefetch(transactions, i, context);
                state_.make_room(kRoomForGroup);
            }
            const std::size_t events_begin = result.events.size();
            Receipt receipt{.disposition = Disposition::kSkipped};
            if (!full) {
                receipt = attempt(view, transactions[i], context, events_begin, result);
                full = receipt.weight > block.header.weight_limit - weight_used;
                if (full) {
                    receipt = {.disposition = Disposition::kSkipped};
                } else {
                    weight_used += receipt.weight;
                }
            }
            if (receipt.disposition != Disposition::kExecuted) {
                view.rollback({0, events_begin});
            }
            result.receipts.push_back(finish(view, i, receipt, events_begin, result));
        }

        const std::size_t events_begin = result.events.size();
        state_.make_room(kRoomForPhase);
        machine_.end_block(phase, block.header, context);
        result.end_effects = finish(phase, kEndPhaseIndex, Receipt{}, events_begin, result).effects;
        if constexpr (kDigests) {
            fold_state_digest();
            result.state = sums_.total();
            result.modules = sums_.modules();
            chain_.begin(previous_, result);
            chain_.take(result.receipts);
            result.block = chain_.finish(result);
            previous_ = result.block;
        }
        return result;
    }

    /// Takes up the digest of a state that was filled by hand.
    void take_up_state() { sums_ = state_.sums(); }

  private:
    static constexpr std::uint32_t kPrefetchGroup = 16;
    static constexpr std::size_t kRoomForGroup = 16 * 256;
    static constexpr std::size_t kRoomForPhase = 1 << 14;

    static constexpr std::size_t kInsertionSortMax = 32;

    /// A cell as it was before its first change in the block.
    struct Changed {
        typename M::Key key;
        Digest before;  ///< of the value, where it was present
        bool was_present;
    };

    template <class Context>
    void prefetch(std::span<const Transaction> transactions, std::uint32_t from,
                  const Context& context) const {
        const auto sink = [this](const typename M::Key& key, Access) { state_.prefetch(key); };
        if constexpr (kDeclares<M>) {
            // The first group has nobody before it to prefetch for it.
            const std::uint32_t first = from == 0 ? 0 : from + kPrefetchGroup;
            const auto end = std::min<std::size_t>(transactions.size(), from + 2 * kPrefetchGroup);
            for (std::size_t i = first; i < end; ++i) {
                declare_keys(machine_, transactions[i], context, std::as_const(state_), sink);
            }
        }
    }

    template <class Context>
    Receipt attempt(View& view, const Transaction& transaction, const Context& context,
                    std::size_t events_begin, const BlockResult& result) {
        try {
            const auto outcome = machine_.execute(view, transaction, context);
            if (view.stopped()) {
                return faulted(Fault::kStepBudget);
            }
            if (result.events.size() - events_begin > limits_.event_bytes) {
                return faulted(Fault::kOutputLimit);
            }
            return {.status = static_cast<std::uint16_t>(outcome.status), .weight = outcome.weight};
        } catch (...) {
            return faulted(Fault::kThrew);
        }
    }

    /// Digests the effects, notes cells changed for the first time in this block.
    Receipt finish(View& view, std::uint32_t index, Receipt receipt, std::size_t events_begin,
                   const BlockResult& result) {
        auto& journal = view.journal();
        if constexpr (kDigests) {
            effects_.begin(index, receipt.disposition, receipt.status, receipt.weight);
        }
        for (auto& before : journal) {
            auto& cell = *before.cell;
            if (cell.change == Change::kNone) {
                continue;  // a further entry of a cell changed on both sides of a savepoint
            }
            if (cell.change == Change::kAdd && cell.added == 0) {
                cell.value = std::move(before.value);  // additions that cancel out leave no trace
                cell.present = before.present;
            } else if constexpr (kDigests) {
                if (cell.dirty_in_block != block_number_) {
                    cell.dirty_in_block = block_number_;
                    changed_.push_back({cell.key, cell.digest, before.present});
                }
                digest_change(cell);
            }
            cell.change = Change::kNone;
            cell.added = 0;
        }
        if constexpr (kDigests) {
            receipt.effects = effects_.finish(std::span(result.events).subspan(events_begin));
        }
        receipt.events_begin = events_begin;
        receipt.events_end = result.events.size();
        view.reset();
        return receipt;
    }

    void digest_change(typename View::Cell& cell) {
        cell.digested = false;
        if (cell.change == Change::kAdd) {
            effects_.add(cell.key, cell.added);
        } else if (cell.present) {
            effects_.write(FlatState<M>::term(cell, scratch_));
        } else {
            effects_.erase(cell.key);
        }
    }

    void fold_state_digest() {
        constexpr std::size_t kAhead = 16;
        for (std::size_t i = 0; i < changed_.size(); ++i) {
            if (i + kAhead < changed_.size()) {
                state_.prefetch(changed_[i + kAhead].key);
            }
            const Changed& changed = changed_[i];
            if (changed.was_present) {
                sums_.remove(changed.key, changed.before);
            }
            auto& cell = state_.cell(changed.key);
            if (cell.present) {
                sums_.add(cell.key, FlatState<M>::term(cell, scratch_));
            }
        }
    }

    const M& machine_;
    FlatState<M>& state_;
    BlockTransactions<M> transactions_;
    const TxnLimits limits_;
    EffectDigest<M> effects_;
    ByteWriter scratch_;
    std::vector<Changed> changed_;
    BlockDigest chain_;
    StateSums<M> sums_;
    Digest previous_;
    std::uint32_t block_number_ = 0;
};

}  // namespace lockstep::bench
