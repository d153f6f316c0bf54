#include "instruments/market_phase.hpp"

#include <algorithm>

#include "engine/base/rounding.hpp"
#include "instruments/funding.hpp"
#include "instruments/mark_price.hpp"

namespace lockstep {
namespace {

bool expires(const MarketTerms& terms) noexcept {
    return terms.expiry_ms > 0;
}

bool in_window(const MarketTerms& terms, std::int64_t now_ms) noexcept {
    return expires(terms) && now_ms > terms.expiry_ms - terms.settle_window_ms;
}

/// A mark of a dated future lies within so many bands of the index.
constexpr int kDatedMarkBands = 4;
/// A premium beyond a hundred times the index is no premium.
constexpr Int128 kPremiumPpbMax = Int128{100} * kPpb;

/// Half the width of the price band, ticks, rounded up.
Int128 band_reach(const MarketParams& params, std::int64_t index) noexcept {
    return ceil_div(abs(Checked{index}) * params.band_ppm, kPpm).value() + params.band_ticks;
}

/// Averages the distance of the book's middle from the index, in whole seconds.
void update_basis(const MarketSetup& setup, std::int64_t index, std::int64_t now_ms,
                  MarkStateRecord& mark) noexcept {
    const BookUpdate& book = setup.book;
    if (book.best_bid == kNoPrice || book.best_ask == kNoPrice) {
        return;
    }
    const Int128 sample =
        (Int128{middle(book.best_bid, book.best_ask)} - index) * (Int128{1} << 32);
    if ((mark.started & MarkStateRecord::kBasis) == 0) {
        mark.started |= MarkStateRecord::kBasis;
        mark.basis_q32 = sample;
        mark.basis_time_ms = now_ms;
        return;
    }
    const std::int64_t seconds = (now_ms - mark.basis_time_ms) / 1000;
    if (seconds <= 0) {
        return;
    }
    const Checked next =
        ema_step(mark.basis_q32, sample, ema_weight_q32(setup.params.ema_decay_q32, seconds));
    if (next.ok()) {
        mark.basis_q32 = next.value();
    }
    mark.basis_time_ms += seconds * 1000;
}

void update_mark(const MarketSetup& setup, std::int64_t now_ms, MarketState& state) noexcept {
    TickRecord& tick = state.tick;
    const bool averaging = in_window(setup.terms, now_ms);
    const std::int64_t forward =
        averaging ? state.settle.average.forward(tick.index, setup.terms.settle_window_ms)
                  : tick.index;
    if (setup.terms.kind == MarketKind::kEuropeanOption) {
        tick.mark = option_mark(setup.terms, setup.book.external, forward);
        return;
    }
    if (averaging) {
        tick.mark = forward;
        return;
    }
    update_basis(setup, tick.index, now_ms, state.mark);
    const std::int64_t mark = mark_price({.index = tick.index,
                                          .basis_q32 = state.mark.basis_q32,
                                          .best_bid = setup.book.best_bid,
                                          .best_ask = setup.book.best_ask,
                                          .last = setup.book.last,
                                          .external = setup.book.external});
    // No mark lies where nobody could trade; a dated future may stand off by some bands.
    const Int128 reach =
        band_reach(setup.params, tick.index) * (expires(setup.terms) ? kDatedMarkBands : 1);
    const std::int64_t bound = static_cast<std::int64_t>(
        std::clamp<Int128>(mark, Int128{tick.index} - reach, Int128{tick.index} + reach));
    tick.mark = bound > 0 || setup.terms.allow_negative ? bound : tick.index;
}

Checked funding_delta(const MarketTerms& terms, Checked rate, std::int64_t elapsed_ms,
                      std::int64_t index) noexcept {
    return terms.kind == MarketKind::kInversePerpetual
               ? inverse_funding_delta(rate, elapsed_ms, index, terms.multiplier)
               : linear_funding_delta(rate, elapsed_ms, index, terms.multiplier);
}

/// Adds a charge to the index, unless the largest position could then leave 128 bits.
bool charge(const MarketSetup& setup, Checked delta, TickRecord& tick) noexcept {
    const Checked total = Checked{tick.funding.funding} + delta;
    if (!funding_index_fits(total, setup.params.max_position_lots)) {
        return false;
    }
    tick.funding.funding = total.value();
    return true;
}

/// Lets time pass: while the clock runs the last premium counts for it, else it is left out.
void pass_time(std::int64_t elapsed_ms, MarkStateRecord& mark) noexcept {
    mark.sample_time_ms += elapsed_ms;
    if ((mark.started & MarkStateRecord::kRunning) == 0) {
        mark.funding_time_ms += elapsed_ms;
        return;
    }
    const Checked sum = Checked{mark.premium_sum} + Checked{mark.premium_ppb} * elapsed_ms;
    const std::uint64_t covered =
        std::uint64_t{mark.premium_ms} + static_cast<std::uint64_t>(elapsed_ms);
    if (sum.ok() && covered <= 0xffffffffU) {
        mark.premium_sum = sum.value();
        mark.premium_ms = static_cast<std::uint32_t>(covered);
    }
}

/// The premium from now on: no book acts on the time before it.
std::int64_t premium_of(const MarketSetup& setup, const TickRecord& tick) noexcept {
    const BookUpdate& book = setup.book;
    const Checked premium =
        funding_premium_ppb(book.impact_bid == kNoPrice ? tick.mark : book.impact_bid,
                            book.impact_ask == kNoPrice ? tick.mark : book.impact_ask, tick.index);
    const bool fits =
        premium.ok() && premium.value() <= kPremiumPpbMax && premium.value() >= -kPremiumPpbMax;
    return fits ? static_cast<std::int64_t>(premium.value()) : 0;
}

/// `runs`: the market trades at a fresh index, so that who pays can also leave.
std::optional<FundingEvent> update_funding(const MarketSetup& setup, std::int64_t now_ms, bool runs,
                                           MarketState& state) noexcept {
    const std::int64_t interval = setup.params.funding.interval_ms;
    MarkStateRecord& mark = state.mark;
    if (interval <= 0 || expires(setup.terms)) {
        return std::nullopt;
    }
    if ((mark.started & MarkStateRecord::kFunding) == 0) {
        mark.funding_time_ms = now_ms;
        mark.sample_time_ms = now_ms;
    }
    const std::int64_t gap = std::max<std::int64_t>(0, now_ms - mark.sample_time_ms);
    const bool ran = (mark.started & MarkStateRecord::kRunning) != 0;
    pass_time(ran ? std::min(gap, kFundingCatchUpMs) : gap, mark);
    mark.sample_time_ms = now_ms;
    mark.started &= ~MarkStateRecord::kRunning;
    if (!runs) {
        return std::nullopt;
    }
    mark.started |= MarkStateRecord::kFunding | MarkStateRecord::kRunning;
    mark.premium_ppb = premium_of(setup, state.tick);
    if (now_ms / interval <= mark.funding_time_ms / interval || mark.premium_ms == 0) {
        return std::nullopt;
    }
    const std::int64_t charged =
        std::min(now_ms - mark.funding_time_ms, std::max(interval, kFundingCatchUpMs));
    const Checked rate =
        funding_rate_ppb(floor_div(mark.premium_sum, mark.premium_ms), setup.params.funding);
    const Checked delta = funding_delta(setup.terms, rate, charged, state.tick.index);
    mark.funding_time_ms = now_ms;
    mark.premium_sum = 0;
    mark.premium_ms = 0;
    if (!rate.ok() || !charge(setup, delta, state.tick)) {
        return std::nullopt;
    }
    return FundingEvent{.market = setup.id,
                        .index = state.tick.index,
                        .rate_ppb = static_cast<std::int64_t>(rate.value()),
                        .delta_q32 = delta.value(),
                        .total_q32 = state.tick.funding.funding};
}

void settle_daily(const MarketTerms& terms, std::int64_t now_ms, MarketState& state) noexcept {
    if (terms.settle_interval_ms <= 0 || terms.kind != MarketKind::kDatedFuture) {
        return;
    }
    const std::int64_t number = now_ms / terms.settle_interval_ms;
    if (state.settle.interval >= 0 && number > state.settle.interval) {
        state.tick.settle_price = state.tick.mark;
        ++state.tick.epoch;
    }
    state.settle.interval = number;
}

/// Fixes the final price; a price that cannot be used leaves the market as it is.
bool settle_finally(const MarketSetup& setup, std::int64_t price, TickRecord& tick) noexcept {
    if (setup.terms.kind == MarketKind::kInversePerpetual &&
        !charge(setup, inverse_unit_q32(setup.terms.multiplier, price), tick)) {
        return false;
    }
    tick.mark = setup.terms.kind == MarketKind::kEuropeanOption
                    ? option_payoff(setup.terms.option_side, price, setup.terms.strike)
                    : price;
    tick.index = price;
    tick.priced = true;
    tick.stale = false;
    tick.status = MarketStatus::kSettled;
    return true;
}

}  // namespace

Status check_book(const MarketTerms& terms, const BookUpdate& book, std::uint64_t last) noexcept {
    if (book.sequence <= last) {
        return Status::kSeqOld;
    }
    if (book.sequence - last > kSequenceStepMax) {
        return Status::kSeqJump;
    }
    for (const std::int64_t price : {book.best_bid, book.best_ask, book.last, book.impact_bid,
                                     book.impact_ask, book.external}) {
        const bool sound = price == kNoPrice ||
                           (price <= kMaxPrice && price >= (terms.allow_negative ? -kMaxPrice : 0));
        if (!sound) {
            return Status::kPriceSign;
        }
    }
    const auto crossed = [](std::int64_t bid, std::int64_t ask) {
        return bid != kNoPrice && ask != kNoPrice && bid > ask;
    };
    return crossed(book.best_bid, book.best_ask) || crossed(book.impact_bid, book.impact_ask)
               ? Status::kCrossed
               : Status::kApplied;
}

void catch_up(const RestingMarket& rest, std::int64_t last_time_ms, MarketState& state) noexcept {
    const MarketStatus status = state.tick.status;
    const std::int64_t gap = last_time_ms - state.mark.sample_time_ms;
    if (rest.clocked && gap > 0 && status != MarketStatus::kSettled &&
        status != MarketStatus::kFrozen) {
        pass_time(gap, state.mark);
    }
}

MarketNews advance_market(const MarketSetup& setup, const FeedPrice* feed, std::int64_t now_ms,
                          MarketState& state) noexcept {
    MarketNews news;
    TickRecord& tick = state.tick;
    if (tick.status == MarketStatus::kSettled) {
        return news;
    }
    if (setup.control.price.has_value() && settle_finally(setup, *setup.control.price, tick)) {
        news.settled = true;
        return news;
    }
    if (tick.status == MarketStatus::kFrozen) {
        return news;
    }
    const MarketTerms& terms = setup.terms;
    const bool valid = feed != nullptr && feed->valid && (terms.allow_negative || feed->index > 0);
    const bool fresh = valid && feed->fresh;
    if (in_window(terms, now_ms)) {
        // The last index held until now, provided that the feed was fresh at both ends.
        if (tick.priced && !tick.stale && fresh) {
            state.settle.average.cover(tick.index, state.settle.time_ms, now_ms, terms);
        }
        state.settle.time_ms = now_ms;
    }
    tick.stale = !fresh;
    if (valid) {
        tick.index = feed->index;
        tick.priced = true;
        update_mark(setup, now_ms, state);
    }
    const bool runs = fresh && tick.index > 0 && !setup.paused &&
                      (setup.control.status == MarketStatus::kActive ||
                       setup.control.status == MarketStatus::kReduceOnly);
    news.funding = update_funding(setup, now_ms, runs, state);
    if (fresh) {
        settle_daily(terms, now_ms, state);
    }
    tick.status = setup.control.status;
    const bool due =
        expires(terms) ? now_ms >= terms.expiry_ms : setup.control.status == MarketStatus::kClosing;
    if (due) {
        tick.status = MarketStatus::kSettlementPending;
        const std::optional<std::int64_t> price =
            expires(terms) ? state.settle.average.final_value(terms) : tick.index;
        if (fresh && price.has_value()) {
            news.settled = settle_finally(setup, *price, tick);
        }
    }
    return news;
}

MarketContext market_context(const MarketSetup& setup, const TickRecord& tick, Int128 open_interest,
                             const std::array<FeeTier, kMaxFeeTiers>& fees) noexcept {
    const MarketParams& params = setup.params;
    MarketContext market{.id = setup.id,
                         .terms = setup.terms,
                         .status = tick.status,
                         .priced = tick.priced,
                         .stale = tick.stale,
                         .index = tick.index,
                         .mark = tick.mark,
                         .funding = tick.funding,
                         .epoch = tick.epoch,
                         .settle_price = tick.settle_price,
                         .open_interest = open_interest,
                         .max_price = params.max_price,
                         .max_position_lots = params.max_position_lots,
                         .oi_cap_lots = params.oi_cap_lots,
                         .min_notional = params.min_notional,
                         .margin = {},
                         .fees = fees};
    const bool perpetual = setup.terms.expiry_ms == 0;
    const std::int64_t centre = perpetual ? tick.index : tick.mark;
    const Int128 reach = band_reach(params, tick.index);
    market.band_low =
        static_cast<std::int64_t>(std::max<Int128>(-params.max_price, centre - reach));
    market.band_high =
        static_cast<std::int64_t>(std::min<Int128>(params.max_price, centre + reach));
    Checked open_notional = 0;
    if (tick.priced && setup.terms.kind != MarketKind::kInversePerpetual) {
        open_notional = Checked{open_interest} * abs(Checked{tick.mark}) * setup.terms.multiplier;
    } else if (tick.priced) {
        open_notional = floor_div(Checked{open_interest} * setup.terms.multiplier, tick.mark);
    }
    market.margin = MarginTable::make(params, open_notional);
    return market;
}

}  // namespace lockstep
