#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/contract/system_transactions.hpp"
#include "engine/serial/serial_commit.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// Executes blocks one transaction after the other: the specification in code.
///
/// Role:    oracle for every other executor, and the fallback that is always there. No
///          multi-version memory, no threads, no hints.
/// Threads: one.
/// Errors:  a cancelled or failed block leaves state and chained digest as they were.
template <Machine M, class Sync = StdSync>
class SerialExecutor {
    static_assert(MachineCheck<M>::kPasses);

  public:
    using Transaction = typename M::Transaction;
    using Accesses = AccessOptions<typename M::Key>;

    SerialExecutor(const M& machine, StateStore<M, Sync>& store, TxnLimits limits = {})
        : machine_(machine), store_(store), limits_(limits), commit_(store) {}

    /// `diff`: what the block changed, kept or not.
    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block,
                                                     const ExecuteOptions& options = {},
                                                     const Accesses& accesses = {},
                                                     BlockDiff<M>* diff = nullptr) {
        commit_.begin_block();
        std::string reason = "unknown failure";
        try {
            accesses.begin();
            const Digest state = store_.digest();
            BlockResult result = run(block, options, accesses);
            if (diff != nullptr) {
                diff->clear();
                commit_.describe(*diff);
                diff->finish(state, previous_, result);
            }
            if (options.stop.stop_requested() || store_.load_failed()) {
                throw Cancelled{};
            }
            if (options.keep) {
                previous_ = result.block;
            } else {
                commit_.restore();
            }
            return result;
        } catch (const Cancelled&) {
            reason = "cancelled";
        } catch (const std::exception& broken) {
            reason = broken.what();
        } catch (...) {  // a phase may throw anything
        }
        commit_.restore();
        if (store_.load_failed()) {
            reason = store_.load_failure();
        }
        return failure(Error{
            .code = ErrorCode::kEnvironment, .message = reason, .block = block.header.height});
    }

    /// Digest of the last executed block; the chain continues from it.
    [[nodiscard]] const Digest& previous_block_digest() const noexcept { return previous_; }
    void set_previous_block_digest(const Digest& digest) noexcept { previous_ = digest; }

  private:
    struct Cancelled {};

    BlockResult run(const Block<Transaction>& block, const ExecuteOptions& options,
                    const Accesses& accesses) {
        BlockResult result;
        result.header = block.header;
        const std::span<const Transaction> transactions =
            transactions_.collect(machine_, store_, block);
        result.system_transactions = transactions_.made();
        SerialView<M, Sync> view(store_, kPhaseLimits);
        const auto context = machine_.begin_block(view, block.header, transactions);
        result.begin_effects =
            commit_.apply(view, kBeginPhaseIndex, Receipt{}, result.events).effects;

        std::uint64_t weight_used = 0;
        bool full = false;
        SerialView<M, Sync> txn_view(store_, limits_);
        txn_view.note_dependences(accesses.records());
        for (std::uint32_t i = 0; i < transactions.size(); ++i) {
            if (options.stop.stop_requested()) {
                throw Cancelled{};
            }
            Receipt receipt{.disposition = Disposition::kSkipped};
            if (!full) {
                receipt = attempt(txn_view, transactions[i], context);
                full = receipt.weight > block.header.weight_limit - weight_used;
                if (full) {
                    receipt = {.disposition = Disposition::kSkipped};
                } else {
                    weight_used += receipt.weight;
                }
            }
            if (receipt.disposition != Disposition::kExecuted) {
                txn_view.discard_effects();
            }
            if (accesses.records()) {
                const bool skipped = receipt.disposition == Disposition::kSkipped;
                if (skipped) {
                    accesses.take(block.header.height, i, {}, {});
                } else {
                    accesses.take(block.header.height, i, txn_view.accesses(), txn_view.scans());
                }
            }
            result.receipts.push_back(commit_.apply(txn_view, i, receipt, result.events));
            if (options.on_commit) {
                options.on_commit(i, result.receipts.back(),
                                  result.events_of(result.receipts.back()));
            }
        }

        machine_.end_block(view, block.header, context);
        result.end_effects = commit_.apply(view, kEndPhaseIndex, Receipt{}, result.events).effects;
        result.state = store_.digest();
        result.modules = store_.sums().modules();
        result.block = chain_block_digest(previous_, result);
        accesses.finish(block.header.height, transactions.size());
        return result;
    }

    template <class Context>
    Receipt attempt(SerialView<M, Sync>& view, const Transaction& transaction,
                    const Context& context) {
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
        } catch (const std::bad_alloc&) {
            throw;  // the environment's failure, not the transaction's
        } catch (...) {
            receipt = faulted(Fault::kThrew);
        }
        return receipt;
    }

    const M& machine_;
    StateStore<M, Sync>& store_;
    const TxnLimits limits_;
    Digest previous_;
    SerialCommit<M, Sync> commit_;
    BlockTransactions<M> transactions_;
};

}  // namespace lockstep
