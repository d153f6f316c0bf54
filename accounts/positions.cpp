#include "accounts/positions.hpp"

#include <algorithm>

namespace lockstep {

PositionPlace find_position(const AccountBlocks& blocks, MarketId market,
                            Position& position) noexcept {
    PositionPlace place;
    for (std::uint32_t block = 0; block < blocks.size(); ++block) {
        const PositionSpan span = blocks.span(block);
        const bool full = span.size() >= AccountLayout::room(block);
        if (full && raw(span.market(span.size() - 1)) < raw(market)) {
            place = {.block = block + 1, .index = 0};
            continue;
        }
        const std::size_t index = span.lower_bound(market);
        place = {.block = block, .index = index};
        place.present = index != span.size() && span.market(index) == market;
        if (place.present) {
            position = span.position(index);
        }
        return place;
    }
    return place;
}

namespace internal {

void put_position(Cell& block, std::size_t offset, const PositionBytes& entry) noexcept {
    if (offset + AccountLayout::kPositionSize > Cell::kCapacity) {
        return;  // of a mix of versions only
    }
    block.resize(std::max(block.size(), offset + AccountLayout::kPositionSize));
    std::byte* const at = block.bytes().data() + offset;
    store_value(at, entry.market);
    entry.position.store(at);
}

PositionBytes take_position(const Cell& block, std::size_t offset) noexcept {
    if (offset + AccountLayout::kPositionSize > block.size()) {
        return {};  // of a mix of versions only
    }
    const std::byte* const at = block.bytes().data() + offset;
    return {load_value<MarketId>(at), Position::load(at)};
}

void set_positions(Cell& head, std::uint32_t count) noexcept {
    head.store(28, count);
}

}  // namespace internal
}  // namespace lockstep
