#pragma once

#include <tbb/concurrent_map.h>

#include <cstdint>
#include <map>
#include <optional>

#include "engine/state/state_store.hpp"

namespace lockstep {

/// The keys of a state in order, for machines that scan.
///
/// Role:    *settled* keys are those of the index: present when the block started, or, within a
///          serial block, now. *Fresh* ones were met by the running parallel block; their cells may
///          be absent.
/// Threads: settled keys change between blocks, or by the one thread of a serial block. Fresh ones
///          may be added by all workers while others walk.
template <class Key>
class KeyOrder {
  public:
    using Settled = std::map<Key, std::uint32_t>;  ///< to cell numbers
    using Fresh = tbb::concurrent_map<Key, std::uint32_t>;

    void insert(const Key& key, std::uint32_t cell) { settled_.emplace(key, cell); }
    void erase(const Key& key) { settled_.erase(key); }
    void insert_fresh(const Key& key, std::uint32_t cell) { fresh_.emplace(key, cell); }
    void clear_fresh() { fresh_.clear(); }

    [[nodiscard]] const Settled& settled() const noexcept { return settled_; }

    struct Item {
        Key key;
        std::uint32_t cell;
        bool fresh;
    };
    /// Walks settled and fresh keys together, ascending.
    ///
    /// Sees every key that was there when the walk reached its place, and may or may not see one
    /// that another worker adds behind the walker's place while it walks.
    class Walk {
      public:
        Walk(const KeyOrder& order, const Key& from)
            : order_(order),
              settled_(order.settled_.lower_bound(from)),
              fresh_(order.fresh_.lower_bound(from)) {}

        [[nodiscard]] std::optional<Item> next() {
            const bool has_settled = settled_ != order_.settled_.end();
            const bool has_fresh = fresh_ != order_.fresh_.end();
            if (has_fresh && (!has_settled || fresh_->first < settled_->first)) {
                const Item item{fresh_->first, fresh_->second, true};
                ++fresh_;
                return item;
            }
            if (!has_settled) {
                return std::nullopt;
            }
            const Item item{settled_->first, settled_->second, false};
            ++settled_;
            return item;
        }
        /// Takes up fresh keys behind `key` that were added since the walk passed it.
        void look_again(const Key& key) { fresh_ = order_.fresh_.upper_bound(key); }

      private:
        const KeyOrder& order_;
        typename Settled::const_iterator settled_;
        typename Fresh::const_iterator fresh_;
    };

  private:
    Settled settled_;
    Fresh fresh_;
};

}  // namespace lockstep
