#pragma once

#include <cstddef>
#include <mutex>
#include <shared_mutex>
#include <span>

#include "engine/state/backing_store.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// A backing store in memory, for tests and as an example.
///
/// Threads: loads by any; `write` by one, beside them.
template <Machine M>
class MemoryBacking : public BackingStore<M> {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    /// Takes over what a block changed. REQUIRES: all blocks before it are here.
    void write(const BlockDiff<M>& diff) {
        const std::unique_lock lock(mutex_);
        diff.for_each([this](const auto& change) { state_.set(change.key, change.after); });
        state_.release_keys();
    }
    [[nodiscard]] StateBase<M> base() const {
        const std::shared_lock lock(mutex_);
        return {state_.sums(), state_.size()};
    }
    void load_many(std::span<const Key> keys, std::span<Loaded<Value>> answers) noexcept override {
        const std::shared_lock lock(mutex_);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (const Value* value = state_.get(keys[i])) {
                answers[i].load = Load::kFound;
                answers[i].value = *value;
            }
        }
    }

  private:
    mutable std::shared_mutex mutex_;  // guards state_
    StateStore<M> state_;
};

}  // namespace lockstep
