#include "instruments/events.hpp"

namespace lockstep {
namespace {

void put_side(EventBytes<TradeEvent::kSize>& out, const TradeSide& side) noexcept {
    out.put(side.account).put(side.lots_before).put(side.lots_after);
    out.put(side.cost_before).put(side.funding).put(side.swept);
    out.put(side.flow).put(side.fee).put(side.closed);
}

TradeSide get_side(ByteReader& in) noexcept {
    TradeSide side;
    side.account = AccountId{in.get<std::uint64_t>()};
    side.lots_before = in.get<std::int64_t>();
    side.lots_after = in.get<std::int64_t>();
    side.cost_before = in.get_int128();
    side.funding = in.get_int128();
    side.swept = in.get_int128();
    side.flow = in.get_int128();
    side.fee = in.get_int128();
    side.closed = in.get_int128();
    return side;
}

}  // namespace

EventBytes<TradeEvent::kSize> TradeEvent::encode() const noexcept {
    EventBytes<kSize> out;
    out.put(market).put(lots).put(price).put(buyer_is_taker);
    put_side(out, buyer);
    put_side(out, seller);
    return out;
}

std::optional<TradeEvent> TradeEvent::decode(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() != kSize) {
        return std::nullopt;
    }
    ByteReader in(bytes);
    TradeEvent event;
    event.market = MarketId{in.get<std::uint32_t>()};
    event.lots = in.get<std::int64_t>();
    event.price = in.get<std::int64_t>();
    event.buyer_is_taker = in.get<bool>();
    event.buyer = get_side(in);
    event.seller = get_side(in);
    return event;
}

}  // namespace lockstep
