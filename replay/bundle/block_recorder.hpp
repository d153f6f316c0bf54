#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/serial/serial_executor.hpp"
#include "engine/state/state_store.hpp"
#include "replay/bundle/block_details.hpp"

namespace lockstep {

/// A view that notes what passes through it; answers are those of the view behind.
template <class M, class View, class Store>
class RecordingView {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Savepoint = typename View::Savepoint;

    RecordingView(View& view, const Store& store, BlockBasis<M>& basis, ExecutionDetails<M>& out)
        : view_(view), store_(store), basis_(basis), out_(out) {}

    [[nodiscard]] const Value* read(const Key& key) {
        const Value* value = view_.read(key);
        look(LookKind::kRead, key, 0, value != nullptr);
        return value;
    }
    [[nodiscard]] bool exists(const Key& key) {
        const bool answer = view_.exists(key);
        look(LookKind::kExists, key, 0, answer);
        return answer;
    }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        const bool answer = view_.at_least(key, amount);
        look(LookKind::kAtLeast, key, amount, answer);
        return answer;
    }
    void write(const Key& key, const Value& value) {
        touch(key);
        view_.write(key, value);
    }
    void erase(const Key& key) {
        touch(key);
        view_.erase(key);
    }
    [[nodiscard]] Value* change(const Key& key) {
        const bool own = view_.entries().contains(key);
        Value* const value = view_.change(key);
        if (!own) {
            note(LookKind::kRead, key, 0, value != nullptr);
        }
        return value;
    }
    template <class Visit>
    std::size_t scan(const Key& from, const Key& to, std::size_t limit,
                     Visit&& visit) requires kScans<M> {
        const std::size_t index = view_.scans().size();
        const std::size_t visited =
            view_.scan(from, to, limit, [&](const Key& key, const Value& value) {
                look(LookKind::kRead, key, 0, true);
                return visit(key, value);
            });
        if (view_.scans().size() > index && view_.scans()[index].closed) {
            touch(view_.scans()[index].to);  // seen, even where the budget ended before the visit
        }
        return visited;
    }
    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        const bool own = view_.entries().contains(key);
        const bool answer = view_.add(key, amount, bounds);
        if (own) {
            touch(key);
        } else {
            note(LookKind::kAdd, key, amount, answer);
        }
        return answer;
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) { view_.emit(type, bytes); }
    [[nodiscard]] Savepoint savepoint() const { return view_.savepoint(); }
    void rollback(const Savepoint& savepoint) { view_.rollback(savepoint); }
    [[nodiscard]] bool consume(std::uint64_t steps) { return view_.consume(steps); }
    [[nodiscard]] bool stopped() const noexcept { return view_.stopped(); }

  private:
    /// The value before the transaction, which is also noted as the one before the block when
    /// nothing touched the cell yet.
    const Value* touch(const Key& key) {
        const Value* before = store_.get(key);
        basis_.cells.try_emplace(key, before != nullptr ? std::optional(*before) : std::nullopt);
        return before;
    }
    void look(LookKind kind, const Key& key, Int128 amount, bool answer) {
        if (!view_.entries().contains(key)) {
            note(kind, key, amount, answer);
        }
    }
    void note(LookKind kind, const Key& key, Int128 amount, bool answer) {
        const Value* before = touch(key);
        if (seen_.emplace(kind, key, amount).second) {
            out_.looks.push_back(
                {.kind = kind,
                 .key = key,
                 .amount = amount,
                 .answer = answer,
                 .before = before != nullptr ? std::optional(*before) : std::nullopt});
        }
    }

    View& view_;
    const Store& store_;
    BlockBasis<M>& basis_;
    ExecutionDetails<M>& out_;
    std::set<std::tuple<LookKind, Key, Int128>> seen_;
};

/// A machine that behaves as `M` and notes what its views are asked, when it has a place for notes.
template <class M>
class RecordedMachine : public M {
  public:
    using Store = StateStore<RecordedMachine>;
    struct Notes {
        const Store* store = nullptr;
        BlockBasis<M> basis;
        BlockDetails<M> details;
    };

    explicit RecordedMachine(const M& machine) : M(machine) {}
    /// Null: nothing is noted. The notes outlive the executions.
    void record_to(Notes* notes) noexcept { notes_ = notes; }

    template <class State, class Sink>
    void system_transactions(const BlockHeader& header, const State& state, Sink&& sink) const {
        if constexpr (kMakesTransactions<M>) {
            const M& machine = *this;
            machine.system_transactions(header, NotedState<State>{state, notes_}, sink);
        }
    }
    template <class View>
    [[nodiscard]] auto begin_block(View& view, const BlockHeader& header,
                                   std::span<const typename M::Transaction> transactions) const {
        const M& machine = *this;
        return noted(view, begin_notes(), [&machine, &header, transactions](auto& used) {
            return machine.begin_block(used, header, transactions);
        });
    }
    template <class View>
    [[nodiscard]] auto execute(View& view, const typename M::Transaction& transaction,
                               const typename M::Context& context) const {
        const M& machine = *this;
        return noted(view, transaction_notes(), [&machine, &transaction, &context](auto& used) {
            return machine.execute(used, transaction, context);
        });
    }
    template <class View>
    void end_block(View& view, const BlockHeader& header,
                   const typename M::Context& context) const {
        const M& machine = *this;
        noted(view, end_notes(), [&machine, &header, &context](auto& used) {
            machine.end_block(used, header, context);
            return 0;
        });
    }

