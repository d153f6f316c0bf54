#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/base/chunk_pool.hpp"
#include "engine/base/error.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/contract/machine_call.hpp"
#include "engine/contract/system_transactions.hpp"
#include "engine/in_place/cell_cache.hpp"
#include "engine/in_place/in_place_commit.hpp"
#include "engine/in_place/in_place_view.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// Executes blocks one transaction after the other, as fast as one core can.
///
/// Role:    the serial way of the adaptive mode. Cells change in place, declared keys are fetched
///          ahead, digests of changed cells are folded once per block. SerialExecutor is the
///          specification; this one is compared with it.
/// Threads: one.
/// Errors:  a cancelled or failed block leaves the state as it was.
template <Machine M, class Sync = StdSync>
class InPlaceExecutor {
    static_assert(MachineCheck<M>::kPasses);

  public:
    using Transaction = typename M::Transaction;
    using Store = StateStore<M, Sync>;

    InPlaceExecutor(const M& machine, Store& store, TxnLimits limits = {})
        : machine_(machine),
          store_(store),
          limits_(limits),
          cells_(store),
          phase_(cells_, kPhaseLimits),
          view_(cells_, limits),
          commit_(store, arena_) {}

    /// `diff`: what the block changed, kept or not.
    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block,
                                                     const ExecuteOptions& options = {},
                                                     BlockDiff<M>* diff = nullptr) {
        arena_.reset();
        commit_.begin();
        store_.begin_block();
        cells_.begin_block();
        phase_.reset();
        view_.reset();
        const char* reason = "cancelled";
        try {
            BlockResult result;
            result.header = block.header;
            const Digest state = store_.digest();
            if (run(block, options, result)) {
                finish(result);
                if (diff != nullptr) {
                    diff->take([this](auto&& body) { body(commit_.changed()); });
                    diff->finish(state, previous_, result);
                }
                if (!options.stop.stop_requested() && !store_.load_failed()) {
                    options.keep ? keep(result) : restore();
                    return result;
                }
            }
            restore();
        } catch (const std::exception& broken) {
            restore();
            return failed(broken.what(), block);
        } catch (...) {
            restore();
            reason = "unknown failure";
        }
        return failed(reason, block);
    }

    /// Digest of the last executed block; the chain continues from it.
    void set_previous_block_digest(const Digest& digest) noexcept { previous_ = digest; }

  private:
    using View = InPlaceView<M, Sync>;

    static constexpr std::size_t kGroup = CellCache<M, Sync>::kGroup;

    auto failed(const char* reason, const Block<Transaction>& block) const {
        return failure(Error{.code = ErrorCode::kEnvironment,
                             .message = store_.load_failed() ? store_.load_failure() : reason,
                             .block = block.header.height});
    }

    /// False when the block was cancelled.
    bool run(const Block<Transaction>& block, const ExecuteOptions& options, BlockResult& result) {
        const std::span<const Transaction> transactions =
            transactions_.collect(machine_, store_, block);
        result.system_transactions = transactions_.made();
        result.receipts.reserve(transactions.size());
        const auto context = machine_.begin_block(phase_, block.header, transactions);
        result.begin_effects = finish_phase(kBeginPhaseIndex, result);
        std::uint64_t weight_used = 0;
        bool full = false;
        for (std::uint32_t i = 0; i < transactions.size(); ++i) {
            if (options.stop.stop_requested()) {
                return false;
            }
            if (i % kGroup == 0) {
                fetch_ahead(transactions, i, context);
            }
            cells_.begin_transaction();
            Receipt receipt{.disposition = Disposition::kSkipped};
            if (!full) {
                receipt = call_machine(machine_, view_, transactions[i], context, limits_);
                full = receipt.weight > block.header.weight_limit - weight_used;
                if (full) {
                    receipt = {.disposition = Disposition::kSkipped};
                } else {
                    weight_used += receipt.weight;
                }
            }
            if (receipt.disposition != Disposition::kExecuted) {
                view_.rollback({});
            }
            commit_.apply(view_, i, receipt, result);
            result.receipts.push_back(receipt);
            if (options.on_commit) {
                options.on_commit(i, receipt, result.events_of(receipt));
            }
        }
        machine_.end_block(phase_, block.header, context);
        result.end_effects = finish_phase(kEndPhaseIndex, result);
        return true;
    }

    /// Fetches the cells of the next group, whose keys were declared one group ago, and takes
    /// the keys of the group after it, of which those that are not in memory are loaded.
    template <class Context>
    void fetch_ahead(std::span<const Transaction> transactions, std::size_t at,
                     const Context& context) {
        if constexpr (kDeclares<M>) {
            const auto declare = [&](std::size_t first) {
                const std::size_t last = std::min(transactions.size(), first + kGroup);
                const bool loads = store_.loads();
                declared_.clear();
                for (std::size_t i = first; i < last; ++i) {
                    cells_.prefetch_next([&](auto&& sink) {
                        declare_keys(machine_, transactions[i], context, std::as_const(store_),
                                     [&](const typename M::Key& key, Access) {
                                         sink(key);
                                         if (loads) {
                                             declared_.push_back({key, M::hash(key)});
                                         }
                                     });
                    });
                }
                store_.load_many(declared_);
            };
            if (at == 0) {
                declare(0);
                cells_.advance();
                declare(kGroup);
            }
            cells_.advance();
            declare(at + 2 * kGroup);
        }
    }

    /// Ends a phase; its effect digest.
    [[nodiscard]] Digest finish_phase(std::uint32_t index, BlockResult& result) {
        Receipt receipt;
        commit_.apply(phase_, index, receipt, result);
        return receipt.effects;
    }

    /// Folds the block's changes into the store's sums, and completes the result.
    void finish(BlockResult& result) {
        commit_.fold();
        result.state = store_.digest();
        result.modules = store_.sums().modules();
        chain_.begin(previous_, result);
        chain_.take(result.receipts);
        result.block = chain_.finish(result);
    }
    void keep(const BlockResult& result) {
        previous_ = result.block;
        store_.commit_new_keys();
        commit_.forget_emptied();
    }
    /// Takes back everything that the block has done so far.
    void restore() {
        view_.rollback({});
        phase_.rollback({});
        commit_.restore();
        store_.commit_new_keys();
    }

    const M& machine_;
    Store& store_;
    const TxnLimits limits_;
    CellCache<M, Sync> cells_;
    View phase_;
    View view_;
    ChunkPool memory_{1};
    Arena arena_{memory_, 0};
    InPlaceCommit<M, Sync> commit_;
    BlockTransactions<M> transactions_;
    std::vector<HashedKey<typename M::Key>> declared_;  ///< by a group, where cells are loaded
    BlockDigest chain_;
    Digest previous_;
};

}  // namespace lockstep
