#pragma once

#include <utility>
#include <vector>

#include "accounts/cell.hpp"
#include "accounts/state_key.hpp"
#include "instruments/venue.hpp"

namespace lockstep {

/// Blocks of a log and the state that they start from.
struct RecordedBlocks {
    std::vector<std::pair<StateKey, Cell>> cells;
    std::vector<Block<Venue::Transaction>> blocks;
    std::vector<Digest> effects;  ///< what each block did when it was recorded: effects_of

    /// The sum of all effect digests of a block: unlike its block digest it depends on nothing that
    /// the block does not touch.
    [[nodiscard]] static Digest effects_of(const BlockResult& result) {
        Digest sum = result.begin_effects;
        sum += result.end_effects;
        for (const Receipt& receipt : result.receipts) {
            sum += receipt.effects;
        }
        return sum;
    }
};

}  // namespace lockstep
