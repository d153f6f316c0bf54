#pragma once

#include <tbb/concurrent_hash_map.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "bench/baselines/block_frame.hpp"

namespace lockstep::bench {

/// The multi-version memory of the Block-STM paper: a concurrent hash map from keys to ordered maps
/// of versions, and the read and write sets of each transaction.
///
/// Threads: all workers; record and estimate for one transaction by its holder only.
/// Memory:  keys stay in the map between blocks, up to kKeysMax; versions are freed by settle.
template <Machine M>
class BlockStmMemory {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    /// Names a version: 0 is the state before the block.
    using VersionId = std::uint64_t;
    [[nodiscard]] static constexpr VersionId version_id(std::uint32_t txn,
                                                        std::uint32_t incarnation) {
        return (std::uint64_t{txn} + 1) << 32 | incarnation;
    }
    /// What a read of a key below a transaction meets.
    struct Found {
        bool estimate = false;
        std::uint32_t writer = 0;  ///< with estimate: who is expected to write
        VersionId version = 0;
        bool present = false;
        Value value{};
    };

    struct Read {
        Key key;
        VersionId version;
    };
    /// A worker's room for the sets of the next transaction.
    struct Scratch {
        std::vector<Read> reads;
        std::vector<Key> written;
    };

    explicit BlockStmMemory(BlockFrame<M>& frame) : frame_(frame) {}

    void begin_block() {
        if (versions_.size() > kKeysMax) {
            versions_.clear();
        }
        if (sets_.size() < frame_.size()) {
            sets_ = std::vector<Sets>(frame_.size());
        }
        for (Sets& sets : sets_) {
            sets.reads.clear();
            sets.written.clear();
        }
    }
    /// The newest version below `txn`; the state before the block when there is none.
    [[nodiscard]] Found read(const Key& key, std::uint32_t txn) const {
        Found found;
        if (typename Map::const_accessor at; versions_.find(at, key)) {
            auto above = at->second.lower_bound(txn);
            if (above != at->second.begin()) {
                const auto& [writer, version] = *std::prev(above);
                if (version.estimate) {
                    found.estimate = true;
                    found.writer = writer;
                } else {
                    found.version = version_id(writer, version.incarnation);
                    found.present = version.present;
                    found.value = version.value;
                }
                return found;
            }
        }
        if (const Value* base = frame_.store.get(key)) {
            found.present = true;
            found.value = *base;
        }
        return found;
    }
    /// Publishes what an incarnation read and wrote. True when it wrote where the incarnation
    /// before it had not.
    bool record(std::uint32_t txn, std::uint32_t incarnation, AccessLog<M>& log, Scratch& scratch) {
        std::vector<Read>& reads = scratch.reads;
        std::vector<Key>& written = scratch.written;
        reads.clear();
        written.clear();
        log.for_each([&](const LoggedCell<M>& cell) {
            if (cell.fetched) {
                reads.push_back({cell.key, cell.version});
            }
            if (cell.changes()) {
                written.push_back(cell.key);
                typename Map::accessor at;
                versions_.insert(at, cell.key);
                at->second[txn] = {.incarnation = incarnation,
                                   .estimate = false,
                                   .present = cell.change != Change::kErase,
                                   .value = cell.own};
            }
        });
        std::sort(written.begin(), written.end());
        Sets& sets = sets_[txn];
        bool wrote_new = false;
        for (const Key& key : written) {
            wrote_new =
                wrote_new || !std::binary_search(sets.written.begin(), sets.written.end(), key);
        }
        for (const Key& key : sets.written) {
            if (!std::binary_search(written.begin(), written.end(), key)) {
                if (typename Map::accessor at; versions_.find(at, key)) {
                    at->second.erase(txn);
                }
            }
        }
        sets.written.swap(written);
        const std::lock_guard lock(sets.mutex);
        sets.reads.swap(reads);
        return wrote_new;
    }
    /// Whether every read of the last recorded incarnation would meet the same version again.
    [[nodiscard]] bool validate(std::uint32_t txn) {
        Sets& sets = sets_[txn];
        const std::lock_guard lock(sets.mutex);
        return std::all_of(sets.reads.begin(), sets.reads.end(), [&](const Read& read) {
            const auto [estimate, version] = newest_below(read.key, txn);
            return !estimate && version == read.version;
        });
    }
    /// Turns what the aborted incarnation wrote into estimates.
    void estimate(std::uint32_t txn) {
        for (const Key& key : sets_[txn].written) {
            if (typename Map::accessor at; versions_.find(at, key)) {
                at->second[txn].estimate = true;
            }
        }
    }
    /// Puts the final values of the first `committed` transactions into the state and frees all
    /// versions, for the keys that `txn` wrote last. Once for each transaction, by any worker.
    void settle(std::uint32_t worker, std::uint32_t txn, std::uint32_t committed) {
        for (const Key& key : sets_[txn].written) {
            typename Map::accessor at;
            if (!versions_.find(at, key) || at->second.empty() ||
                at->second.rbegin()->first != txn) {
                continue;
            }
            auto above = at->second.lower_bound(committed);
            if (above != at->second.begin()) {
                const auto& version = std::prev(above)->second;
                frame_.changes.put(worker, frame_.store.intern(key),
                                   version.present ? &version.value : nullptr);
            }
            at->second.clear();
        }
    }
    /// Forgets all versions of a block that is given up.
    void drop() { versions_.clear(); }

  private:
    static constexpr std::size_t kKeysMax = 4'000'000;

    struct Version {
        std::uint32_t incarnation = 0;
        bool estimate = false;
        bool present = false;
        Value value{};
    };
    struct HashCompare {
        static std::size_t hash(const Key& key) noexcept { return M::hash(key); }
        static bool equal(const Key& a, const Key& b) noexcept { return a == b; }
    };
    using Map = tbb::concurrent_hash_map<Key, std::map<std::uint32_t, Version>, HashCompare>;
    struct alignas(kCacheLineSize) Sets {
        std::mutex mutex;  // guards reads: validators may be slow and several
        std::vector<Read> reads;
        std::vector<Key> written;  ///< sorted; the holder's
    };
    struct Newest {
        bool estimate;
        VersionId version;
    };

    [[nodiscard]] Newest newest_below(const Key& key, std::uint32_t txn) const {
        if (typename Map::const_accessor at; versions_.find(at, key)) {
            auto above = at->second.lower_bound(txn);
            if (above != at->second.begin()) {
                const auto& [writer, version] = *std::prev(above);
                return {version.estimate, version_id(writer, version.incarnation)};
            }
        }
        return {false, 0};
    }

    BlockFrame<M>& frame_;
    Map versions_;
    std::vector<Sets> sets_;
};

}  // namespace lockstep::bench
