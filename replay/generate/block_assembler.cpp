#include "replay/generate/block_assembler.hpp"

#include <algorithm>
#include <utility>

#include "accounts/nonces.hpp"
#include "engine/base/check.hpp"
#include "instruments/authority.hpp"

namespace lockstep {

void BlockAssembler::start(std::int64_t time_ms) {
    LOCKSTEP_CHECK(!open_);
    const std::int64_t earliest = blocks_ == 0 ? time_ms : block_.header.time_ms + 1;
    block_.header.height = blocks_ + 1;
    block_.header.time_ms = std::max(time_ms, earliest);
    block_.transactions.clear();
    open_ = true;
}

Result<void, Error> BlockAssembler::finish() {
    if (!open_) {
        return {};
    }
    open_ = false;
    ++blocks_;
    transactions_ += block_.transactions.size();
    return sink_(block_);
}

void BlockAssembler::push_venue(Payload payload) {
    const std::int64_t bucket = valid_until_ms() / NonceBits::kBucketMs;
    if (bucket != nonce_bucket_) {
        nonce_bucket_ = bucket;
        venue_nonce_ = 0;
    }
    push({.envelope = {.signer = venue_signer(payload),
                       .nonce = ++venue_nonce_,
                       .valid_until_ms = valid_until_ms()},
          .payload = std::move(payload)});
}

}  // namespace lockstep
