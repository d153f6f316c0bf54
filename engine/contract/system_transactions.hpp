#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep {

/// The transactions of a block as executors run them: first those that the machine makes of the
/// state before the block, then those that the block has.
///
/// Role:    executors ask it once a block, before the begin-of-block phase; all of them, so that
///          plans, receipts, digests and weights see one list. Costs nothing where the machine
///          makes none, or where none are due.
/// Threads: one. The state is that behind the block before; nothing may change it meanwhile.
/// Errors:  what the machine throws, which fails the block.
template <Machine M>
class BlockTransactions {
  public:
    using Transaction = typename M::Transaction;

    /// The list, valid until the next call and as long as `block` is.
    template <class State>
    [[nodiscard]] std::span<const Transaction> collect(const M& machine, const State& state,
                                                       const Block<Transaction>& block) {
        made_ = 0;
        if constexpr (kMakesTransactions<M>) {
            all_.clear();
            machine.system_transactions(block.header, state, [this](Transaction transaction) {
                all_.push_back(std::move(transaction));
            });
            made_ = all_.size();
            if (made_ != 0) {
                all_.insert(all_.end(), block.transactions.begin(), block.transactions.end());
                return all_;
            }
        }
        return block.transactions;
    }
    /// How many of them the machine has made.
    [[nodiscard]] std::size_t made() const noexcept { return made_; }

  private:
    std::vector<Transaction> all_;
    std::size_t made_ = 0;
};

}  // namespace lockstep
