#include "instruments/price_phase.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "engine/base/checked.hpp"
#include "instruments/index_price.hpp"

namespace lockstep {

Status apply_oracle_update(FeedWork& feed, const OracleUpdate& update, AccountId signer,
                           std::int64_t now_ms) noexcept {
    if (update.source >= feed.sources.size()) {
        return Status::kSource;
    }
    FeedSourceRecord& source = feed.sources[update.source];
    const FeedParams& params = feed.params;
    if (signer != source.signer) {
        return Status::kUnauthorised;
    }
    if (source.seen && update.sequence <= source.sequence) {
        return Status::kSeqOld;
    }
    if (update.sequence - source.sequence > kSequenceStepMax) {
        return Status::kSeqJump;
    }
    if (Int128{update.publish_time_ms} > Int128{now_ms} + params.max_ahead_ms) {
        return Status::kTimeFuture;
    }
    if (Int128{now_ms} - update.publish_time_ms > params.max_age_ms ||
        (source.seen && update.publish_time_ms < source.publish_time_ms)) {
        return Status::kTimeOld;
    }
    if (update.price > kMaxPrice || update.price < -kMaxPrice ||
        (update.price <= 0 && !params.allow_negative)) {
        return Status::kPriceSign;
    }
    const Int128 size = update.price < 0 ? -Int128{update.price} : Int128{update.price};
    if (update.confidence < 0 ||
        Int128{update.confidence} * kPpm > Int128{params.confidence_ppm} * size) {
        return Status::kConfidence;
    }
    source.seen = true;
    source.price = update.price;
    source.confidence = update.confidence;
    source.publish_time_ms = update.publish_time_ms;
    source.sequence = update.sequence;
    return Status::kApplied;
}

void update_index(FeedWork& feed, bool ticked, std::int64_t now_ms) {
    std::array<SourceQuote, kMaxFeedSources> quotes;
    std::size_t count = 0;
    for (std::size_t i = 0; i < feed.sources.size() && i < quotes.size(); ++i) {
        const FeedSourceRecord& source = feed.sources[i];
        if (source.seen &&
            Int128{now_ms} - source.publish_time_ms <= Int128{feed.params.max_age_ms}) {
            quotes[count++] = {.price = source.price,
                               .weight = source.weight,
                               .source = static_cast<std::uint32_t>(i)};
        }
    }
    FeedStateRecord& state = feed.state;
    const std::optional<std::int64_t> index =
        count < feed.params.quorum
            ? std::nullopt
            : aggregate_index(std::span(quotes).first(count), feed.params.clamp_ppm);
    if (!index.has_value()) {
        state.valid = false;
        return;
    }
    if (state.priced && is_jump(state.index, *index, feed.params.jump_ppm)) {
        if (!ticked) {
            state.valid = state.valid && state.has_pending;
            return;
        }
        if (!state.has_pending || (state.pending < state.index) != (*index < state.index)) {
            state.pending = *index;
            state.has_pending = true;
            state.valid = false;
            return;
        }
        // Two ticks say that the price has left in this direction: as far as both agree.
        state.index = *index < state.index ? std::max(state.pending, *index)
                                           : std::min(state.pending, *index);
        state.time_ms = now_ms;
        state.valid = true;
        state.pending = *index;
        if (is_jump(state.index, *index, feed.params.jump_ppm)) {
            return;
        }
    }
    if (ticked) {
        state.time_ms = now_ms;
    }
    state.index = *index;
    state.priced = true;
    state.valid = true;
    state.has_pending = false;
    state.pending = 0;
}

AssetContext asset_context(const CreateAsset& asset, const FeedPrice* feed) noexcept {
    const bool unit = asset.feed == kNoFeed;
    AssetContext out{.known = true,
                     .priced = unit,
                     .fresh = unit,
                     .haircut_ppm = asset.haircut_ppm,
                     .liability_ppm = asset.liability_ppm,
                     .price = 1,
                     .divisor = asset.value_divisor};
    if (!unit && feed != nullptr && feed->priced && feed->index > 0) {
        out.priced = true;
        out.fresh = feed->fresh;
        out.price = feed->index;
    }
    return out;
}

RestingFeed resting_feed(const FeedWork& feed, std::int64_t now_ms) noexcept {
    constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
    RestingFeed out{.until_ms = kForever, .state = feed.state};
    for (const FeedSourceRecord& source : feed.sources) {
        const Int128 last = Int128{source.publish_time_ms} + feed.params.max_age_ms;
        if (source.seen && last >= now_ms && last < kForever) {
            out.until_ms = std::min(out.until_ms, static_cast<std::int64_t>(last + 1));
        }
    }
    return now_ms > 0 ? out : RestingFeed{};
}

}  // namespace lockstep
