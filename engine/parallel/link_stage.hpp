#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"
#include "engine/parallel/shared_work.hpp"
#include "scheduler/sync.hpp"
#include "scheduler/types.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// First stage of a block: all workers resolve declared keys, then each cell's accesses are linked
/// in block order.
///
/// Role:    who resolves and links what when. What resolving and linking mean is the target's
///          affair: DeclaredLinks for speculation, Plan for planned blocks.
/// Target:  `Entry`; reset(first, last) and resolve(worker, first, last) for a chunk of
///          transactions; accesses(txn), a span of entries; linker(worker), which gives what is
///          called with (entry, txn), in block order for each cell; cell_of(entry); spread(entry),
///          which tells cells apart; is_unknown(txn), and found_unknown() when there was one.
/// Shards:  with more than two workers the cells are divided into shards, and each shard is linked
///          by one worker in block order, since accesses to different cells have nothing in common.
///          The lists of what belongs to which shard are made while keys are resolved.
/// Threads: resolve_some and link_some by all workers; the others by the leader.
template <class Run, class Target, class Sync>
class LinkStage {
  public:
    using Worker = typename Target::Worker;
    using Entry = typename Target::Entry;

    LinkStage(Run& run, Target& target) : run_(run), target_(target) {}

    /// `shards`: 0 links on one worker; else a power of two up to kShardsMax.
    void prepare(std::uint32_t shards) {
        LOCKSTEP_CHECK(shards <= kShardsMax && (shards == 0 || std::has_single_bit(shards)));
        shard_bits_ = shards == 0 ? 0 : static_cast<std::uint32_t>(std::bit_width(shards)) - 1;
        shards_ = shards;
        if (shards_ != 0) {
            lists_.assign(chunk_count(), {});
        }
        if (chunk_count() > resolved_capacity_) {
            resolved_capacity_ = std::bit_ceil(chunk_count());
            resolved_ = std::make_unique<Flag[]>(resolved_capacity_);
        }
        for (std::uint32_t chunk = 0; chunk < chunk_count(); ++chunk) {
            resolved_[chunk].store(false, std::memory_order_relaxed);  // relaxed: as below
        }
        // relaxed: workers start after prepare, by the pool's publication.
        claimed_.store(0, std::memory_order_relaxed);
        linking_.prepare();
    }
    [[nodiscard]] bool is_sharded() const noexcept { return shards_ != 0; }
    static constexpr std::uint32_t kShardsMax = 64;
    /// Resolves chunks of transactions until none is left to claim.
    void resolve_some(Worker& worker) {
        while (resolve_next(worker) != chunk_count()) {
        }
    }
    /// Resolves, and links on the way whatever is resolved without a gap, by one worker for all
    /// cells. REQUIRES: !is_sharded().
    void resolve_and_link(Worker& worker) {
        std::uint32_t own = chunk_count();  // resolved last by this worker
        for (std::uint32_t chunk = 0; chunk < chunk_count();) {
            if (is_resolved(chunk)) {
                link_chunk(worker, chunk, chunk == own);
                ++chunk;
            } else if (own = resolve_next(worker); own == chunk_count()) {
                await<Sync>([this, chunk] { return is_resolved(chunk); });
            }
        }
    }
    /// Waits until every transaction is resolved; its entries are then visible to the caller.
    void await_resolved() {
        for (std::uint32_t chunk = 0; chunk < chunk_count(); ++chunk) {
            await<Sync>([this, chunk] { return is_resolved(chunk); });
        }
    }
    /// Lets workers link by shards. REQUIRES: is_sharded(), and await_resolved has returned.
    void open_shards() noexcept { linking_.open(shards_); }
    /// Links by shards of cells until none is left to claim. REQUIRES: open_shards().
    void link_some(Worker& worker) {
        linking_.take_part(1, [&](std::size_t shard, std::size_t /*last*/) {
            run_.guarded([&] { link_shard(worker, static_cast<std::uint32_t>(shard)); });
        });
    }
    [[nodiscard]] bool linked() const noexcept { return linking_.is_finished(); }
    /// Takes over what linking chunks would have found on its way. REQUIRES: linked().
    void finish_shards() noexcept {
        for (const ShardLists& lists : lists_) {
            if (lists.unknown) {
                target_.found_unknown();
            }
        }
    }

  private:
    using Flag = typename Sync::template Atomic<bool>;

    static constexpr std::uint32_t kResolveChunk = 64;
    static constexpr std::uint32_t kLinkAhead = 8;

    /// One declared access of a transaction.
    struct Declared {
        Entry* entry = nullptr;
        TxnIndex txn = kNoTxn;
    };
    /// The declared accesses of a chunk by shard, each shard's in block order.
    struct ShardLists {
        Declared* accesses = nullptr;
        std::array<std::uint32_t, kShardsMax + 1> begin{};  ///< of each shard; its end is the next
        bool unknown = false;  ///< some transaction of the chunk declared nothing
    };

    [[nodiscard]] std::uint32_t shard_of(const Entry& entry) const noexcept {
        constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;  // spreads neighbouring cells
        const std::uint64_t spread = target_.spread(entry) * kGolden;
        return shards_ == 1 ? 0 : static_cast<std::uint32_t>(spread >> (64 - shard_bits_));
    }