  private:
    /// Notes the cells that system transactions follow from.
    template <class State>
    struct NotedState {
        const State& state;
        Notes* notes;

        [[nodiscard]] const typename M::Value* get(const typename M::Key& key) const {
            const typename M::Value* value = state.get(key);
            if (notes != nullptr) {
                notes->basis.cells.try_emplace(
                    key, value != nullptr ? std::optional(*value) : std::nullopt);
            }
            return value;
        }
    };

    ExecutionDetails<M>* begin_notes() const {
        return notes_ != nullptr ? &notes_->details.begin : nullptr;
    }
    ExecutionDetails<M>* transaction_notes() const {
        return notes_ != nullptr ? &notes_->details.transactions.emplace_back() : nullptr;
    }
    ExecutionDetails<M>* end_notes() const {
        return notes_ != nullptr ? &notes_->details.end : nullptr;
    }
    template <class View, class Body>
    auto noted(View& view, ExecutionDetails<M>* out, Body&& body) const {
        if (out == nullptr) {
            return body(view);
        }
        RecordingView<M, View, Store> used(view, *notes_->store, notes_->basis, *out);
        auto answer = body(used);
        for (const auto& [key, entry] : view.entries()) {
            note_change(*out, key, entry);
        }
        const std::span<const std::byte> events = view.events().encoded();
        out->events.assign(events.begin(), events.end());
        return answer;
    }
    template <class Entry>
    static void note_change(ExecutionDetails<M>& out, const typename M::Key& key,
                            const Entry& entry) {
        using Kind = decltype(entry.change);
        if (entry.change == Kind::kErase) {
            out.changes.push_back({.kind = ChangeKind::kErase, .key = key, .after = {}});
        } else if (entry.change == Kind::kWrite) {
            out.changes.push_back({.kind = ChangeKind::kWrite, .key = key, .after = entry.value});
        } else if (entry.added != 0) {
            out.changes.push_back({.kind = ChangeKind::kAdd,
                                   .key = key,
                                   .amount = entry.added,
                                   .after = entry.value});
        }
    }

    Notes* notes_ = nullptr;
};

/// Executes blocks serially and tells of any of them everything that it took and gave.
///
/// Role:    shows a divergence: one side's reads, writes, additions and events; makes bundles.
/// Threads: one.
/// Cost:    execute: the serial executor's; record: several times that.
template <class M>
class BlockRecorder {
  public:
    using Machine = RecordedMachine<M>;
    using Store = typename Machine::Store;
    using Transaction = typename M::Transaction;
    struct Recording {
        BlockResult result;
        BlockBasis<M> basis;
        BlockDetails<M> details;
    };

    explicit BlockRecorder(const M& machine, const TxnLimits& limits = {})
        : machine_(machine), executor_(machine_, store_, limits) {}
    BlockRecorder(const BlockRecorder&) = delete;
    BlockRecorder& operator=(const BlockRecorder&) = delete;

    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block) {
        return executor_.execute(block);
    }
    [[nodiscard]] Result<Recording, Error> record(const Block<Transaction>& block) {
        typename Machine::Notes notes;
        notes.store = &store_;
        notes.basis.previous_block = executor_.previous_block_digest();
        notes.basis.state = store_.digest();
        notes.basis.modules = store_.sums().modules();
        machine_.record_to(&notes);
        auto result = executor_.execute(block);
        machine_.record_to(nullptr);
        if (!result) {
            return failure(std::move(result.error()));
        }
        complete(*result, notes.details);
        return Recording{.result = std::move(*result),
                         .basis = std::move(notes.basis),
                         .details = std::move(notes.details)};
    }

    /// The state; may be set up before the first block.
    [[nodiscard]] Store& store() noexcept { return store_; }
    void set_previous_block_digest(const Digest& digest) noexcept {
        executor_.set_previous_block_digest(digest);
    }

  private:
    /// Adds what the receipts say; what did not execute has no effects.
    static void complete(const BlockResult& result, BlockDetails<M>& details) {
        details.transactions.resize(result.receipts.size());
        for (std::size_t i = 0; i < result.receipts.size(); ++i) {
            const Receipt& receipt = result.receipts[i];
            ExecutionDetails<M>& out = details.transactions[i];
            out.disposition = receipt.disposition;
            out.status = receipt.status;
            out.weight = receipt.weight;
            if (receipt.disposition != Disposition::kExecuted) {
                out.changes.clear();
                out.events.clear();
            }
        }
    }

    Machine machine_;
    Store store_;
    SerialExecutor<Machine> executor_;
};

}  // namespace lockstep
