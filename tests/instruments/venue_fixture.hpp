#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"

namespace lockstep {

/// Tells what a status is in a failure message.
inline void PrintTo(Status status, std::ostream* out) {
    *out << name(status);
}

namespace test {

/// Stands for the key of the venue that may sign what is signed.
inline constexpr AccountId kVenueAccount = make_account(0, 0xffff);
inline constexpr AccountId kOracle = role_account(Role::kOracle);
inline constexpr AccountId kAlice = make_account(1);
inline constexpr AccountId kBob = make_account(2);
inline constexpr AccountId kCarol = make_account(3);
inline constexpr AccountId kDave = make_account(4);
inline constexpr AssetId kUsd{0};
inline constexpr AssetId kCoin{1};
inline constexpr FeedId kFeed{1};
inline constexpr MarketId kPerp{1};
inline constexpr MarketId kInverse{2};
inline constexpr MarketId kFuture{3};
inline constexpr MarketId kCall{4};
inline constexpr MarketId kPut{5};
inline constexpr std::int64_t kStartMs = 1'700'000'000'000;
inline constexpr std::int64_t kHourMs = 3'600'000;

/// Tells what a status is in a failure message.
inline void PrintTo(Status status, std::ostream* out) {
    *out << name(status);
}

/// A venue over the serial executor: blocks in, statuses out. The invariants are recomputed from
/// all cells after every block.
class TestVenue {
  public:
    explicit TestVenue(std::int64_t start_ms = kStartMs);
    TestVenue(const TestVenue&) = delete;
    TestVenue& operator=(const TestVenue&) = delete;
    ~TestVenue();

    [[nodiscard]] std::int64_t now() const noexcept { return now_ms_; }
    [[nodiscard]] const StateStore<Venue>& store() const noexcept { return store_; }

    /// Wraps a payload into a transaction of `signer` with a fresh nonce.
    [[nodiscard]] Transaction sign(AccountId signer, Payload payload) {
        return {.envelope = {.signer = signer == kVenueAccount ? venue_signer(payload) : signer,
                             .nonce = nonce_++,
                             .valid_until_ms = now_ms_ + 40 * kHourMs},
                .payload = std::move(payload)};
    }

    /// One block, `elapsed_ms` after the last one.
    std::vector<Status> run(std::vector<Transaction> transactions, std::int64_t elapsed_ms = 1000);
    /// One payload of the venue in a block of its own.
    Status run_one(Payload payload, AccountId signer = kVenueAccount) {
        const Transaction transaction = sign(signer, std::move(payload));
        return run({transaction}).at(0);
    }
    /// An empty block.
    void wait(std::int64_t elapsed_ms) { run({}, elapsed_ms); }

    [[nodiscard]] std::vector<std::string> violations() const {
        InvariantScan scan;
        store_.for_each([&](const StateKey& key, const Cell& cell) { scan.add(key, cell); });
        return scan.violations();
    }
    void check_invariants(bool on) noexcept { checked_ = on; }
    /// Calls `observer` after every block.
    void observe(std::function<void(const Block<Transaction>&, const BlockResult&)> observer) {
        observer_ = std::move(observer);
    }

    [[nodiscard]] Int128 number(const StateKey& key) const {
        const Cell* cell = store_.get(key);
        return cell == nullptr ? 0 : cell->number();
    }
    [[nodiscard]] Int128 cash(AccountId account, AssetId asset = kUsd) const {
        const Cell* cell = store_.get(account_key(account));
        SerialView<Venue> view(store_, kPhaseLimits);
        return cell == nullptr ? 0 : cash_of(view, account, AccountHead(*cell), asset);
    }
    [[nodiscard]] Position position(AccountId account, MarketId market = kPerp) const {
        const Cell* cell = store_.get(account_key(account));
        Position position{};
        if (cell != nullptr) {
            SerialView<Venue> view(store_, kPhaseLimits);
            static_cast<void>(find_position(AccountBlocks(view, account, *cell), market, position));
        }
        return position;
    }
    [[nodiscard]] TickRecord tick(MarketId market = kPerp) const {
        const Cell* cell = store_.get(market_key(CellKind::kTick, market));
        return cell == nullptr ? TickRecord{} : TickRecord::decode(*cell);
    }
    [[nodiscard]] const std::vector<TradeEvent>& trades() const noexcept { return trades_; }
    [[nodiscard]] const BlockResult& last() const noexcept { return last_; }

