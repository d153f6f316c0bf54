// Banks, and workloads on plain keys that scan, or that skip the rest of their blocks: every
// executor, rival and twin computes what the serial executor computes, and they are what their
// names say.

#include "bench/workloads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include "tests/bench/serial_results.hpp"

namespace lockstep::bench {
namespace {

constexpr std::uint64_t kBlocks = 4;  ///< behind the set-up

TEST(Workloads, AllExecutorsAndRivalsGiveTheSerialResult) {
    std::uint32_t count = 0;
    for_each_key_workload(Sizes::small(), [&](const auto& workload) {
        using Workload = std::remove_cvref_t<decltype(workload)>;
        if constexpr (std::is_same_v<Workload, BankWorkload> ||
                      std::is_same_v<Workload, RangeScanWorkload> ||
                      std::is_same_v<Workload, KeyValueWorkload>) {
            if (workload.name.find("latency") == std::string::npos) {
                ++count;
                expect_equal_everywhere(SerialResults(workload, kBlocks));
            }
        }
    });
    EXPECT_EQ(count, 14U);  // two banks, two of fixed keys, six of dynamic ones, four that scan
}

/// Scans of one block whose result depends on what others do in it.
std::uint64_t disturbed_scans(RangeMode mode) {
    const RangeScanWorkload workload{
        .name = "scan", .machine = {.mode = mode}, .records = 400, .txns = 80};
    auto block = workload.source().next();
    const auto execute = [&] {
        return populated_contestant(workload, {.kind = Kind::kSerialExecutor})->execute(block);
    };
    const BlockResult all = execute();
    for (RangeStep& step : block.transactions) {
        step.target += step.kind == RangeStep::Kind::kScan ? 0 : RangeScanMachine::kResults;
    }
    const BlockResult apart = execute();
    std::uint64_t disturbed = 0;
    for (std::size_t i = 0; i < block.transactions.size(); ++i) {
        disturbed += block.transactions[i].kind == RangeStep::Kind::kScan &&
                             all.receipts[i].effects != apart.receipts[i].effects
                         ? 1U
                         : 0U;
    }
    return disturbed;
}

TEST(Workloads, ScansMeetWhatOthersPutIntoTheirRanges) {
    EXPECT_GT(disturbed_scans(RangeMode::kInserts), 10U);
    EXPECT_GT(disturbed_scans(RangeMode::kPhantoms), 10U);
}

TEST(Workloads, BlocksThatSkipTheirRestDoSo) {
    for (const std::uint32_t universe : {10U, 100U}) {
        const KeyValueWorkload workload{
            .name = "skip_rest",
            .machine = {.mode = KeyValueMode::kDynamic, .universe = universe, .weighs = true},
            .txns = 100};
        const SerialResults serial(workload, kBlocks);
        for (const BlockResult& result : serial.results) {
            const auto skipped = std::count_if(
                result.receipts.begin(), result.receipts.end(), [](const Receipt& receipt) {
                    return receipt.disposition == Disposition::kSkipped;
                });
            EXPECT_GT(skipped, 5);
            EXPECT_LT(skipped, 60);
        }
    }
}

}  // namespace
}  // namespace lockstep::bench
