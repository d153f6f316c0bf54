#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/contract/block.hpp"
#include "replay/conflict_survey.hpp"
#include "replay/driver.hpp"

namespace lockstep {

/// How a replay went, block by block, in a bounded number of buckets of consecutive blocks.
///
/// Cost: at most kBucketsMax buckets however long the log is. When they are full, neighbours are
///       merged in pairs and every later bucket holds twice as many blocks.
class BlockSeries {
  public:
    static constexpr std::size_t kBucketsMax = 1000;

    /// The next block, with the totals behind it; what the block added to them is its own.
    void add(const BlockHeader& block, const ReplaySummary& summary, const ConflictChains& chains);

    /// One array per quantity, all of the length of "height": sums over the blocks of a bucket, and
    /// what the names say of the slowest block and the longest chain.
    [[nodiscard]] nlohmann::ordered_json describe() const;

  private:
    /// Since the log began.
    struct Totals {
        std::uint64_t transactions = 0;
        std::uint64_t not_applied = 0;
        std::uint64_t executions = 0;
        std::uint64_t validations = 0;
        std::uint64_t aborts = 0;
        std::uint64_t waits = 0;
        std::uint64_t conflicts = 0;
        std::uint64_t steps = 0;        ///< of chains of conflicts
        std::uint64_t nanoseconds = 0;  ///< inside the executor
    };
    struct Bucket {
        BlockHeader first;
        std::uint64_t last_height = 0;
        std::uint64_t blocks = 0;
        Totals end;  ///< behind its last block
        std::uint64_t slowest_nanoseconds = 0;
        std::uint64_t longest_chain = 0;
    };
    void merge_pairs();
    /// What the blocks of a bucket added to a total.
    [[nodiscard]] std::uint64_t added(std::size_t bucket,
                                      std::uint64_t Totals::*total) const noexcept;

    std::vector<Bucket> buckets_;
    std::uint64_t blocks_per_bucket_ = 1;
};

}  // namespace lockstep
