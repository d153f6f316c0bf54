#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/random.hpp"
#include "engine/contract/block.hpp"
#include "instruments/authority.hpp"
#include "instruments/transaction.hpp"

namespace lockstep::bench {

/// Blocks of trades between accounts that have a given number of positions each, one in each linear
/// market: what a trade costs by the positions that its margin looks at.
///
/// Every block begins a second after the one before and moves all prices a little.
class PlainTrades {
  public:
    using Transactions = std::vector<Transaction>;

    PlainTrades(std::uint32_t positions, std::uint32_t accounts)
        : positions_(positions), accounts_(accounts) {}

    /// Blocks that make markets, accounts and their positions, in order.
    [[nodiscard]] std::vector<Block<Transaction>> setup() {
        std::vector<Block<Transaction>> blocks;
        Transactions list{sign(CreateAsset{.asset = AssetId{0}})};
        for (std::uint32_t id = 1; id <= positions_; ++id) {
            list.push_back(
                sign(CreateFeed{.feed = FeedId{id},
                                .params = {.max_age_ms = 1'000'000'000},
                                .sources = {{.signer = venue_signer(Payload{OracleUpdate{}})}}}));
        }
        blocks.push_back(block(std::move(list)));
        list.clear();
        for (std::uint32_t id = 1; id <= positions_; ++id) {
            list.push_back(sign(market(id)));
        }
        for (std::uint32_t a = 0; a < accounts_; ++a) {
            list.push_back(sign(Deposit{.account = account(a),
                                        .asset = AssetId{0},
                                        .amount = 1'000'000'000'000,
                                        .reference = std::uint64_t{a} + 1}));
        }
        blocks.push_back(block(std::move(list)));
        blocks.push_back(prices_and({}));
        for (std::uint32_t id = 1; id <= positions_; ++id) {
            Transactions fills;
            for (std::uint32_t a = 0; a + 1 < accounts_; a += 2) {
                for (int i = 0; i < 3; ++i) {
                    fills.push_back(trade(a, a + 1, id));
                }
            }
            blocks.push_back(prices_and(std::move(fills)));
        }
        return blocks;
    }
    /// The next block of trades, each between an even account and an odd one.
    [[nodiscard]] Block<Transaction> next(std::size_t trades) {
        Transactions list;
        while (list.size() < trades) {
            const auto even = static_cast<std::uint32_t>(random_.below(accounts_ / 2)) * 2;
            const auto odd = static_cast<std::uint32_t>(random_.below(accounts_ / 2)) * 2 + 1;
            const auto id = static_cast<std::uint32_t>(1 + random_.below(positions_));
            const bool swap = random_.chance(1, 2);
            list.push_back(trade(swap ? odd : even, swap ? even : odd, id));
        }
        return prices_and(std::move(list));
    }

  private:
    static constexpr std::int64_t kPrice = 60'000;
    static constexpr std::int64_t kLots = 100;

    [[nodiscard]] static AccountId account(std::uint32_t number) {
        return make_account(std::uint64_t{10} + number);
    }
    [[nodiscard]] static CreateMarket market(std::uint32_t id) {
        CreateMarket made{.market = MarketId{id}};
        made.terms.feed = FeedId{id};
        made.terms.multiplier = 10;
        made.params.margin_tiers = {{.maintenance_ppm = 20'000, .initial_ppm = 50'000}};
        made.params.max_position_lots = std::int64_t{1} << 40;
        made.params.max_price = 10'000'000;
        made.params.band_ppm = 500'000;
        made.params.funding = {.interval_ms = 3'600'000};
        return made;
    }
    [[nodiscard]] Transaction sign(Payload payload) {
        const AccountId signer = venue_signer(payload);
        return {.envelope = {.signer = signer,
                             .nonce = nonce_++,
                             .valid_until_ms = now_ms_ + 72'000'000},
                .payload = std::move(payload)};
    }
    [[nodiscard]] Order order(std::uint32_t number, std::uint32_t id, OrderSide side) {
        return {.account = account(number),
                .market = MarketId{id},
                .limit_price = kPrice,
                .lots = kLots,
                .max_fee_ppm = 100'000,
                .good_til_ms = now_ms_ + 60'000,
                .salt = ++salt_,
                .side = side};
    }
    [[nodiscard]] Transaction trade(std::uint32_t buyer, std::uint32_t seller, std::uint32_t id) {
        Trade fill;
        fill.buyer = order(buyer, id, OrderSide::kBuy);
        fill.seller = order(seller, id, OrderSide::kSell);
        fill.lots = kLots;
        fill.price = kPrice;
        return sign(std::move(fill));
    }
    [[nodiscard]] Block<Transaction> prices_and(Transactions list) {
        for (std::uint32_t id = 1; id <= positions_; ++id) {
            list.push_back(
                sign(OracleUpdate{.feed = FeedId{id},
                                  .price = kPrice + static_cast<std::int64_t>(height_ % 7),
                                  .publish_time_ms = now_ms_,
                                  .sequence = ++sequence_}));
        }
        return block(std::move(list));
    }
    [[nodiscard]] Block<Transaction> block(Transactions list) {
        Block<Transaction> made{.header = {.height = ++height_, .time_ms = now_ms_},
                                .transactions = std::move(list)};
        now_ms_ += 1'000;
        return made;
    }

    std::uint32_t positions_;
    std::uint32_t accounts_;
    Random random_{42};
    std::uint64_t height_ = 0;
    std::int64_t now_ms_ = 1'700'000'000'000;
    std::uint64_t nonce_ = 0;
    std::uint64_t salt_ = 0;
    std::uint64_t sequence_ = 0;
};

}  // namespace lockstep::bench
