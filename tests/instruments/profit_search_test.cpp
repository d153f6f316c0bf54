// R-TRADE-7, R-MARGIN-5, R-MARGIN-7: two accounts of one thief, k fills between them anywhere in
// the band, one price move somewhere among them; then both pay out all that they can. Exhaustive
// for small k.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

constexpr std::int64_t kMark = 600'000;
constexpr std::int64_t kBandPpm = 50'000;
constexpr Int128 kDeposit = 1'000'000'000;  // 1,000 USD

/// How the market is made, and how far its price moves.
struct Setting {
    MarketKind kind = MarketKind::kLinearPerpetual;
    std::int32_t initial_ppm = 0;
    std::int64_t move_ppm = 0;
    std::array<std::int64_t, 2> sizes{};
};

/// One fill that the thief may choose: who buys, how much, where in the band.
struct Choice {
    bool first_buys = false;
    std::int64_t lots = 0;
    std::int64_t offset_ppm = 0;
};

std::vector<Choice> choices(const Setting& setting) {
    std::vector<Choice> out;
    for (const bool first_buys : {true, false}) {
        for (const std::int64_t lots : setting.sizes) {
            for (const std::int64_t offset : {-kBandPpm, std::int64_t{0}, kBandPpm}) {
                out.push_back({first_buys, lots, offset});
            }
        }
    }
    return out;
}

class ProfitSearch : public testing::TestWithParam<Setting>, protected TestVenue {
  protected:
    static MarketId market_of(const Setting& setting) {
        return setting.kind == MarketKind::kInversePerpetual ? kInverse : kPerp;
    }
    void start(const Setting& setting) {
        check_invariants(false);
        open();
        CreateMarket create = market(market_of(setting), setting.kind);
        create.params.margin_tiers = {
            {.maintenance_ppm = setting.initial_ppm / 2, .initial_ppm = setting.initial_ppm}};
        create.params.band_ppm = kBandPpm;
        if (setting.kind == MarketKind::kInversePerpetual) {
            create.terms.settlement_asset = kCoin;
            create.terms.multiplier = std::int64_t{100} * 100'000'000 * 10;
        }
        EXPECT_EQ(run_one(create), Status::kApplied);
        set_price(kMark);
    }
    static AccountId first(std::uint64_t thief) { return make_account(100 + thief, 0); }
    static AccountId second(std::uint64_t thief) { return make_account(100 + thief, 1); }

    Transaction fill(std::uint64_t thief, const Choice& choice, std::int64_t mark, MarketId id) {
        const std::int64_t price = mark + mark * choice.offset_ppm / kPpm;
        const AccountId buyer = choice.first_buys ? first(thief) : second(thief);
        const AccountId seller = choice.first_buys ? second(thief) : first(thief);
        return sign(kVenueAccount, trade(buyer, seller, choice.lots, price, id));
    }
    /// Pays out of every account, by halves of `most` down to `least`, what the venue lets go; adds
    /// its value in dollars at `price` to what the thief has taken.
    void pay_out(AssetId asset, std::int64_t most, std::int64_t least, std::int64_t price) {
        for (std::int64_t amount = most; amount >= least; amount /= 2) {
            std::vector<Transaction> block;
            for (std::uint64_t thief = 0; thief < taken_.size(); ++thief) {
                for (const AccountId account : {first(thief), second(thief)}) {
                    block.push_back(sign(account, Withdraw{account, asset, Int128{amount}}));
                }
            }
            const std::vector<Status> statuses = run(block);
            for (std::size_t i = 0; i < statuses.size(); ++i) {
                if (statuses[i] == Status::kApplied) {
                    taken_[i / 2] += asset == kUsd ? Int128{amount} : Int128{amount} * price / 1000;
                }
            }
        }
    }

    std::vector<Int128> taken_;  ///< by thief, quanta of a dollar
};

TEST_P(ProfitSearch, V3NoFillsBringMoreOutThanWasPutIn) {
    const Setting& setting = GetParam();
    start(setting);
    const MarketId id = market_of(setting);
    const std::vector<Choice> all = choices(setting);
    const std::size_t n = all.size();
    constexpr std::size_t kFills = 3;
    // One thief for every sequence of fills and every place of the move among them.
    std::size_t sequences = 1;
    for (std::size_t i = 0; i < kFills; ++i) {
        sequences *= n;
    }
    const std::size_t thieves = sequences * (kFills + 1);
    taken_.resize(thieves);
    std::vector<Transaction> deposits;
    for (std::uint64_t thief = 0; thief < thieves; ++thief) {
        for (const AccountId account : {first(thief), second(thief)}) {
            deposits.push_back(
                sign(kVenueAccount, Deposit{account, kUsd, kDeposit, 1'000 + raw(account)}));
        }
    }
    run(deposits);
    std::size_t applied = 0;
    const std::int64_t moved = kMark + kMark * setting.move_ppm / kPpm;
    for (const bool after : {false, true}) {
        std::vector<Transaction> fills;
        for (std::uint64_t thief = 0; thief < thieves; ++thief) {
            const std::size_t place = thief % (kFills + 1);
            std::size_t sequence = thief / (kFills + 1);
            for (std::size_t i = 0; i < kFills; ++i, sequence /= n) {
                if ((i >= place) == after) {
                    fills.push_back(fill(thief, all[sequence % n], after ? moved : kMark, id));
                }
            }
        }
        for (const Status status : run(fills)) {
            applied += status == Status::kApplied ? 1 : 0;
        }
        if (!after) {
            set_price(moved);
        }
    }
    EXPECT_GT(applied, thieves);
    // Coins come out first: they are what an inverse market pays in.
    pay_out(kCoin, std::int64_t{1'000} << 16, 1'000, moved);
    pay_out(kUsd, std::int64_t{1'000'000} << 11, 1'000'000, moved);
    std::size_t robbed = 0;
    std::size_t paid = 0;
    for (const Int128 taken : taken_) {
        robbed += taken > 2 * kDeposit ? 1 : 0;
        paid += taken > kDeposit ? 1 : 0;
    }
    EXPECT_EQ(robbed, 0U);
    EXPECT_GT(paid, thieves / 4);
}

constexpr MarketKind kLinear = MarketKind::kLinearPerpetual;
constexpr MarketKind kCoinMargined = MarketKind::kInversePerpetual;

// Moves within maintenance margin: a larger one makes debts by itself, whoever trades.
INSTANTIATE_TEST_SUITE_P(Settings, ProfitSearch,
                         testing::Values(Setting{kLinear, 100'000, 45'000, {400, 1'500}},
                                         Setting{kLinear, 100'000, -45'000, {400, 1'500}},
                                         Setting{kLinear, 20'000, 9'000, {2'000, 8'000}},
                                         Setting{kLinear, 20'000, -9'000, {2'000, 8'000}},
                                         Setting{kCoinMargined, 20'000, 9'000, {100, 480}},
                                         Setting{kCoinMargined, 20'000, -9'000, {100, 480}}));

}  // namespace
}  // namespace lockstep::test
