// Ways in which prices, funding and settlement could be abused, each shut by a rule of its own;
// named after the audit that found them.

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "instruments/funding.hpp"
#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

class PriceAudit : public testing::Test, protected TestVenue {
  protected:
    void start(const CreateMarket& create) {
        open();
        EXPECT_EQ(run_one(create), Status::kApplied);
        set_price(600'000);
        for (const AccountId account : {kAlice, kBob}) {
            deposit(account, 10'000'000'000);
        }
    }
    static CreateMarket funded() {
        CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
        create.params.funding = {.interval_ms = kHourMs, .cap_ppb = 100'000'000};
        return create;
    }
    BookUpdate book(std::int64_t middle) {
        return {.market = kPerp,
                .best_bid = middle - 1,
                .best_ask = middle + 1,
                .last = middle,
                .impact_bid = middle,
                .impact_ask = middle,
                .sequence = ++book_sequence_};
    }
    /// The time of the next block, if it is to be the first of a new hour after `hours`.
    [[nodiscard]] std::int64_t to_the_hour(std::int64_t hours = 1) const {
        return (now() / kHourMs + hours) * kHourMs - now();
    }
    [[nodiscard]] Int128 funding() const { return tick().funding.funding; }

  private:
    std::uint64_t book_sequence_ = 0;
};

/// V15, R-FUND-1: a book counts from when it came. One that stands for a second before the hour
/// ends weighs one second, however long there was none.
TEST_F(PriceAudit, V15TheNewestBookDoesNotActOnThePast) {
    start(funded());
    run_one(book(600'000));
    wait(to_the_hour());
    const std::int64_t left = to_the_hour();
    EXPECT_EQ(run({sign(kVenueAccount, book(900'000))}, left - 1'000).at(0), Status::kApplied);
    const Int128 before = funding();
    wait(1'000);
    // At most 50 % for one second of 3,600, and the interest of the hour.
    const Int128 charged = funding() - before;
    const Int128 most =
        linear_funding_delta(500'000'000 / 3'600 + 500'000, kHourMs, 600'000, 10).value();
    EXPECT_GT(charged, 0);
    EXPECT_LE(charged, most);
}

/// V15, R-GOV-5: where there is funding its rate has a bound; there is one by default.
TEST_F(PriceAudit, V15FundingHasACap) {
    EXPECT_GT(FundingTerms{}.cap_ppb, 0);
    CreateMarket create = funded();
    create.params.funding.cap_ppb = 0;
    open();
    EXPECT_EQ(run_one(create), Status::kParamRange);
    create.params.funding.cap_ppb = 1;
    EXPECT_EQ(run_one(create), Status::kApplied);
}

/// V16, R-FUND-4: nobody pays for time in which he could not leave: halt, pause, silent feed. The
/// time before counts.
TEST_F(PriceAudit, V16FundingStandsStillWhileTradingDoes) {
    const auto halted = [](TestVenue& venue, bool on) {
        const MarketStatus status = on ? MarketStatus::kHalted : MarketStatus::kActive;
        EXPECT_EQ(venue.run_one(SetMarketStatus{.market = kPerp, .status = status}),
                  Status::kApplied);
    };
    const auto paused = [](TestVenue& venue, bool on) {
        EXPECT_EQ(venue.run_one(SetVenueParams{.paused = on}), Status::kApplied);
    };
    const auto nothing = [](TestVenue& venue, bool) { venue.wait(1'000); };
    std::vector<Int128> charged;
    for (const std::function<void(TestVenue&, bool)>& stop :
         {std::function<void(TestVenue&, bool)>{halted}, {paused}, {nothing}}) {
        TestVenue venue;
        venue.open();
        EXPECT_EQ(venue.run_one(funded()), Status::kApplied);
        venue.set_price(600'000);
        venue.wait((venue.now() / kHourMs + 1) * kHourMs - venue.now());
        venue.wait(kHourMs / 2);
        stop(venue, true);
        for (int hour = 0; hour < 12; ++hour) {
            venue.wait(kHourMs);
        }
        stop(venue, false);
        venue.wait(1'000);
        venue.wait(kHourMs);
        charged.push_back(venue.tick().funding.funding);
    }
    const Int128 hour = linear_funding_delta(100'000, kHourMs, 600'000, 10).value();
    EXPECT_GT(charged.at(0), 0);
    EXPECT_LE(charged.at(0), 3 * hour);
    EXPECT_LE(charged.at(1), 3 * hour);
    EXPECT_GE(charged.at(2), 12 * hour);
}

/// V17, R-BOOK-1: fields of a book are prices, its sequence does not leap, and no book carries the
/// mark out of the band.
TEST_F(PriceAudit, V17FieldsOfBooksAreBounded) {
    start(market(kPerp, MarketKind::kLinearPerpetual));
    using Field = std::int64_t BookUpdate::*;
    for (const Field field :
         {&BookUpdate::best_bid, &BookUpdate::best_ask, &BookUpdate::last, &BookUpdate::impact_bid,
          &BookUpdate::impact_ask, &BookUpdate::external}) {
        for (const std::int64_t price : {std::int64_t{1} << 62, kMaxPrice + 1, std::int64_t{-1}}) {
            BookUpdate update{.market = kPerp, .sequence = 1};
            update.*field = price;
            EXPECT_EQ(run_one(update), Status::kPriceSign) << price;
        }
    }
    EXPECT_EQ(run_one(BookUpdate{.market = kPerp, .best_bid = 2, .best_ask = 1, .sequence = 1}),
              Status::kCrossed);
    EXPECT_EQ(run_one(BookUpdate{.market = kPerp, .sequence = ~std::uint64_t{0}}),
              Status::kSeqJump);
    BookUpdate far = book(kMaxPrice - 1);
    far.external = kMaxPrice;
    EXPECT_EQ(run_one(far), Status::kApplied);
    EXPECT_EQ(tick().mark, 900'000);  // the band is 50 %
    BookUpdate near = book(10);
    near.external = 0;
    EXPECT_EQ(run_one(near), Status::kApplied);
    EXPECT_EQ(tick().mark, 300'000);
}

/// V23, R-SETTLE-2: a future whose first block lies in the first interval of time settles at its
/// end.
TEST_F(PriceAudit, V23TheFirstIntervalOfTimeIsOneLikeAnyOther) {
    TestVenue venue(1'000);
    venue.open();
    CreateMarket create = market(kFuture, MarketKind::kDatedFuture);
    create.terms.expiry_ms = 100 * kHourMs;
    create.terms.settle_interval_ms = kHourMs;
    EXPECT_EQ(venue.run_one(create), Status::kApplied);
    venue.set_price(600'000);
    EXPECT_EQ(venue.tick(kFuture).epoch, 0U);
    venue.set_price(610'000, kHourMs);
    EXPECT_EQ(venue.tick(kFuture).epoch, 1U);
    EXPECT_EQ(venue.tick(kFuture).settle_price, 610'000);
}

/// R-MARGIN-3: open interest that cannot be counted raises the requirement to the full.
TEST(OpenInterest, ScalingFailsClosed) {
    MarketParams params;
    params.margin_tiers = {{.maintenance_ppm = 50'000, .initial_ppm = 100'000}};
    params.oi_margin_lower = 1'000;
    params.oi_margin_upper = 2'000;
    EXPECT_EQ(MarginTable::make(params, 0).of_notional(500).initial.value(), 50);
    EXPECT_EQ(MarginTable::make(params, Checked::overflowed()).of_notional(500).initial.value(),
              500);
}

/// R-FEE-4: a matcher that charges fees of its own gives away no more than a small share of
/// notional.
TEST_F(PriceAudit, HostRebatesAreBounded) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.terms.host_matched = true;
    start(create);
    Trade fill = trade(kAlice, kBob, 1, 600'000);  // 6,000,000 quanta
    fill.host_fees = HostFees{.buyer = 0, .seller = -60'001};
    EXPECT_EQ(run_one(fill), Status::kHostFees);
    fill.host_fees = HostFees{.buyer = -60'000, .seller = -60'000};
    EXPECT_EQ(run_one(fill), Status::kApplied);
}

}  // namespace
}  // namespace lockstep::test
