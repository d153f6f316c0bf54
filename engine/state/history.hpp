#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "engine/contract/machine.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// The state of the last decided heights, for reads by any thread while a block executes.
///
/// Role:    queries and proofs beside execution. Blocks change cells in place, so the store itself
///          cannot be read meanwhile; this has a copy of the newest height and the diffs behind it.
/// Cost:    the state once more, and `depth` diffs; a read is a look-up of the newest value and one
///          in each diff between. A writer waits for reads that are under way, execution never
///          does.
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
        if (height > newest_ || newest_ - height > diffs_.size()) {
            return Answer::kUnknownHeight;
        }
        const Value* value = state_.get(key);
        for (std::size_t i = diffs_.size() - (newest_ - height); i < diffs_.size(); ++i) {
            if (const auto change = diffs_[i].find(key)) {
                value = change->before;
                break;
            }
        }
        if (value == nullptr) {
            return Answer::kAbsent;
        }
        out = *value;
        return Answer::kFound;
    }

    /// The next height. False, and nothing done, when the diff is not one of the newest state.
    [[nodiscard]] bool add(BlockDiff<M> diff) {
        const std::unique_lock lock(mutex_);
        if (!diff.apply(state_)) {
            return false;
        }
        ++newest_;
        diffs_.push_back(std::move(diff));
        if (diffs_.size() > depth_) {
            diffs_.pop_front();
        }
        return true;
    }
    /// Takes the newest height back. False when it is the oldest as well.
    [[nodiscard]] bool drop() {
        const std::unique_lock lock(mutex_);
        if (diffs_.empty() || !diffs_.back().revert(state_)) {
            return false;
        }
        --newest_;
        diffs_.pop_back();
        return true;
    }

  private:
    const std::size_t depth_;
    // Guards the rest.
    mutable std::shared_mutex mutex_;
    StateStore<M> state_;
    std::uint64_t newest_;
    std::deque<BlockDiff<M>> diffs_;  ///< the last one made the newest height
};

}  // namespace lockstep
