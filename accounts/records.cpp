#include "accounts/records.hpp"

namespace lockstep {

IdChunk IdChunk::decode(const Cell& cell) noexcept {
    IdChunk chunk{.total = cell.load<std::uint32_t>(0)};
    for (std::size_t i = 0; i < kIds; ++i) {
        chunk.ids[i] = cell.load<std::uint32_t>(4 + 4 * i);
    }
    return chunk;
}

Cell IdChunk::encode() const noexcept {
    Cell cell;
    cell.store(0, total);
    for (std::size_t i = 0; i < kIds; ++i) {
        cell.store(4 + 4 * i, ids[i]);
    }
    return cell;
}

}  // namespace lockstep
