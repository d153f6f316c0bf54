#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/import/open_recorded_data.hpp"
#include "replay/import/record_check.hpp"
#include "replay/import/serial_run.hpp"
#include "tests/support/data_dir.hpp"
#include "tests/support/in_parallel.hpp"

namespace lockstep {
namespace {

std::vector<std::string> files_in(const std::filesystem::path& folder, const std::string& part) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().filename().string().find(part) != std::string::npos) {
            files.push_back(entry.path().string());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// Every recorded trade is one applied transaction, and nothing else is rejected: imports make
/// their own margin, prices and orders, so no rule of the venue stands against a recorded trade.
void expect_every_row_applied(const std::string& layout, const std::string& path) {
    SCOPED_TRACE(path);
    const auto data = open_recorded_data({.path = path});
    ASSERT_TRUE(data.has_value()) << data.error().describe();
    EXPECT_EQ((*data)->format(), layout);
    SerialRun run;
    const auto imported =
        import_trades(**data, {}, [&](const LogBlock& block) { return run.execute(block); });
    ASSERT_TRUE(imported.has_value()) << imported.error().describe();
    EXPECT_GT(imported->counts.trades, 0U);
    EXPECT_EQ(imported->counts.trades, imported->survey.trades());
    EXPECT_EQ(run.applied(), run.transactions());
    const TradeImportCounts& counts = imported->counts;
    EXPECT_EQ(run.trade_events(), counts.trades + counts.opening_trades + counts.coin_fee_trades +
                                      counts.balance_trades + counts.gap_trades);
}

TEST(RecordedData, HyperliquidFillsReplayWithBookedPositionsFeesAndProfits) {
    LOCKSTEP_DATA_OR_SKIP(folder, "hyperliquid_fills");
    const auto files = files_in(folder, ".jsonl");
    ASSERT_FALSE(files.empty());
    for (const std::string& path : files) {
        expect_every_row_applied("hyperliquid-fills", path);
        const auto data = open_recorded_data({.path = path});
        ASSERT_TRUE(data.has_value());
        const auto report = check_records(**data, {}, {});
        ASSERT_TRUE(report.has_value()) << report.error().describe();
        EXPECT_GT(report->positions.compared, 0U);
        EXPECT_EQ(report->positions.agreed, report->positions.compared) << report->text();
        // Transfers of coins are not recorded: one fill in a hundred, or a single one, may differ.
        const Agreement& spot = report->spot_positions;
        EXPECT_LE(spot.compared - spot.agreed, (spot.compared + 99) / 100) << report->text();
        EXPECT_TRUE(report->sound()) << report->text();
        std::cout << report->text();
        EXPECT_EQ(report->fees.agreed, report->fees.compared);
        EXPECT_EQ(report->profits.agreed, report->profits.compared) << report->text();
        EXPECT_EQ(report->opening_profits.agreed, report->opening_profits.compared);
        EXPECT_EQ(report->executed_trades, report->trades);
    }
}

/// Replays imported blocks twice: serially for the access lists, then with them.
void expect_lists_to_leave_nothing_to_repeat(const std::string& path) {
    SCOPED_TRACE(path);
    const auto data = open_recorded_data({.path = path});
    ASSERT_TRUE(data.has_value()) << data.error().describe();
    const Venue venue;
    StateStore<Venue> serial_store;
    StateStore<Venue> parallel_store;
    SerialExecutor<Venue> serial(venue, serial_store);
    WorkerPool pool(2);
    ParallelExecutor<Venue> parallel(venue, parallel_store, pool, {}, test::in_parallel());
    const auto imported =
        import_trades(**data, {}, [&](const LogBlock& block) -> Result<void, Error> {
            AccessList<StateKey> known;
            AccessMismatches<StateKey> mismatches;
            const auto expected = serial.execute(block, {}, {.recorded = &known});
            const auto actual =
                parallel.execute(block, {}, {.known = &known, .mismatches = &mismatches});
            EXPECT_TRUE(expected.has_value() && actual.has_value() && *expected == *actual);
            EXPECT_EQ(mismatches.count, 0U) << "block " << block.header.height;
            return {};
        });
    ASSERT_TRUE(imported.has_value()) << imported.error().describe();
    EXPECT_GT(parallel.metrics().transactions, 0U);
    EXPECT_EQ(parallel.metrics().executions, parallel.metrics().transactions);
    EXPECT_EQ(parallel.metrics().fallbacks, 0U);
}

TEST(RecordedData, HyperliquidFillsRunOnceEachWithTheirAccessLists) {
    LOCKSTEP_DATA_OR_SKIP(folder, "hyperliquid_fills");
    const auto files = files_in(folder, ".jsonl");
    ASSERT_FALSE(files.empty());
    for (const std::string& path : files) {
        expect_lists_to_leave_nothing_to_repeat(path);
    }
}

TEST(RecordedData, BinanceTradesAreAllApplied) {
    LOCKSTEP_DATA_OR_SKIP(folder, "binance_trades");
    const auto csv = files_in(folder, ".csv");
    const auto streams = files_in(folder, ".raw");
    ASSERT_FALSE(csv.empty() && streams.empty());
    for (const std::string& path : csv) {
        expect_every_row_applied("binance-markets", path);
    }
    for (const std::string& path : streams) {
        expect_every_row_applied("binance-usdm-stream", path);
    }
}

TEST(RecordedData, LeanFuturesAreAllApplied) {
    LOCKSTEP_DATA_OR_SKIP(folder, "comex_gold_futures");
    const auto files = files_in(folder, ".zip");
    ASSERT_FALSE(files.empty());
    for (const std::string& path : files) {
        expect_every_row_applied("lean-futures", path);
    }
}

TEST(RecordedData, NepseTradesAreAllApplied) {
    LOCKSTEP_DATA_OR_SKIP(folder, "nepse_trades");
    const auto files = files_in(folder, ".csv");
    ASSERT_FALSE(files.empty());
    for (const std::string& path : files) {
        expect_every_row_applied("nepse-floorsheet", path);
    }
}

}  // namespace
}  // namespace lockstep
