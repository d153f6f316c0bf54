#include "instruments/context.hpp"

#include <algorithm>
#include <tuple>

namespace lockstep {
namespace {

auto fields(const OracleDecision& d) noexcept {
    const OracleUpdate& u = d.update;
    return std::tie(u.feed, u.source, u.sequence, u.publish_time_ms, u.price, u.confidence,
                    d.signer);
}

auto fields(const BookDecision& d) noexcept {
    const BookUpdate& u = d.update;
    return std::tie(u.market, u.sequence, u.best_bid, u.best_ask, u.last, u.impact_bid,
                    u.impact_ask, u.external, d.signer);
}

template <class Decision>
Status find(const std::vector<Decision>& decisions, const Decision& wanted) {
    const auto found =
        std::lower_bound(decisions.begin(), decisions.end(), wanted,
                         [](const Decision& a, const Decision& b) { return applies_before(a, b); });
    if (found == decisions.end() || applies_before(wanted, *found)) {
        return Status::kMalformed;
    }
    return found->status;
}

}  // namespace

bool applies_before(const OracleDecision& a, const OracleDecision& b) noexcept {
    return fields(a) < fields(b);
}

bool applies_before(const BookDecision& a, const BookDecision& b) noexcept {
    return fields(a) < fields(b);
}

void VenueContext::reserve(std::span<const std::uint32_t> ids) {
    rows.reserve(ids.size());
    awake.resize(ids.size());
    market_slot.resize(ids.empty() ? 0 : ids.back() + std::size_t{1});
}

void VenueContext::add(const MarketContext& market) {
    add_resting(market.id, MarginRow::make(market));
    markets.push_back(market);
    awake[rows.size() - 1] = static_cast<std::uint32_t>(markets.size());
}

Status VenueContext::oracle_status(AccountId signer, const OracleUpdate& update) const {
    return find(oracle, OracleDecision{.update = update, .signer = signer});
}

Status VenueContext::book_status(AccountId signer, const BookUpdate& update) const {
    return find(books, BookDecision{.update = update, .signer = signer});
}

}  // namespace lockstep
