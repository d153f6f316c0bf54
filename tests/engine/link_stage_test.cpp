#include "engine/parallel/link_stage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "engine/base/random.hpp"
#include "tests/support/block_parts.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kLinkedCells = 20;
constexpr std::uint32_t kLinkedTransactions = 1'000;

/// Accesses of transactions to numbered cells; remembers in which order those of a cell come.
struct CellTarget {
    struct Worker {
        BlockWorker<ProgramMachine>& common;
    };
    struct Entry {
        std::uint32_t cell = 0;
    };

    explicit CellTarget(std::uint64_t seed) : entries(kLinkedTransactions) {
        Random random(seed);
        for (auto& own : entries) {
            own.resize(random.below(4));
            std::generate(own.begin(), own.end(), [&] {
                return Entry{static_cast<std::uint32_t>(random.below(kLinkedCells))};
            });
        }
    }
    [[nodiscard]] std::span<Entry> accesses(TxnIndex txn) { return entries[txn]; }
    [[nodiscard]] const void* cell_of(const Entry& entry) const { return &linked[entry.cell]; }
    [[nodiscard]] static std::uint64_t spread(const Entry& entry) { return entry.cell; }
    [[nodiscard]] bool is_unknown(TxnIndex txn) const { return txn == unknown; }
    void found_unknown() { ++unknowns; }
    void reset(TxnIndex, TxnIndex) {}
    void resolve(Worker&, TxnIndex first, TxnIndex last) {
        for (TxnIndex txn = first; txn < last; ++txn) {
            ++resolved[txn];
        }
    }
    [[nodiscard]] auto linker(Worker&) {
        return [this](const Entry& entry, TxnIndex txn) { linked[entry.cell].push_back(txn); };
    }

    std::vector<std::vector<Entry>> entries;
    std::vector<std::uint32_t> resolved = std::vector<std::uint32_t>(kLinkedTransactions);
    std::array<std::vector<TxnIndex>, kLinkedCells> linked;
    TxnIndex unknown = kNoTxn;
    std::uint32_t unknowns = 0;
};

/// Runs the stage with `workers` threads; with `shards` as LinkStage::prepare takes them.
void run_stage(CellTarget& target, std::uint32_t workers, std::uint32_t shards) {
    BlockParts parts(std::vector<Program>(kLinkedTransactions), workers);
    LinkStage<BlockParts::Run, CellTarget, StdSync> stage(parts.run, target);
    stage.prepare(shards);
    std::atomic<bool> linking{false};
    std::vector<std::jthread> helpers;
    for (std::uint32_t i = 1; i < workers; ++i) {
        helpers.emplace_back([&, i] {
            CellTarget::Worker worker{*parts.run.workers[i]};
            stage.resolve_some(worker);
            if (stage.is_sharded()) {
                await<StdSync>([&] { return linking.load(std::memory_order_acquire); });
                stage.link_some(worker);
            }
        });
    }
    CellTarget::Worker leader{*parts.run.workers[0]};
    if (!stage.is_sharded()) {
        stage.resolve_and_link(leader);
        return;
    }
    stage.resolve_some(leader);
    stage.await_resolved();
    stage.open_shards();
    linking.store(true, std::memory_order_release);
    stage.link_some(leader);
    await<StdSync>([&] { return stage.linked(); });
    stage.finish_shards();
}

TEST(LinkStage, ResolvesEachTransactionOnceAndLinksEachCellInBlockOrder) {
    for (const std::uint32_t workers : {1U, 3U}) {
        for (const std::uint32_t shards : {0U, 1U, 4U, 64U}) {
            CellTarget target(workers * 100 + shards);
            run_stage(target, workers, shards);
            EXPECT_EQ(target.resolved, std::vector<std::uint32_t>(kLinkedTransactions, 1));
            std::array<std::vector<TxnIndex>, kLinkedCells> expected;
            for (TxnIndex txn = 0; txn < kLinkedTransactions; ++txn) {
                for (const auto& entry : target.entries[txn]) {
                    expected[entry.cell].push_back(txn);
                }
            }
            EXPECT_EQ(target.linked, expected) << workers << " workers, " << shards << " shards";
            EXPECT_EQ(target.unknowns, 0U);
        }
    }
}

TEST(LinkStage, TellsOfTransactionsThatDeclaredNothing) {
    for (const std::uint32_t shards : {0U, 4U}) {
        CellTarget target(shards);
        target.unknown = 321;
        run_stage(target, 2, shards);
        EXPECT_EQ(target.unknowns, 1U) << shards << " shards";
    }
}

}  // namespace
}  // namespace lockstep::test
