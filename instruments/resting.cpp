#include "instruments/resting.hpp"

#include <limits>

#include "engine/base/bytes.hpp"
#include "instruments/market_phase.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// First time behind `number` that is a multiple of `interval`.
std::int64_t next_multiple(std::int64_t number, std::int64_t interval) noexcept {
    const Checked next = (Checked{number / interval} + 1) * interval;
    return next.ok() && next.value() < kForever ? static_cast<std::int64_t>(next.value())
                                                : kForever;
}

}  // namespace

void RestingFeed::store(std::byte* at) const noexcept {
    store_value(at, until_ms);
    store_value(at + 8, state.index);
    store_value(at + 16, state.priced);
    store_value(at + 17, state.valid);
    store_value(at + 18, state.has_pending);
}

void RestingMarket::store(std::byte* at) const noexcept {
    store_value(at, until_ms);
    store_value(at + 8, feed);
    store_value(at + 12, clocked);
    store_value(at + 13, static_cast<std::uint8_t>(row.asset));
    store_value(at + 14, row.shorts_only != 0);
    store_value(at + 16, row.index.funding);
    store_value(at + 32, row.index.social);
    store_value(at + 48, row.value_per_lot);
    store_value(at + 56, row.maintenance);
    store_value(at + 64, row.initial);
    store_value(at + 72, std::uint64_t{row.lots_end});
}

RestingMarket RestingMarket::make(const MarketSetup& setup, const MarketState& state,
                                  const MarginRow& row, std::int64_t now_ms) noexcept {
    const TickRecord& tick = state.tick;
    const MarketTerms& terms = setup.terms;
    RestingMarket out{.until_ms = kForever, .feed = terms.feed, .row = row};
    if (row.whole == 0 || now_ms <= 0) {
        return {};
    }
    if (tick.status == MarketStatus::kSettled || tick.status == MarketStatus::kFrozen) {
        return out;
    }
    const bool valid = tick.priced && !tick.stale;
    const bool running = (state.mark.started & MarkStateRecord::kRunning) != 0;
    const bool option = terms.kind == MarketKind::kEuropeanOption;
    if (valid && !option && setup.book.best_bid != kNoPrice && setup.book.best_ask != kNoPrice) {
        return {};  // the average of the basis moves with the clock
    }
    if (terms.expiry_ms > 0) {
        const std::int64_t window = terms.expiry_ms - terms.settle_window_ms;
        out.until_ms = std::min(terms.expiry_ms, window < kForever ? window + 1 : kForever);
    }
    const std::int64_t interval = setup.params.funding.interval_ms;
    out.clocked = interval > 0 && terms.expiry_ms == 0 &&
                  (state.mark.started & MarkStateRecord::kFunding) != 0;
    if (running && out.clocked) {
        // Until the next charge, and while the sampled time stays within its 32 bits.
        constexpr std::int64_t kMostMs = 0xffffffff;
        const std::int64_t room = kMostMs - std::int64_t{state.mark.premium_ms};
        out.until_ms = std::min({out.until_ms, next_multiple(state.mark.funding_time_ms, interval),
                                 state.mark.sample_time_ms + room});
    }
    if (valid && terms.settle_interval_ms > 0 && terms.kind == MarketKind::kDatedFuture) {
        out.until_ms = std::min(out.until_ms, next_multiple(now_ms, terms.settle_interval_ms));
    }
    return out.until_ms > now_ms ? out : RestingMarket{};
}

}  // namespace lockstep
