#include "accounts/records.hpp"

namespace lockstep {

AccountRecord AccountRecord::decode(const Cell& cell) noexcept {
    return {.delegate = cell.load<AccountId>(0),
            .salt_below = cell.load<std::uint64_t>(8),
            .assets = cell.load<std::uint64_t>(16),
            .fee_tier = cell.load<std::uint8_t>(24),
            .frozen = cell.load<bool>(25)};
}

Cell AccountRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, delegate);
    cell.store(8, salt_below);
    cell.store(16, assets);
    cell.store(24, fee_tier);
    cell.store(25, frozen);
    return cell;
}

NonceRecord NonceRecord::decode(const Cell& cell) noexcept {
    NonceRecord record{.bucket = cell.load<std::int64_t>(0)};
    for (std::size_t i = 0; i < record.used.size(); ++i) {
        record.used[i] = cell.load<std::uint64_t>(8 + 8 * i);
    }
    return record;
}

Cell NonceRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, bucket);
    for (std::size_t i = 0; i < used.size(); ++i) {
        cell.store(8 + 8 * i, used[i]);
    }
    return cell;
}

OrderFillRecord OrderFillRecord::decode(const Cell& cell) noexcept {
    return {.filled = cell.load<std::int64_t>(0), .good_til_ms = cell.load<std::int64_t>(8)};
}

Cell OrderFillRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, filled);
    cell.store(8, good_til_ms);
    return cell;
}

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
