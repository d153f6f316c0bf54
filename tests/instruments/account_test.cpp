#include <gtest/gtest.h>

#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

class AccountTest : public testing::Test, protected TestVenue {
  protected:
    void SetUp() override {
        open();
        EXPECT_EQ(run_one(market(kPerp, MarketKind::kLinearPerpetual)), Status::kApplied);
        set_price(600'000);
        deposit(kAlice, 1'000'000'000);
        deposit(kBob, 1'000'000'000);
    }
    Withdraw withdraw(Int128 amount) {
        return {.account = kAlice, .asset = kUsd, .amount = amount};
    }
};

TEST_F(AccountTest, DepositCountsEachReferenceOnce) {
    const Deposit deposit{.account = kCarol, .asset = kUsd, .amount = 5, .reference = 999};
    EXPECT_EQ(run_one(Deposit{.account = kCarol, .asset = AssetId{9}, .amount = 0}),
              Status::kAssetUnknown);
    EXPECT_EQ(run_one(Deposit{.account = kCarol, .asset = kUsd, .amount = 0}), Status::kAmount);
    EXPECT_EQ(run_one(deposit, kAlice), Status::kUnauthorised);
    EXPECT_EQ(run_one(deposit), Status::kApplied);
    EXPECT_EQ(run_one(deposit), Status::kDepositReplay);
    EXPECT_EQ(cash(kCarol), 5);
}

TEST_F(AccountTest, WithdrawalTakesCashOnly) {
    EXPECT_EQ(run_one(withdraw(-1), kAlice), Status::kAmount);
    EXPECT_EQ(run_one(withdraw(1'000'000'001), kAlice), Status::kInsufficientCash);
    EXPECT_EQ(run_one(withdraw(1), kBob), Status::kUnauthorised);
    EXPECT_EQ(run_one(withdraw(400'000'000), kAlice), Status::kApplied);
    EXPECT_EQ(cash(kAlice), 600'000'000);
    EXPECT_EQ(number(asset_key(CellKind::kAssetTotal, kUsd)), 1'600'000'000);
}

/// The lesson of October 2022: profit on paper never leaves the venue.
TEST_F(AccountTest, UnrealisedProfitIsNotWithdrawable) {
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'000, 600'000)), Status::kApplied);
    set_price(6'000'000);
    // Alice's profit is 54,000,000,000; her requirement is 6,000,000,000 at the new mark.
    EXPECT_EQ(run_one(withdraw(1), kAlice), Status::kMargin);
    EXPECT_EQ(run_one(Transfer{.from = kAlice, .to = kBob, .asset = kUsd, .amount = 1}, kAlice),
              Status::kMargin);
}

TEST_F(AccountTest, TransferMovesCashBetweenAccounts) {
    Transfer transfer{.from = kAlice, .to = kAlice, .asset = kUsd, .amount = 5};
    EXPECT_EQ(run_one(transfer, kAlice), Status::kSelfTransfer);
    transfer.to = kCarol;
    EXPECT_EQ(run_one(transfer, kAlice), Status::kNoAccount);
    EXPECT_EQ(run_one(CreateAccount{.account = kCarol}, kCarol), Status::kApplied);
    EXPECT_EQ(run_one(CreateAccount{.account = kCarol}, kCarol), Status::kExists);
    EXPECT_EQ(run_one(transfer, kAlice), Status::kApplied);
    EXPECT_EQ(cash(kCarol), 5);
    EXPECT_EQ(run_one(CreateAccount{.account = make_account(3, 1)}, kAlice), Status::kUnauthorised);
    EXPECT_EQ(run_one(CreateAccount{.account = make_account(3, 1)}, kCarol), Status::kApplied);
}

TEST_F(AccountTest, PrologueChecksRunInTheStatedOrder) {
    Transaction transaction = sign(make_account(50), withdraw(1));
    const auto status = [&] { return run({transaction}).at(0); };
    transaction.envelope.valid_until_ms = 0;
    EXPECT_EQ(status(), Status::kNoAccount);
    EXPECT_EQ(run_one(SetFrozen{.account = kBob, .frozen = true}), Status::kApplied);
    transaction.envelope.signer = kBob;
    EXPECT_EQ(status(), Status::kAccountFrozen);
    EXPECT_EQ(run_one(SetFrozen{.account = kBob, .frozen = false}), Status::kApplied);
    EXPECT_EQ(status(), Status::kUnauthorised);
    transaction.envelope.signer = kAlice;
    EXPECT_EQ(status(), Status::kExpiredTx);
    transaction.envelope.valid_until_ms = now() + 49 * kHourMs;
    EXPECT_EQ(status(), Status::kNonceWindow);
    EXPECT_EQ(run_one(SetVenueParams{.paused = true}), Status::kApplied);
    transaction.envelope.valid_until_ms = now() + kHourMs;
    EXPECT_EQ(status(), Status::kPaused);
    EXPECT_EQ(run_one(SetVenueParams{.paused = false}), Status::kApplied);
    EXPECT_EQ(status(), Status::kNonceUsed);  // spent by the paused attempt
    transaction.envelope.nonce = NonceBits::kLimit;
    EXPECT_EQ(status(), Status::kMalformed);
}

TEST_F(AccountTest, ValidUntilIsInclusive) {
    Transaction transaction = sign(kAlice, withdraw(1));
    transaction.envelope.valid_until_ms = now() + 1000;
    EXPECT_EQ(run({transaction}, 1000).at(0), Status::kApplied);
    transaction.envelope.nonce = 77'777;
    EXPECT_EQ(run({transaction}, 1).at(0), Status::kExpiredTx);
}

TEST_F(AccountTest, NoncesAreUnorderedAndSeparatePerExpiryBucket) {
    std::vector<Transaction> all;
    for (const std::uint64_t nonce : {5'000'000U, 3U, 1'024U, 262'144U, 0U}) {
        Transaction transaction = sign(kAlice, withdraw(1));
        transaction.envelope.nonce = nonce;
        all.push_back(transaction);
    }
    EXPECT_EQ(run(all), std::vector<Status>(5, Status::kApplied));
    EXPECT_EQ(run(all), std::vector<Status>(5, Status::kNonceUsed));
    for (Transaction& transaction : all) {
        transaction.envelope.valid_until_ms += kHourMs;
    }
    EXPECT_EQ(run(all), std::vector<Status>(5, Status::kApplied));
}

/// Spent nonces are dropped once nobody can ask for them: state does not grow for ever.
TEST_F(AccountTest, NoncesAreDroppedAfterTheirTime) {
    const auto withdraw_with_nonce = [&](std::uint64_t nonce) {
        Transaction transaction = sign(kAlice, withdraw(1));
        transaction.envelope.nonce = nonce;
        transaction.envelope.valid_until_ms = now() + kHourMs;
        return run({transaction}).at(0);
    };
    EXPECT_EQ(withdraw_with_nonce(9), Status::kApplied);
    const std::size_t cells = store().size();
    wait(NonceBits::kRing * NonceBits::kBucketMs - 1'000);
    EXPECT_EQ(withdraw_with_nonce(9), Status::kApplied);
    EXPECT_EQ(store().size(), cells);
    EXPECT_EQ(withdraw_with_nonce(9), Status::kNonceUsed);
}

TEST_F(AccountTest, DelegateCancelsButMovesNoCash) {
    EXPECT_EQ(run_one(SetDelegate{.account = kAlice, .delegate = kBob}, kAlice), Status::kApplied);
    EXPECT_EQ(run_one(CancelOrders{.account = kAlice, .salt_below = 10}, kBob), Status::kApplied);
    EXPECT_EQ(run_one(withdraw(1), kBob), Status::kUnauthorised);
    EXPECT_EQ(run_one(SetDelegate{.account = kAlice, .delegate = kBob}, kBob),
              Status::kUnauthorised);
}

TEST_F(AccountTest, GovernanceBelongsToTheVenue) {
    EXPECT_EQ(run_one(SetVenueParams{}, kAlice), Status::kUnauthorised);
    EXPECT_EQ(run_one(market(MarketId{8}, MarketKind::kLinearPerpetual), kAlice),
              Status::kUnauthorised);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000), kAlice), Status::kUnauthorised);
}

TEST_F(AccountTest, InsuranceDepositLeavesTheAccount) {
    EXPECT_EQ(run_one(InsuranceDeposit{.account = kAlice, .asset = kUsd, .amount = 7}, kAlice),
              Status::kApplied);
    EXPECT_EQ(number(asset_key(CellKind::kInsurance, kUsd)), 7);
    EXPECT_EQ(cash(kAlice), 999'999'993);
}

/// Coin collateral is valued by its feed, and backs positions in dollars.
TEST_F(AccountTest, CollateralInAnotherAssetCountsAtItsPrice) {
    deposit(kCarol, 100'000'000, kCoin);  // 1 BTC at 60,000.0 = 60,000 USD
    EXPECT_EQ(run_one(trade(kCarol, kBob, 1'000, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(Withdraw{.account = kCarol, .asset = kCoin, .amount = 99'500'000}, kCarol),
              Status::kMargin);  // 300 USD would be left of the 600 that are required
    EXPECT_EQ(run_one(Withdraw{.account = kCarol, .asset = kCoin, .amount = 99'000'000}, kCarol),
              Status::kApplied);
}

}  // namespace
}  // namespace lockstep::test