    // ---- building blocks ------------------------------------------------------------------------

    [[nodiscard]] OracleUpdate price_update(std::int64_t price, FeedId feed = kFeed) {
        return {.feed = feed,
                .source = 0,
                .price = price,
                .publish_time_ms = now_ms_,
                .sequence = ++sequence_};
    }
    /// A block with nothing but a price.
    void set_price(std::int64_t price, std::int64_t elapsed_ms = 1000, FeedId feed = kFeed) {
        OracleUpdate update = price_update(price, feed);
        update.publish_time_ms = now_ms_ + elapsed_ms;
        const auto statuses = run({sign(kVenueAccount, update)}, elapsed_ms);
        EXPECT_EQ(statuses.at(0), Status::kApplied);
    }
    [[nodiscard]] Order order(AccountId account, std::int64_t limit, std::int64_t lots,
                              MarketId market = kPerp) {
        return {.account = account,
                .market = market,
                .limit_price = limit,
                .lots = lots,
                .max_fee_ppm = 100'000,
                .good_til_ms = now_ms_ + kHourMs,
                .salt = ++salt_};
    }
    [[nodiscard]] Trade trade(AccountId buyer, AccountId seller, std::int64_t lots,
                              std::int64_t price, MarketId market = kPerp) {
        Trade out{.buyer = order(buyer, price, lots, market),
                  .seller = order(seller, price, lots, market),
                  .lots = lots,
                  .price = price};
        out.seller.side = OrderSide::kSell;
        return out;
    }
    void deposit(AccountId account, Int128 amount, AssetId asset = kUsd) {
        EXPECT_EQ(
            run_one(Deposit{
                .account = account, .asset = asset, .amount = amount, .reference = ++reference_}),
            Status::kApplied);
    }

    /// USD, a coin, a feed of one source, and nothing else.
    void open(std::int64_t max_age_ms = 1'000'000'000) {
        const std::vector<Status> statuses =
            run({sign(kVenueAccount, CreateAsset{.asset = kUsd}),
                 sign(kVenueAccount, CreateFeed{.feed = kFeed,
                                                .params = {.max_age_ms = max_age_ms},
                                                .sources = {{.signer = kOracle}}}),
                 sign(kVenueAccount, CreateAsset{.asset = kCoin,
                                                 .decimals = 8,
                                                 .haircut_ppm = 0,
                                                 .feed = kFeed,
                                                 .value_divisor = 1000})});
        EXPECT_EQ(statuses, (std::vector<Status>(3, Status::kApplied)));
    }
    /// A market with 5 % maintenance and 10 % initial margin, a band of 50 % and no fees, unless
    /// told otherwise.
    [[nodiscard]] static CreateMarket market(MarketId id, MarketKind kind) {
        CreateMarket create{.market = id};
        create.terms.kind = kind;
        create.terms.feed = kFeed;
        create.terms.multiplier = 10;
        create.params.margin_tiers = {{.maintenance_ppm = 50'000, .initial_ppm = 100'000}};
        create.params.max_price = 10'000'000;
        create.params.band_ppm = 500'000;
        create.params.max_position_lots = std::int64_t{1} << 40;
        return create;
    }

  private:
    Venue venue_;
    StateStore<Venue> store_;
    SerialExecutor<Venue> executor_{venue_, store_};
    BlockResult last_;
    std::vector<TradeEvent> trades_;
    std::int64_t now_ms_;
    std::uint64_t height_ = 0;
    std::uint64_t nonce_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t salt_ = 0;
    std::uint64_t reference_ = 0;
    bool checked_ = true;
    std::function<void(const Block<Transaction>&, const BlockResult&)> observer_;
};

}  // namespace test
}  // namespace lockstep
