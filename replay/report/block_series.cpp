#include "replay/report/block_series.hpp"

#include <algorithm>

#include "replay/command/describe_transaction.hpp"
#include "replay/command/print_json.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kPerSecond = 1'000'000'000;
constexpr std::uint64_t kPerMillisecond = 1'000'000;

}  // namespace

void BlockSeries::add(const BlockHeader& block, const ReplaySummary& summary,
                      const ConflictChains& chains) {
    const Totals now{.transactions = summary.transactions,
                     .not_applied = summary.transactions - summary.applied,
                     .executions = summary.metrics.executions,
                     .validations = summary.metrics.validations,
                     .aborts = summary.metrics.aborts,
                     .waits = summary.metrics.waits,
                     .conflicts = chains.conflicts,
                     .steps = chains.steps,
                     .nanoseconds = static_cast<std::uint64_t>(summary.executing.count())};
    const Totals before = buckets_.empty() ? Totals{} : buckets_.back().end;
    if (buckets_.empty() || buckets_.back().blocks == blocks_per_bucket_) {
        if (buckets_.size() == kBucketsMax) {
            merge_pairs();
        }
        buckets_.emplace_back().first = block;
    }
    Bucket& bucket = buckets_.back();
    bucket.last_height = block.height;
    ++bucket.blocks;
    bucket.end = now;
    bucket.slowest_nanoseconds =
        std::max(bucket.slowest_nanoseconds, now.nanoseconds - before.nanoseconds);
    bucket.longest_chain = std::max(bucket.longest_chain, now.steps - before.steps);
}

void BlockSeries::merge_pairs() {
    static_assert(kBucketsMax % 2 == 0);
    for (std::size_t i = 0; i < buckets_.size() / 2; ++i) {
        const Bucket& second = buckets_[2 * i + 1];
        Bucket merged = buckets_[2 * i];
        merged.last_height = second.last_height;
        merged.blocks += second.blocks;
        merged.end = second.end;
        merged.slowest_nanoseconds =
            std::max(merged.slowest_nanoseconds, second.slowest_nanoseconds);
        merged.longest_chain = std::max(merged.longest_chain, second.longest_chain);
        buckets_[i] = merged;
    }
    buckets_.resize(buckets_.size() / 2);
    blocks_per_bucket_ *= 2;
}

std::uint64_t BlockSeries::added(std::size_t bucket, std::uint64_t Totals::*total) const noexcept {
    return buckets_[bucket].end.*total - (bucket == 0 ? 0 : buckets_[bucket - 1].end.*total);
}

nlohmann::ordered_json BlockSeries::describe() const {
    const auto column = [this](auto&& value) {
        auto out = nlohmann::ordered_json::array();
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            out.push_back(value(i));
        }
        return out;
    };
    const auto field = [&](auto Bucket::*of) {
        return column([&, of](std::size_t i) { return buckets_[i].*of; });
    };
    const auto sums = [&](std::uint64_t Totals::*total) {
        return column([&, total](std::size_t i) { return added(i, total); });
    };
    return {{"blocks_per_bucket", blocks_per_bucket_},
            {"merged", blocks_per_bucket_ > 1},
            {"height", column([&](std::size_t i) { return buckets_[i].first.height; })},
            {"last_height", field(&Bucket::last_height)},
            {"time", column([&](std::size_t i) { return time_name(buckets_[i].first.time_ms); })},
            {"transactions", sums(&Totals::transactions)},
            {"not_applied", sums(&Totals::not_applied)},
            {"transactions_per_second", column([&](std::size_t i) {
                 return json_ratio(added(i, &Totals::transactions) * kPerSecond,
                                   added(i, &Totals::nanoseconds));
             })},
            {"mean_milliseconds", column([&](std::size_t i) {
                 return json_ratio(added(i, &Totals::nanoseconds),
                                   buckets_[i].blocks * kPerMillisecond);
             })},
            {"slowest_milliseconds", column([&](std::size_t i) {
                 return json_ratio(buckets_[i].slowest_nanoseconds, kPerMillisecond);
             })},
            {"executions", sums(&Totals::executions)},
            {"executions_per_transaction", column([&](std::size_t i) {
                 return json_ratio(added(i, &Totals::executions), added(i, &Totals::transactions));
             })},
            {"validations", sums(&Totals::validations)},
            {"aborts", sums(&Totals::aborts)},
            {"waits", sums(&Totals::waits)},
            {"conflicts", sums(&Totals::conflicts)},
            {"longest_chain", field(&Bucket::longest_chain)}};
}

}  // namespace lockstep
