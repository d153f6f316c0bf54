#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/digest.hpp"
#include "engine/state/backing_store.hpp"

namespace lockstep {

/// A key and its hash.
template <class Key>
struct HashedKey {
    Key key{};
    std::uint64_t hash = 0;
};

/// Loads of cells that are not in memory, each by one worker, whoever asks for it meanwhile.
///
/// Role:    between StateStore and a BackingStore. What a resident cell is, the store says.
/// Threads: any. A worker that waits has no load of its own to do, so that waits end.
template <Machine M>
class ColdKeys {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    explicit ColdKeys(BackingStore<M>& backing) : backing_(backing) {}

    /// Returns when all keys are resident. `is_resident(key)`; `admit(key, answer)` makes a key
    /// resident and is called once for each that was not.
    template <class HashedKeys, class IsResident, class Admit>
    void load_many(const HashedKeys& keys, const IsResident& is_resident, const Admit& admit) {
        std::vector<HashedKey<Key>> own;
        std::vector<HashedKey<Key>> others;
        for (const auto& any : keys) {
            const HashedKey<Key> key{any.key, any.hash};
            if (is_resident(key)) {
                continue;
            }
            switch (claim(key, is_resident)) {
                case Claim::kResident:
                    break;
                case Claim::kOwn:
                    own.push_back(key);
                    break;
                case Claim::kOthers:
                    others.push_back(key);
                    break;
            }
        }
        load_own(own, admit);
        for (const HashedKey<Key>& key : others) {
            await(key);
            if (!is_resident(key)) {  // its worker has run out of memory
                load_many(std::array{key}, is_resident, admit);
            }
        }
    }

    /// Forgets failures; at the start of a block.
    void begin_block() {
        const std::lock_guard lock(failures_);
        failure_.clear();
        failed_.store(false, std::memory_order_relaxed);  // relaxed: see failed_
    }
    [[nodiscard]] bool failed() const noexcept {
        return failed_.load(std::memory_order_relaxed);  // relaxed: see failed_
    }
    /// Key and cause of the load that failed first, empty when none has failed.
    [[nodiscard]] std::string failure() const {
        const std::lock_guard lock(failures_);
        return failure_;
    }

  private:
    enum class Claim : std::uint8_t { kResident, kOwn, kOthers };
    static constexpr std::size_t kShards = 64;

    struct alignas(kCacheLineSize) Shard {
        std::mutex mutex;                // guards loading
        std::condition_variable loaded;  // some key has left loading
        std::vector<Key> loading;
    };

    [[nodiscard]] Shard& shard_of(const HashedKey<Key>& key) noexcept {
        return shards_[static_cast<std::size_t>(key.hash % kShards)];
    }
    template <class Admit>
    void load_own(const std::vector<HashedKey<Key>>& own, const Admit& admit) {
        if (own.empty()) {
            return;
        }
        try {
            std::vector<Key> keys(own.size());
            std::transform(own.begin(), own.end(), keys.begin(),
                           [](const auto& k) { return k.key; });
            std::vector<Loaded<Value>> answers(own.size());
            backing_.load_many(keys, answers);
            for (std::size_t i = 0; i < own.size(); ++i) {
                if (answers[i].load == Load::kFailed) {
                    note_failure(own[i].key, answers[i].cause);
                }
                admit(own[i], answers[i]);
            }
        } catch (...) {
            release(own);
            throw;
        }
        release(own);
    }
    void release(const std::vector<HashedKey<Key>>& own) noexcept {
        for (const HashedKey<Key>& key : own) {
            Shard& shard = shard_of(key);
            const std::lock_guard lock(shard.mutex);
            std::erase(shard.loading, key.key);
            shard.loaded.notify_all();
        }
    }
    template <class IsResident>
    [[nodiscard]] Claim claim(const HashedKey<Key>& key, const IsResident& is_resident) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        if (is_resident(key)) {
            return Claim::kResident;
        }
        if (std::find(shard.loading.begin(), shard.loading.end(), key.key) != shard.loading.end()) {
            return Claim::kOthers;
        }
        shard.loading.push_back(key.key);
        return Claim::kOwn;
    }
    void await(const HashedKey<Key>& key) {
        Shard& shard = shard_of(key);
        std::unique_lock lock(shard.mutex);
        shard.loaded.wait(lock, [&] {
            return std::find(shard.loading.begin(), shard.loading.end(), key.key) ==
                   shard.loading.end();
        });
    }
    void note_failure(const Key& key, const std::string& cause) {
        ByteWriter encoded;
        M::encode_key(encoded, key);
        const std::lock_guard lock(failures_);
        failed_.store(true, std::memory_order_relaxed);  // relaxed: see failed_
        if (failure_.empty()) {
            failure_ = "cannot load key " + hex_of(encoded.bytes()) + ": " + cause;
        }
    }

    BackingStore<M>& backing_;
    std::array<Shard, kShards> shards_;
    mutable std::mutex failures_;  // guards failure_
    std::string failure_;
    // failed_: failure_ says something.   writers: workers   readers: the leader
    //   publish: nothing; the end of execution orders it.
    std::atomic<bool> failed_{false};
};

}  // namespace lockstep
