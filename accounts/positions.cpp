#include "accounts/positions.hpp"

#include <algorithm>

namespace lockstep {

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
