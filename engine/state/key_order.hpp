#pragma once

#include <tbb/concurrent_map.h>

#include <cstdint>
#include <map>
#include <optional>

#include "engine/state/state_store.hpp"

namespace lockstep {

/// The keys of a state in order, for machines that scan.
///
/// Role:    *indexed* keys are those of the index: present when the block started, or, within a
///          serial block, now. *Fresh* ones were met by the running parallel block; their cells may
///          be absent.
/// Threads: indexed keys change between blocks, or by the one thread of a serial block. Fresh ones
///          may be added by all workers while others walk.
template <class Key>
class KeyOrder {
  public:
    using Indexed = std::map<Key, std::uint32_t>;  ///< to cell numbers
    using Fresh = tbb::concurrent_map<Key, std::uint32_t>;

    void insert(const Key& key, std::uint32_t cell) { indexed_.emplace(key, cell); }
    void erase(const Key& key) { indexed_.erase(key); }
    void insert_fresh(const Key& key, std::uint32_t cell) { fresh_.emplace(key, cell); }
    void clear_fresh() { fresh_.clear(); }

    [[nodiscard]] const Indexed& indexed() const noexcept { return indexed_; }

    struct Item {
        Key key;
        std::uint32_t cell;
        bool fresh;
    };
    /// Walks indexed and fresh keys together, ascending.
    ///
    /// Sees every key that was there when the walk reached its place, and may or may not see one
    /// that another worker adds behind the walker's place while it walks.
    class Walk {
      public:
        Walk(const KeyOrder& order, const Key& from)
            : order_(order),
              indexed_(order.indexed_.lower_bound(from)),
              fresh_(order.fresh_.lower_bound(from)) {}

        [[nodiscard]] std::optional<Item> next() {
            const bool has_indexed = indexed_ != order_.indexed_.end();
            const bool has_fresh = fresh_ != order_.fresh_.end();
            if (has_fresh && (!has_indexed || fresh_->first < indexed_->first)) {
                const Item item{fresh_->first, fresh_->second, true};
                ++fresh_;
                return item;
            }
            if (!has_indexed) {
                return std::nullopt;
            }
            const Item item{indexed_->first, indexed_->second, false};
            ++indexed_;
            return item;
        }
        /// Takes up fresh keys behind `key` that were added since the walk passed it.
        void look_again(const Key& key) { fresh_ = order_.fresh_.upper_bound(key); }

      private:
        const KeyOrder& order_;
        typename Indexed::const_iterator indexed_;
        typename Fresh::const_iterator fresh_;
    };

  private:
    Indexed indexed_;
    Fresh fresh_;
};

}  // namespace lockstep
