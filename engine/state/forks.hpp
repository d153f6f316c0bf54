#pragma once

#include <map>
#include <utility>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// Blocks that stand on a decided one and are not decided themselves: siblings, and chains of them.
///
/// Role:    a chain with fork choice, or one that executes ahead of its decisions, keeps the diff
/// of
///          each undecided block here. The store always has the state of one of them, the tip, on
///          which the executor goes on; moving to another costs what the blocks between changed.
/// Names:   a block is known by its digest in the chain (BlockResult::block); the executor needs
///          that of the tip after each move: set_previous_block_digest(tip()).
/// Threads: one, between blocks.
///
///         root ── A ── B        move_to(C): B and A are reverted, C is applied
///            └─── C             decide(A): C is forgotten, A becomes the root
template <Machine M, class Sync = StdSync>
class Forks {
  public:
    /// `root`: digest of the decided block whose state the store has.
    Forks(StateStore<M, Sync>& store, const Digest& root)
        : store_(store), root_(root), tip_(root) {}

    [[nodiscard]] const Digest& root() const noexcept { return root_; }
    [[nodiscard]] const Digest& tip() const noexcept { return tip_; }
    [[nodiscard]] bool knows(const Digest& block) const {
        return block == root_ || blocks_.contains(block);
    }
    /// Undecided blocks.
    [[nodiscard]] std::size_t size() const noexcept { return blocks_.size(); }

    /// Takes the diff of a block that was executed on the tip and kept: the new tip. False when it
    /// stands on another block, or is known already.
    [[nodiscard]] bool add(BlockDiff<M> diff) {
        if (diff.block_before() != tip_ || knows(diff.block_after()) ||
            diff.state_after() != store_.digest()) {
            return false;
        }
        tip_ = diff.block_after();
        blocks_.emplace(tip_, std::move(diff));
        return true;
    }
    /// Gives the store the state of a block, which becomes the tip. False when it is unknown.
    [[nodiscard]] bool move_to(const Digest& block) {
        if (!knows(block)) {
            return false;
        }
        const std::vector<const BlockDiff<M>*> up = path_to(block);
        std::vector<const BlockDiff<M>*> down = path_to(tip_);
        std::size_t common = 0;
        while (common < up.size() && common < down.size() && up[common] == down[common]) {
            ++common;
        }
        bool fits = true;
        for (std::size_t i = down.size(); fits && i > common; --i) {
            fits = down[i - 1]->revert(store_);
            tip_ = fits ? down[i - 1]->block_before() : tip_;
        }
        for (std::size_t i = common; fits && i < up.size(); ++i) {
            fits = up[i]->apply(store_);
            tip_ = fits ? up[i]->block_after() : tip_;
        }
        return fits;
    }
    /// Makes a block the root, and forgets all that do not stand on it. Where the tip is one of
    /// those, the store moves to the block first. False when it is unknown.
    [[nodiscard]] bool decide(const Digest& block) {
        if (!knows(block) || (!stands_on(tip_, block) && !move_to(block))) {
            return false;
        }
        std::vector<Digest> gone;
        for (const auto& [name, diff] : blocks_) {
            if (name == block || !stands_on(name, block)) {
                gone.push_back(name);
            }
        }
        for (const Digest& name : gone) {
            blocks_.erase(name);
        }
        root_ = block;
        return true;
    }

  private:
    /// The diffs from the root to a known block.
    [[nodiscard]] std::vector<const BlockDiff<M>*> path_to(const Digest& block) const {
        std::vector<const BlockDiff<M>*> path;
        for (auto at = blocks_.find(block); at != blocks_.end();
             at = blocks_.find(at->second.block_before())) {
            path.push_back(&at->second);
        }
        return {path.rbegin(), path.rend()};
    }
    [[nodiscard]] bool stands_on(const Digest& block, const Digest& below) const {
        Digest at = block;
        for (auto entry = blocks_.find(at); at != below && entry != blocks_.end();
             entry = blocks_.find(at)) {
            at = entry->second.block_before();
        }
        return at == below;
    }

    StateStore<M, Sync>& store_;
    Digest root_;
    Digest tip_;
    std::map<Digest, BlockDiff<M>> blocks_;
};

}  // namespace lockstep
