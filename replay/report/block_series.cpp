#include "replay/report/block_series.hpp"

#include <algorithm>

#include "replay/command/describe_transaction.hpp"
#include "replay/command/print_json.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kPerSecond = 1'000'000'000;
constexpr std::uint64_t kPerMillisecond = 1'000'000;

}  // namespace

BlockSeries::Counts& BlockSeries::Counts::operator+=(const Counts& other) noexcept {
    transactions += other.transactions;
    not_applied += other.not_applied;
    executions += other.executions;
    validations += other.validations;
    aborts += other.aborts;
    waits += other.waits;
    conflicts += other.conflicts;
    nanoseconds += other.nanoseconds;
    return *this;
}

BlockSeries::Counts BlockSeries::Counts::operator-(const Counts& before) const noexcept {
    return {.transactions = transactions - before.transactions,
            .not_applied = not_applied - before.not_applied,
            .executions = executions - before.executions,
            .validations = validations - before.validations,
            .aborts = aborts - before.aborts,
            .waits = waits - before.waits,
            .conflicts = conflicts - before.conflicts,
            .nanoseconds = nanoseconds - before.nanoseconds};
}

void BlockSeries::add(const BlockHeader& block, const ReplaySummary& summary,
                      const ConflictChains& chains) {
    const Counts now{.transactions = summary.transactions,
                     .not_applied = summary.transactions - summary.applied,
                     .executions = summary.metrics.executions,
                     .validations = summary.metrics.validations,
                     .aborts = summary.metrics.aborts,
                     .waits = summary.metrics.waits,
                     .conflicts = chains.conflicts,
                     .nanoseconds = static_cast<std::uint64_t>(summary.executing.count())};
    const Counts own = now - before_;
    before_ = now;
    if (buckets_.empty() || buckets_.back().blocks == blocks_per_bucket_) {
        if (buckets_.size() == kBucketsMax) {
            merge_pairs();
        }
        buckets_.emplace_back().first = block;
    }
    Bucket& bucket = buckets_.back();
    bucket.last_height = block.height;
    ++bucket.blocks;
    bucket.sum += own;
    bucket.slowest_nanoseconds = std::max(bucket.slowest_nanoseconds, own.nanoseconds);
    bucket.longest_chain = std::max(bucket.longest_chain, chains.steps - steps_);
    steps_ = chains.steps;
}

void BlockSeries::merge_pairs() {
    static_assert(kBucketsMax % 2 == 0);
    for (std::size_t i = 0; i < buckets_.size() / 2; ++i) {
        const Bucket& second = buckets_[2 * i + 1];
        Bucket merged = buckets_[2 * i];
        merged.last_height = second.last_height;
        merged.blocks += second.blocks;
        merged.sum += second.sum;
        merged.slowest_nanoseconds =
            std::max(merged.slowest_nanoseconds, second.slowest_nanoseconds);
        merged.longest_chain = std::max(merged.longest_chain, second.longest_chain);
        buckets_[i] = merged;
    }
    buckets_.resize(buckets_.size() / 2);
    blocks_per_bucket_ *= 2;
}

nlohmann::ordered_json BlockSeries::describe() const {
    const auto column = [this](auto&& value) {
        auto out = nlohmann::ordered_json::array();
        for (const Bucket& bucket : buckets_) {
            out.push_back(value(bucket));
        }
        return out;
    };
    const auto sums = [&](std::uint64_t Counts::*count) {
        return column([count](const Bucket& bucket) { return bucket.sum.*count; });
    };
    return {{"blocks_per_bucket", blocks_per_bucket_},
            {"merged", blocks_per_bucket_ > 1},
            {"height", column([](const Bucket& bucket) { return bucket.first.height; })},
            {"last_height", column([](const Bucket& bucket) { return bucket.last_height; })},
            {"time", column([](const Bucket& bucket) { return time_name(bucket.first.time_ms); })},
            {"transactions", sums(&Counts::transactions)},
            {"not_applied", sums(&Counts::not_applied)},
            {"transactions_per_second", column([](const Bucket& bucket) {
                 return json_ratio(bucket.sum.transactions * kPerSecond, bucket.sum.nanoseconds);
             })},
            {"mean_milliseconds", column([](const Bucket& bucket) {
                 return json_ratio(bucket.sum.nanoseconds, bucket.blocks * kPerMillisecond);
             })},
            {"slowest_milliseconds", column([](const Bucket& bucket) {
                 return json_ratio(bucket.slowest_nanoseconds, kPerMillisecond);
             })},
            {"executions", sums(&Counts::executions)},
            {"executions_per_transaction", column([](const Bucket& bucket) {
                 return json_ratio(bucket.sum.executions, bucket.sum.transactions);
             })},
            {"validations", sums(&Counts::validations)},
            {"aborts", sums(&Counts::aborts)},
            {"waits", sums(&Counts::waits)},
            {"conflicts", sums(&Counts::conflicts)},
            {"longest_chain", column([](const Bucket& bucket) { return bucket.longest_chain; })}};
}

}  // namespace lockstep
