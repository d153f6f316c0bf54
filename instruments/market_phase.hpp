#pragma once

#include <cstdint>
#include <optional>

#include "accounts/id_list.hpp"
#include "accounts/ledger.hpp"
#include "instruments/context.hpp"
#include "instruments/events.hpp"
#include "instruments/price_phase.hpp"
#include "instruments/records.hpp"

namespace lockstep {

inline constexpr std::size_t kMaxListedMarkets = 4096;
using MarketList = IdList<kMaxListedMarkets>;

/// What governance and the matcher say about a market.
struct MarketSetup {
    MarketId id{};
    MarketTerms terms{};
    MarketParams params{};
    MarketControl control{};
    BookUpdate book{};
    bool paused = false;  ///< the venue is
};

/// The part of a market's state that only the phases of a block write.
struct MarketState {
    TickRecord tick{};
    MarkStateRecord mark{};
    SettleStateRecord settle{};
    friend bool operator==(const MarketState&, const MarketState&) = default;
};

/// What happened to a market at the start of a block.
struct MarketNews {
    std::optional<FundingEvent> funding{};
    bool settled = false;
};

/// Checks an update against the last sequence, in this order: sequence old, sequence jump, price
/// out of range or below 0 (unless the market allows that), crossed.
[[nodiscard]] Status check_book(const MarketTerms& terms, const BookUpdate& book,
                                std::uint64_t last) noexcept;

/// Brings a market to block time: index, mark, funding, daily settlement, expiry, status; in this
/// order. `feed` is null when the feed is unknown. Pure; never fails: what cannot be computed is
/// left as it is.
[[nodiscard]] MarketNews advance_market(const MarketSetup& setup, const FeedPrice* feed,
                                        std::int64_t now_ms, MarketState& state) noexcept;

/// Brings the state of a market that has rested to the block before: what each block since would
/// have done.
void catch_up(const RestingMarket& rest, std::int64_t last_time_ms, MarketState& state) noexcept;

/// The market as the transactions of the block will see it.
[[nodiscard]] MarketContext market_context(const MarketSetup& setup, const TickRecord& tick,
                                           Int128 open_interest,
                                           const std::array<FeeTier, kMaxFeeTiers>& fees) noexcept;

template <class View>
[[nodiscard]] MarketState load_market_state(View& view, MarketId id) {
    MarketState state;
    if (const Cell* cell = view.read(market_key(CellKind::kTick, id))) {
        state.tick = TickRecord::decode(*cell);
    }
    if (const Cell* cell = view.read(market_key(CellKind::kMarkState, id))) {
        state.mark = MarkStateRecord::decode(*cell);
    }
    if (const Cell* cell = view.read(market_key(CellKind::kSettleState, id))) {
        state.settle = SettleStateRecord::decode(*cell);
    }
    return state;
}

template <class View>
void store_market_state(View& view, MarketId id, const MarketState& before,
                        const MarketState& after) {
    if (after.tick != before.tick) {
        view.write(market_key(CellKind::kTick, id), after.tick.encode());
    }
    if (after.mark != before.mark) {
        view.write(market_key(CellKind::kMarkState, id), after.mark.encode());
    }
    if (after.settle != before.settle) {
        view.write(market_key(CellKind::kSettleState, id), after.settle.encode());
    }
}

template <class View>
[[nodiscard]] MarketSetup load_market_setup(View& view, MarketId id) {
    MarketSetup setup{.id = id};
    if (const Cell* cell = view.read(market_key(CellKind::kMarketTerms, id))) {
        setup.terms = decode_terms(*cell);
    }
    setup.params = load_params(view, id);
    if (const Cell* cell = view.read(market_key(CellKind::kMarketControl, id))) {
        setup.control = decode_control(*cell);
    }
    setup.book.market = id;
    if (const Cell* cell = view.read(market_key(CellKind::kBook, id))) {
        setup.book = decode_book(id, *cell);
    }
    return setup;
}

/// Takes the book updates of a market over, from `next` on.
template <class View, class Iterator>
void apply_book_updates(View& view, Iterator& next, Iterator end, MarketSetup& setup) {
    const MarketId id = setup.id;
    const MarketTerms& terms = setup.terms;
    BookUpdate& book = setup.book;
    bool changed = false;
    for (; next != end && next->update.market == id; ++next) {
        if (!has_role(next->signer, Role::kOracle)) {
            next->status = Status::kUnauthorised;
        } else {
            next->status = check_book(terms, next->update, book.sequence);
            if (next->status == Status::kApplied) {
                book = next->update;
                changed = true;
            }
        }
    }
    if (changed) {
        view.write(market_key(CellKind::kBook, id), encode_book(book));
    }
}

/// One market that does not rest: its book updates from `next` on, the clock, its place in the
/// context. What it may rest on from here.
template <class View, class Iterator>
[[nodiscard]] RestingMarket visit_market(View& view, MarketId id, const RestingMarket& rest,
                                         const FeedTable& feeds, Iterator& next,
                                         VenueContext& context) {
    MarketSetup setup = load_market_setup(view, id);
    setup.paused = context.venue.paused;
    const MarketState before = load_market_state(view, id);
    MarketState state = before;
    if (rest.until_ms != Rest::kAwake) {
        catch_up(rest, context.last_time_ms, state);
    }
    apply_book_updates(view, next, context.books.end(), setup);
    const MarketNews news =
        advance_market(setup, feeds.find(setup.terms.feed), context.time_ms, state);
    store_market_state(view, id, before, state);
    if (news.funding.has_value()) {
        emit(view, EventType::kFundingApplied, news.funding->encode());
    }
    if (news.settled) {
        EventBytes<12> event;
        event.put(id).put(state.tick.mark);
        emit(view, EventType::kMarketSettled, event);
    }
    std::array<FeeTier, kMaxFeeTiers> fees{};
    if (const Cell* cell = view.read(market_key(CellKind::kFeeSchedule, id))) {
        fees = decode_fees(*cell);
    }
    const Int128 open = number_at(view, market_key(CellKind::kOpenInterest, id));
    context.add(market_context(setup, state.tick, open, fees));
    return RestingMarket::make(setup, state, context.rows.back(), context.time_ms);
}

/// Book updates and all markets, by id; fills rows and markets of the context. A market rests while
/// nothing concerns it: its page of RestingMarkets is all that is read of it.
template <class View>
void run_market_phase(View& view, const FeedTable& feeds, VenueContext& context) {
    auto next = context.books.begin();
    const auto end = context.books.end();
    const MarketList list = MarketList::load(view, CellKind::kMarketList, 0);
    context.reserve(list.ids());
    RestingMarkets<View> resting(view, CellKind::kRestingMarkets);
    for (const std::uint32_t number : list.ids()) {
        const MarketId id{number};
        for (; next != end && next->update.market < id; ++next) {
            next->status = Status::kMarketUnknown;
        }
        const std::byte* const entry = resting.entry(number);
        const bool updated = next != end && next->update.market == id;
        if (!updated && context.may_rest(RestingMarket::until(entry)) && !context.names(id) &&
            !feeds.changed(RestingMarket::feed_of(entry))) {
            context.add_resting(id, RestingMarket::row_of(entry));
        } else {
            const RestingMarket rest = RestingMarket::load(entry);
            resting.put(number, visit_market(view, id, rest, feeds, next, context));
        }
    }
    resting.finish();
    for (; next != end; ++next) {
        next->status = Status::kMarketUnknown;
    }
}

}  // namespace lockstep
