#include "replay/generate/workload.hpp"

#include <gtest/gtest.h>

#include "engine/base/digest.hpp"
#include "replay/import/serial_run.hpp"

namespace lockstep {
namespace {

WorkloadOptions small(WorkloadKind kind, std::uint64_t seed = 1) {
    WorkloadOptions options;
    options.kind = kind;
    options.seed = seed;
    options.accounts = 200;
    options.markets = 16;
    options.block_transactions = 300;
    return options;
}

constexpr WorkloadKind kKinds[] = {WorkloadKind::kTransfers, WorkloadKind::kTrades,
                                   WorkloadKind::kHotMarket, WorkloadKind::kHotAccount,
                                   WorkloadKind::kChain,     WorkloadKind::kMixed};

Digest digest_of_blocks(const WorkloadOptions& options, int blocks) {
    Workload workload(options);
    ByteWriter all;
    for (int i = 0; i < blocks; ++i) {
        const auto encoded = encode_block(workload.next());
        EXPECT_TRUE(encoded.has_value());
        all.put_bytes(*encoded);
    }
    return digest_of(all.bytes());
}

TEST(Workload, SameSeedGivesSameBytesAndAnotherSeedOthers) {
    for (const WorkloadKind kind : kKinds) {
        SCOPED_TRACE(workload_names()[static_cast<std::size_t>(kind)]);
        const Digest first = digest_of_blocks(small(kind), 12);
        EXPECT_EQ(first.hex(), digest_of_blocks(small(kind), 12).hex());
        EXPECT_NE(first.hex(), digest_of_blocks(small(kind, 2), 12).hex());
    }
}

TEST(Workload, EverythingButFaultsIsApplied) {
    for (const WorkloadKind kind : kKinds) {
        SCOPED_TRACE(workload_names()[static_cast<std::size_t>(kind)]);
        Workload workload(small(kind));
        SerialRun run;
        for (int i = 0; i < 30; ++i) {
            const auto executed = run.execute(workload.next());
            ASSERT_TRUE(executed.has_value()) << executed.error().describe();
        }
        EXPECT_GT(run.transactions(), 25U * 300U);
        if (kind != WorkloadKind::kMixed) {
            EXPECT_EQ(run.applied(), run.transactions());
            continue;
        }
        EXPECT_GT(run.applied() * 100, run.transactions() * 70);
        // Groups of the status enumeration that a mixed workload reaches.
        EXPECT_GE(run.statuses().size(), 20U);
        for (const Status expected :
             {Status::kNonceUsed, Status::kExpiredTx, Status::kOverfill, Status::kPriceBand,
              Status::kInsufficientCash, Status::kMarginTaker, Status::kSelfTrade, Status::kSeqOld,
              Status::kUnauthorised, Status::kMarketUnknown}) {
            EXPECT_GT(run.statuses().count(expected), 0U) << name(expected);
        }
    }
}

TEST(Workload, ChainHandsOneAmountOn) {
    Workload workload(small(WorkloadKind::kChain));
    for (std::uint64_t i = 0; i < workload.setup_blocks(); ++i) {
        (void)workload.next();
    }
    AccountId holder{};
    for (int i = 0; i < 3; ++i) {
        for (const Transaction& transaction : workload.next().transactions) {
            const auto& transfer = std::get<Transfer>(transaction.payload);
            if (holder != AccountId{}) {
                EXPECT_EQ(transfer.from, holder);
            }
            EXPECT_NE(transfer.from, transfer.to);
            holder = transfer.to;
        }
    }
}

TEST(Workload, HotWorkloadsAreHot) {
    for (const WorkloadKind kind : {WorkloadKind::kHotMarket, WorkloadKind::kHotAccount}) {
        Workload workload(small(kind));
        for (std::uint64_t i = 0; i < workload.setup_blocks(); ++i) {
            (void)workload.next();
        }
        std::uint64_t trades = 0;
        const AccountId hot = Workload::account_of(0, 0);
        for (const Transaction& transaction : workload.next().transactions) {
            if (const auto* trade = std::get_if<Trade>(&transaction.payload)) {
                ++trades;
                EXPECT_TRUE(kind == WorkloadKind::kHotMarket
                                ? trade->buyer.market == MarketId{0}
                                : trade->buyer.account == hot || trade->seller.account == hot);
            }
        }
        EXPECT_GT(trades, 200U);
    }
}

TEST(Workload, ManyMarketsUseSubaccountsAndAreApplied) {
    WorkloadOptions options = small(WorkloadKind::kTrades);
    options.markets = 200;
    options.zipf_markets = 0;
    options.accounts = 4;
    Workload workload(options);
    SerialRun run;
    for (int i = 0; i < 12; ++i) {
        ASSERT_TRUE(run.execute(workload.next()).has_value());
    }
    EXPECT_EQ(run.applied(), run.transactions());
}

TEST(Workload, UnusableOptionsAreRefused) {
    WorkloadOptions options;
    EXPECT_EQ(Workload::refuse(options), nullptr);
    const auto refused = [](auto change) {
        WorkloadOptions changed;
        change(changed);
        return Workload::refuse(changed) != nullptr;
    };
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.accounts = 1; }));
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.markets = 0; }));
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.markets = 5000; }));
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.block_transactions = 0; }));
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.zipf_accounts = 17; }));
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.mix.deposits = 99; }));
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.mix.deposits = 4294967295U; }));
    EXPECT_TRUE(refused([](WorkloadOptions& o) { o.block_interval_ms = 0; }));
}

}  // namespace
}  // namespace lockstep
