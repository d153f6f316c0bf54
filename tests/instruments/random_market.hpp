#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/base/random.hpp"
#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {

/// Makes random but mostly valid traffic over one market of each kind: fills, deposits,
/// withdrawals, transfers, realisations, batches, oracle and book updates.
class RandomMarket {
  public:
    static constexpr std::uint64_t kTraders = 8;
    static constexpr std::int64_t kExpiryMs = kStartMs + 3 * kHourMs;

    RandomMarket(std::uint64_t seed, TestVenue& venue) : random_(seed), venue_(venue) {}

    void set_up() {
        venue_.open();
        std::vector<Transaction> creations;
        for (CreateMarket create : markets()) {
            creations.push_back(venue_.sign(kVenueAccount, create));
        }
        for (const Status status : venue_.run(creations)) {
            EXPECT_EQ(status, Status::kApplied);
        }
        venue_.set_price(price_);
        for (std::uint64_t i = 0; i < kTraders; ++i) {
            // Some are rich, the others meet their margin soon.
            const bool rich = i < 4;
            venue_.deposit(trader(i), rich ? 2'000'000'000'000 : 120'000'000, kUsd);
            venue_.deposit(trader(i), rich ? 5'000'000'000 : 10'000, kCoin);
        }
    }
    /// A block of `count` transactions, drawn now.
    [[nodiscard]] std::vector<Transaction> block(std::size_t count) {
        std::vector<Transaction> out;
        if (random_.chance(4, 5)) {
            price_ += random_.between(-9'000, 9'000);
            price_ = std::clamp<std::int64_t>(price_, 200'000, 1'500'000);
            out.push_back(venue_.sign(kVenueAccount, venue_.price_update(price_)));
        }
        for (const MarketId market : {kPerp, kInverse, kFuture}) {
            if (random_.chance(1, 2)) {
                out.push_back(venue_.sign(kVenueAccount, book(market)));
            }
        }
        while (out.size() < count) {
            out.push_back(action());
        }
        return out;
    }
    /// Closes what one trader holds in settled markets.
    [[nodiscard]] std::vector<Transaction> settle(std::uint64_t trader_number) {
        std::vector<Transaction> out;
        for (const MarketId market : {kPerp, kInverse, kFuture, kCall, kPut}) {
            out.push_back(venue_.sign(
                kVenueAccount, SettleBatch{.market = market, .accounts = {trader(trader_number)}}));
        }
        return out;
    }
    [[nodiscard]] static AccountId trader(std::uint64_t i) { return make_account(100 + i); }

  private:
    [[nodiscard]] static std::vector<CreateMarket> markets() {
        std::vector<CreateMarket> out = {TestVenue::market(kPerp, MarketKind::kLinearPerpetual),
                                         TestVenue::market(kInverse, MarketKind::kInversePerpetual),
                                         TestVenue::market(kFuture, MarketKind::kDatedFuture),
                                         TestVenue::market(kCall, MarketKind::kEuropeanOption),
                                         TestVenue::market(kPut, MarketKind::kEuropeanOption)};
        for (CreateMarket& create : out) {
            create.fees = {{.maker_ppm = -100, .taker_ppm = 450}};
            create.params.option_floor_ppm = 80'000;
            if (create.terms.kind == MarketKind::kInversePerpetual) {
                create.terms.settlement_asset = kCoin;
                create.terms.multiplier = 1'000'000'000;
            }
            const bool perpetual = create.market == kPerp || create.market == kInverse;
            create.params.funding.interval_ms = perpetual ? 1000 : 0;
            create.terms.expiry_ms = perpetual ? 0 : kExpiryMs;
            create.terms.strike = 600'000;
            create.terms.settle_interval_ms = create.market == kFuture ? 600'000 : 0;
        }
        out[4].terms.option_side = OptionSide::kPut;
        return out;
    }
    [[nodiscard]] BookUpdate book(MarketId market) {
        const std::int64_t middle = price_ + random_.between(-3'000, 3'000);
        return {.market = market,
                .best_bid = middle - 10,
                .best_ask = middle + 10,
                .last = middle,
                .impact_bid = middle - 50,
                .impact_ask = middle + 50,
                .sequence = ++book_sequence_};
    }
    [[nodiscard]] Trade fill() {
        const std::uint64_t buyer = random_.below(kTraders);
        const std::uint64_t seller = (buyer + random_.below(kTraders)) % kTraders;
        const MarketId market{static_cast<std::uint32_t>(random_.between(1, 5))};
        const bool option = market == kCall || market == kPut;
        const std::int64_t price =
            option ? random_.between(1, 60'000) : price_ + random_.between(-6'000, 6'000);
        Trade trade = venue_.trade(
            trader(buyer), trader(seller),
            random_.chance(2, 3) ? 100 * random_.between(1, 2) : random_.between(1, 400), price,
            market);
        trade.buyer_is_taker = random_.chance(1, 2);
        trade.buyer.reduce_only = random_.chance(1, 10);
        return trade;
    }
    [[nodiscard]] Transaction action() {
        const AccountId account = trader(random_.below(kTraders));
        const AssetId asset = random_.chance(1, 2) ? kUsd : kCoin;
        const Int128 amount = random_.between(-10, 900'000'000);
        switch (random_.below(12)) {
            case 0:
                return venue_.sign(kVenueAccount, Deposit{.account = account,
                                                          .asset = asset,
                                                          .amount = amount,
                                                          .reference = 1'000 + random_.next()});
            case 1:
                return venue_.sign(account,
                                   Withdraw{.account = account, .asset = asset, .amount = amount});
            case 2:
                return venue_.sign(account, Transfer{.from = account,
                                                     .to = trader(random_.below(kTraders)),
                                                     .asset = asset,
                                                     .amount = amount});
            case 3:
                return venue_.sign(account, RealisePnl{.account = account, .market = kFuture});
            case 4: {
                Batch batch{.atomic = random_.chance(1, 2)};
                for (std::uint64_t i = random_.below(5); i > 0; --i) {
                    batch.fills.push_back(fill());
                }
                return venue_.sign(kVenueAccount, batch);
            }
            case 5:
                return venue_.sign(
                    account,
                    InsuranceDeposit{.account = account, .asset = asset, .amount = amount % 1000});
            default:
                return venue_.sign(kVenueAccount, fill());
        }
    }

    Random random_;
    TestVenue& venue_;
    std::int64_t price_ = 600'000;
    std::uint64_t book_sequence_ = 0;
};

}  // namespace lockstep::test
