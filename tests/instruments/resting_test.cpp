#include "instruments/resting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>

#include "engine/base/random.hpp"
#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

bool is_page(CellKind kind) {
    return kind == CellKind::kRestingFeeds || kind == CellKind::kRestingMarkets;
}

/// A venue in which nothing rests: every block visits every feed and market.
class WakefulVenue : public Venue {
  public:
    template <class View, class Header>
    [[nodiscard]] Context begin_block(View& view, const Header& header,
                                      std::span<const Transaction> transactions) const {
        for (const CellKind kind : {CellKind::kRestingFeeds, CellKind::kRestingMarkets}) {
            for (std::uint32_t page = 0; page < 4; ++page) {
                view.erase(StateKey{kind, 0, page});
            }
        }
        return Venue::begin_block(view, header, transactions);
    }
};

constexpr FeedId kOtherFeed{2};
constexpr MarketId kSecondPerp{9};
constexpr MarketId kTiered{10};
constexpr std::array kMarkets = {kPerp, kInverse, kFuture, kCall, kSecondPerp, kTiered};

std::vector<CreateMarket> creations() {
    std::vector<CreateMarket> out = {TestVenue::market(kPerp, MarketKind::kLinearPerpetual),
                                     TestVenue::market(kInverse, MarketKind::kInversePerpetual),
                                     TestVenue::market(kFuture, MarketKind::kDatedFuture),
                                     TestVenue::market(kCall, MarketKind::kEuropeanOption),
                                     TestVenue::market(kSecondPerp, MarketKind::kLinearPerpetual),
                                     TestVenue::market(kTiered, MarketKind::kLinearPerpetual)};
    out[0].params.funding.interval_ms = kHourMs;
    out[1].terms.settlement_asset = kCoin;
    out[1].terms.multiplier = 1'000'000'000;
    out[1].params.funding.interval_ms = kHourMs;
    for (CreateMarket* create : {&out[2], &out[3]}) {
        create->terms.expiry_ms = kStartMs + 5 * kHourMs;
        create->terms.settle_window_ms = 600'000;
        create->terms.strike = 600'000;
    }
    out[2].terms.settle_interval_ms = 600'000;
    out[4].terms.feed = kOtherFeed;
    out[4].params.funding.interval_ms = 600'000;
    out[5].params.margin_tiers = {
        {.notional_upper = 1'000'000'000, .maintenance_ppm = 50'000, .initial_ppm = 100'000},
        {.maintenance_ppm = 60'000, .initial_ppm = 120'000}};
    return out;
}

class RestingTest : public testing::TestWithParam<std::uint64_t>, protected TestVenue {
  protected:
    RestingTest() : random_(GetParam()) {
        observe([this](const Block<Transaction>& block, const BlockResult& result) {
            compare(block, result);
        });
    }
    void set_up() {
        open(1'200'000);
        run_one(CreateFeed{.feed = kOtherFeed,
                           .params = {.max_age_ms = 2'000'000},
                           .sources = {{.signer = kOracle}, {.signer = kOracle}}});
        for (const CreateMarket& create : creations()) {
            ASSERT_EQ(run_one(create), Status::kApplied);
        }
        set_price(600'000);
        set_price(600'000, 1000, kOtherFeed);
        for (const AccountId account : {kAlice, kBob, kCarol}) {
            deposit(account, 2'000'000'000);
            deposit(account, 100'000'000, kCoin);
        }
    }
    /// The same block without rest: same statuses, same events.
    void compare(const Block<Transaction>& block, const BlockResult& result) {
        const auto other = wakeful_.execute(block);
        ASSERT_TRUE(other);
        ASSERT_EQ(other->events, result.events) << "block " << block.header.height;
        for (std::size_t i = 0; i < result.receipts.size(); ++i) {
            ASSERT_EQ(other->receipts[i].status, result.receipts[i].status)
                << "block " << block.header.height << ", transaction " << i;
            ++statuses_[Status{result.receipts[i].status}];
        }
        SerialView<Venue> view(store(), kPhaseLimits);
        RestingMarkets<SerialView<Venue>> pages(view, CellKind::kRestingMarkets);
        for (const MarketId market : kMarkets) {
            const std::int64_t until = pages.find(raw(market)).until_ms;
            rests_[market] += until > block.header.time_ms ? 1 : 0;
        }
    }
    /// All cells but the pages themselves; after a block that has visited everything.
    void compare_cells() {
        std::map<StateKey, Cell> cells;
        store().for_each([&](const StateKey& key, const Cell& cell) { cells.emplace(key, cell); });
        wakeful_store_.for_each([&](const StateKey& key, const Cell& cell) {
            if (!is_page(key.kind())) {
                const auto found = cells.find(key);
                ASSERT_NE(found, cells.end());
                EXPECT_EQ(found->second, cell) << static_cast<int>(key.kind()) << ' ' << key.item();
            }
        });
    }
    Transaction any() {
        const MarketId market = kMarkets[random_.below(kMarkets.size())];
        const FeedId feed = random_.chance(1, 2) ? kFeed : kOtherFeed;
        switch (random_.below(10)) {
            case 0:
            case 1: {
                price_ += random_.between(-3'000, 3'000);
                OracleUpdate update = price_update(price_, feed);
                update.source =
                    feed == kOtherFeed ? static_cast<std::uint32_t>(random_.below(2)) : 0;
                return sign(kVenueAccount, update);
            }
            case 2: {
                const bool quotes = random_.chance(1, 3);
                return sign(kVenueAccount,
                            BookUpdate{.market = market,
                                       .best_bid = quotes ? price_ - 10 : kNoPrice,
                                       .best_ask = quotes ? price_ + 20 : kNoPrice,
                                       .last = random_.chance(1, 2) ? price_ + 900 : kNoPrice,
                                       .impact_bid = random_.chance(1, 2) ? price_ + 500 : kNoPrice,
                                       .sequence = ++book_sequence_});
            }
            case 3: {
                CreateMarket create = creations()[random_.below(kMarkets.size())];
                if (create.terms.expiry_ms == 0) {
                    constexpr std::array<std::int64_t, 3> kIntervals = {0, 600'000, kHourMs};
                    create.params.funding.interval_ms = kIntervals[random_.below(3)];
                }
                create.params.margin_tiers[0].initial_ppm =
                    random_.chance(1, 2) ? 100'000 : 150'000;
                create.params.margin_tiers.resize(
                    random_.chance(1, 8) ? 1 : create.params.margin_tiers.size());
                return sign(kVenueAccount,
                            UpdateMarket{.market = create.market, .params = create.params});
            }
            case 4:
                return sign(
                    kVenueAccount,
                    SetMarketStatus{.market = market,
                                    .status = random_.chance(1, 30)  ? MarketStatus::kClosing
                                              : random_.chance(1, 4) ? MarketStatus::kReduceOnly
                                                                     : MarketStatus::kActive});
            case 5:
                return sign(kAlice,
                            Withdraw{.account = kAlice, .amount = random_.between(1, 1'000)});
            case 6:
                return sign(kVenueAccount,
                            SettleBatch{.market = market, .accounts = {kAlice, kBob}});
            default:
                return sign(kVenueAccount, trade(random_.chance(1, 2) ? kAlice : kCarol, kBob,
                                                 random_.between(1, 60),
                                                 market == kCall ? 20'000 : price_, market));
        }
    }
    std::int64_t elapsed() {
        return random_.chance(1, 12) ? random_.between(300'000, 1'500'000)
                                     : random_.between(0, 40'000);
    }

    Random random_;
    std::map<MarketId, int> rests_;
    std::map<Status, int> statuses_;

  private:
    WakefulVenue wakeful_venue_;
    StateStore<WakefulVenue> wakeful_store_;
    SerialExecutor<WakefulVenue> wakeful_{wakeful_venue_, wakeful_store_};
    std::int64_t price_ = 600'000;
    std::uint64_t book_sequence_ = 0;
};

/// Counts what the start of a block reads.
class CountingView : public SerialView<Venue> {
  public:
    using SerialView<Venue>::SerialView;
    [[nodiscard]] const Cell* read(const StateKey& key) {
        ++reads;
        return SerialView<Venue>::read(key);
    }
    int reads = 0;
};

/// What a block reads of 300 markets is their pages; of one that a transaction names, its cells.
TEST(Resting, TakesAFewReadsOfManyMarkets) {
    constexpr std::uint32_t kMany = 300;
    TestVenue venue;
    venue.check_invariants(false);
    venue.open();
    std::vector<Transaction> creations;
    for (std::uint32_t i = 0; i < kMany; ++i) {
        creations.push_back(venue.sign(
            kVenueAccount, TestVenue::market(MarketId{i + 1}, MarketKind::kLinearPerpetual)));
    }
    venue.run(std::move(creations));
    venue.set_price(600'000);
    venue.wait(1000);
    const auto reads = [&](std::span<const Transaction> transactions) {
        CountingView view(venue.store(), kPhaseLimits);
        const BlockHeader header{.height = 100, .time_ms = venue.now() + 1000};
        const VenueContext context = Venue().begin_block(view, header, transactions);
        EXPECT_EQ(context.rows.size(), kMany);
        EXPECT_EQ(context.markets.size(), transactions.size());
        EXPECT_EQ(view.entries().size(), 1U);  // the clock
        return view.reads;
    };
    const int resting = reads({});
    EXPECT_LT(resting, 60);  // 38 pages and lists
    const std::vector<Transaction> named = {
        venue.sign(kVenueAccount, venue.trade(kAlice, kBob, 1, 600'000, MarketId{7}))};
    EXPECT_LT(reads(named), resting + 20);
    EXPECT_GT(reads(named), resting + 5);
}

TEST_P(RestingTest, ChangesNoResult) {
    set_up();
    for (int block = 0; block < 400 && !HasFatalFailure(); ++block) {
        std::vector<Transaction> transactions;
        for (std::uint64_t i = random_.chance(1, 2) ? random_.below(4) : 0; i > 0; --i) {
            transactions.push_back(any());
        }
        run(std::move(transactions), elapsed());
        if (block % 50 == 49) {
            wait(2 * kFundingCatchUpMs);
            compare_cells();
        }
    }
    EXPECT_GT(rests_[kPerp], 30);
    EXPECT_GT(rests_[kSecondPerp], 30);
    EXPECT_GT(rests_[kCall], 30);
    EXPECT_GT(statuses_[Status::kApplied], 100);
}
INSTANTIATE_TEST_SUITE_P(Seeds, RestingTest, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace lockstep::test
