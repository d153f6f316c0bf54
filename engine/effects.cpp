#include "engine/effects.hpp"

namespace lockstep {

Digest chain_block_digest(const Digest& previous, const BlockResult& result) {
    ByteWriter out;
    put(out, previous);
    out.put(result.header.height);
    out.put(result.header.time_ms);
    out.put(result.header.weight_limit);
    out.put(static_cast<std::uint64_t>(result.receipts.size()));
    put(out, result.begin_effects);
    for (const Receipt& receipt : result.receipts) {
        put(out, receipt.effects);
    }
    put(out, result.end_effects);
    put(out, result.state);
    return digest_of(out.bytes());
}

}  // namespace lockstep