    /// Sorts the accesses of a resolved chunk by shard: counts, sums up, distributes.
    void divide_chunk(Worker& worker, std::uint32_t first, std::uint32_t last) {
        ShardLists& lists = lists_[first / kResolveChunk];
        auto& begin = lists.begin;
        for (std::uint32_t i = first; i < last; ++i) {
            lists.unknown = lists.unknown || target_.is_unknown(i);
            for (const Entry& entry : target_.accesses(i)) {
                ++begin[shard_of(entry) + 1];
            }
        }
        for (std::uint32_t shard = 0; shard < shards_; ++shard) {
            begin[shard + 1] += begin[shard];
        }
        lists.accesses = worker.common.arena.template make_array<Declared>(begin[shards_]);
        std::array<std::uint32_t, kShardsMax + 1> at = begin;
        for (std::uint32_t i = first; i < last; ++i) {
            for (Entry& entry : target_.accesses(i)) {
                lists.accesses[at[shard_of(entry)]++] = {&entry, i};
            }
        }
    }
    void link_shard(Worker& worker, std::uint32_t shard) {
        WorkSpan<Sync> span(Work::kLink);
        auto link = target_.linker(worker);
        std::uint64_t accesses = 0;
        for (std::size_t chunk = 0; chunk < lists_.size(); ++chunk) {
            if (chunk + 1 < lists_.size()) {
                prefetch(lists_[chunk + 1], shard);
            }
            const ShardLists& lists = lists_[chunk];
            for (std::uint32_t i = lists.begin[shard]; i < lists.begin[shard + 1]; ++i) {
                link(*lists.accesses[i].entry, lists.accesses[i].txn);
                ++accesses;
            }
        }
        span.done(accesses);
    }
    void prefetch(const ShardLists& lists, std::uint32_t shard) const noexcept {
        for (std::uint32_t i = lists.begin[shard]; i < lists.begin[shard + 1]; ++i) {
            prefetch_lines<Prefetch::kToWrite>(target_.cell_of(*lists.accesses[i].entry), 1);
        }
    }

    /// Links the declared accesses of a resolved chunk, in block order. `near`: this worker has
    /// just looked at the cells.
    void link_chunk(Worker& worker, std::uint32_t chunk, bool near) {
        WorkSpan<Sync> span(Work::kLink);
        const TxnIndex first = chunk * kResolveChunk;
        const TxnIndex last = std::min(first + kResolveChunk, run_.size());
        auto link = target_.linker(worker);
        std::uint64_t accesses = 0;
        for (TxnIndex i = first; i < last; ++i) {
            if (!near && i + kLinkAhead < last) {
                for (const Entry& entry : target_.accesses(i + kLinkAhead)) {
                    prefetch_lines<Prefetch::kToWrite>(target_.cell_of(entry), 1);
                }
            }
            if (target_.is_unknown(i)) {
                target_.found_unknown();
            }
            for (Entry& entry : target_.accesses(i)) {
                link(entry, i);
                ++accesses;
            }
        }
        span.done(accesses);
    }

    /// Claims and resolves one chunk; which one, chunk_count() when there is none left.
    std::uint32_t resolve_next(Worker& worker) {
        // relaxed: the counter publishes nothing.
        const std::uint32_t chunk = claimed_.fetch_add(1, std::memory_order_relaxed);
        if (chunk >= chunk_count()) {
            return chunk_count();
        }
        const std::uint32_t first = chunk * kResolveChunk;
        const std::uint32_t last = std::min(first + kResolveChunk, run_.size());
        WorkSpan<Sync> span(Work::kResolve);
        run_.scheduler.reset_states(first, last);
        target_.reset(first, last);
        run_.guarded([&] { target_.resolve(worker, first, last); },
                     [&] { target_.reset(first, last); });
        if (is_sharded()) {
            run_.guarded([&] { divide_chunk(worker, first, last); });
        }
        span.done(last - first);
        // release: publishes the entries to is_resolved.
        resolved_[chunk].store(true, std::memory_order_release);
        return chunk;
    }
    [[nodiscard]] std::uint32_t chunk_count() const noexcept {
        return (run_.size() + kResolveChunk - 1) / kResolveChunk;
    }
    [[nodiscard]] bool is_resolved(std::uint32_t chunk) const noexcept {
        // acquire: pairs with the release in resolve_next.
        return resolved_[chunk].load(std::memory_order_acquire);
    }

    Run& run_;
    Target& target_;
    std::uint32_t shards_ = 0;
    std::uint32_t shard_bits_ = 0;
    std::vector<ShardLists> lists_;  ///< by chunk; each written by the worker that resolves it

    // resolved_: which chunks are resolved.   writers: workers   readers: the linking worker
    //   publish: the release of the worker that resolved a chunk -> is_resolved's acquire: its
    //   entries.
    std::unique_ptr<Flag[]> resolved_;
    std::uint32_t resolved_capacity_ = 0;
    // claimed_: next chunk to resolve.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per chunk.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> claimed_{0};
    SharedWork<Sync> linking_;  ///< by shard
};

}  // namespace lockstep
