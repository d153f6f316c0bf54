#include "engine/contract/effects.hpp"

namespace lockstep {

void BlockDigest::begin(const Digest& previous, const BlockResult& result) {
    out_.clear();
    put(out_, previous);
    out_.put(result.header.height);
    out_.put(result.header.time_ms);
    out_.put(result.header.weight_limit);
    out_.put(static_cast<std::uint64_t>(result.receipts.size()));
    put(out_, result.begin_effects);
}

void BlockDigest::take(std::span<const Receipt> receipts) {
    for (const Receipt& receipt : receipts) {
        put(out_, receipt.effects);
    }
}

Digest BlockDigest::finish(const BlockResult& result) {
    put(out_, result.end_effects);
    put(out_, result.state);
    return digest_of(out_.bytes());
}

Digest chain_block_digest(const Digest& previous, const BlockResult& result) {
    BlockDigest digest;
    digest.begin(previous, result);
    digest.take(result.receipts);
    return digest.finish(result);
}

}  // namespace lockstep
