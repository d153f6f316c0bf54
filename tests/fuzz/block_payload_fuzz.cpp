#include <variant>

#include "replay/format/block_codec.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/log_seeds.hpp"

namespace lockstep::fuzz {
namespace {

/// What the lists of a block take in memory.
std::size_t list_bytes(const LogBlock& block) {
    std::size_t bytes = block.transactions.size() * sizeof(Transaction);
    for (const Transaction& transaction : block.transactions) {
        if (const auto* batch = std::get_if<Batch>(&transaction.payload)) {
            bytes += batch->fills.size() * sizeof(Trade);
        } else if (const auto* settle = std::get_if<SettleBatch>(&transaction.payload)) {
            bytes += settle->accounts.size() * sizeof(AccountId);
        }
    }
    return bytes;
}

void check_block(std::span<const std::byte> payload) {
    const auto block = decode_block(payload);
    if (!block) {
        require(block.error().code == ErrorCode::kCorrupt, "bad bytes are called corrupt");
        return;
    }
    // The smallest transaction takes about 40 bytes of a payload, its structure a few hundred.
    require(list_bytes(*block) <= 64 * payload.size(), "memory is bounded by the payload");
    const auto encoded = encode_block(*block);
    require(encoded.has_value(), "what was decoded can be encoded");
    const auto again = decode_block(*encoded);
    require(again.has_value(), "what was encoded can be decoded");
    require(again->header == block->header && again->transactions == block->transactions,
            "encoding loses nothing");
}

void check_header(std::span<const std::byte> payload) {
    const auto header = decode_log_header(payload);
    if (!header) {
        return;
    }
    const auto encoded = encode_log_header(*header);
    require(encoded.has_value(), "a decoded header can be encoded");
    const auto again = decode_log_header(*encoded);
    require(again.has_value() && again->chain_id == header->chain_id &&
                again->creator == header->creator && again->genesis == header->genesis &&
                again->source == header->source,
            "encoding a header loses nothing");
}

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    std::vector<Bytes> out;
    for (const LogBlock& block : seed_blocks()) {
        out.push_back(encode_block(block).value());
    }
    out.push_back(encode_log_header(seed_header()).value());
    return out;
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto payload = lockstep::fuzz::input_bytes(data, size);
    lockstep::fuzz::check_block(payload);
    lockstep::fuzz::check_header(payload);
    return 0;
}
