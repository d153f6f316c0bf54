#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/history.hpp"
#include "engine/state/snapshot_manifest.hpp"
#include "engine/state/state_store.hpp"
#include "engine/state/state_sums.hpp"

namespace lockstep {

/// Machines whose cells can be read back: what a snapshot asks for beside Machine.
///
///   static decode_key(ByteReader&) -> optional<Key>            inverse of encode_key; nothing when
///                                                              the bytes are those of no key. May
///                                                              point to them: see BorrowsBytes
///   static decode_value(ByteReader&, Key) -> optional<Value>   inverse of encode_value; the value
///                                                              has all bytes that are left
template <class M>
concept DecodesCells = Machine<M> && requires(ByteReader& in, const typename M::Key& key) {
    { M::decode_key(in) } -> std::same_as<std::optional<typename M::Key>>;
    { M::decode_value(in, key) } -> std::same_as<std::optional<typename M::Value>>;
};

/// Names of the sums in a manifest; machines without modules have one, without a name.
template <Machine M>
[[nodiscard]] std::vector<std::string> snapshot_modules() {
    const std::span<const std::string_view> names = module_names<M>();
    return names.empty() ? std::vector<std::string>(1)
                         : std::vector<std::string>(names.begin(), names.end());
}
/// The sums themselves.
template <Machine M>
[[nodiscard]] std::vector<Digest> snapshot_sums(const StateSums<M>& sums) {
    return NamesModules<M> ? sums.modules() : std::vector<Digest>{sums.total()};
}

/// Takes the chunks of a snapshot in order, whose bytes are good for the call.
using ChunkSink = std::function<Result<void, Error>(std::span<const std::byte> bytes)>;

struct SnapshotOptions {
    /// Bytes of a chunk, at most, unless one cell alone has more. Snapshots are equal byte for byte
    /// where this is equal.
    std::uint32_t chunk_bytes = std::uint32_t{1} << 20;
};

/// Cuts cells in key order into chunks: for each a u32 length, then key and value in canonical
/// bytes.
///
/// Threads: one.
template <Machine M>
class SnapshotWriter {
  public:
    explicit SnapshotWriter(ChunkSink sink, SnapshotOptions options = {})
        : sink_(std::move(sink)), options_(options) {}

    /// REQUIRES: ascending keys. Errors: those of the sink; then nothing more may be added.
    [[nodiscard]] Result<void, Error> add(const typename M::Key& key,
                                          const typename M::Value& value) {
        cell_.clear();
        M::encode_key(cell_, key);
        M::encode_value(cell_, key, value);
        if (chunk_.size() != 0 && chunk_.size() + kLength + cell_.size() > options_.chunk_bytes) {
            if (auto given = flush(); !given) {
                return given;
            }
        }
        chunk_.put_bytes(cell_.bytes());
        sums_.add(key, cell_digest<M>(cell_, key, value));
        ++cells_;
        return {};
    }
    /// The last chunk, and what there is in all.
    [[nodiscard]] Result<SnapshotManifest, Error> finish(SnapshotHead head) {
        if (auto given = flush(); !given) {
            return failure(std::move(given.error()));
        }
        manifest_.head = std::move(head);
        const std::vector<Digest> sums = snapshot_sums(sums_);
        for (std::string& name : snapshot_modules<M>()) {
            const Digest sum = sums[manifest_.modules.size()];
            manifest_.modules.push_back({std::move(name), sum});
        }
        return std::move(manifest_);
    }

  private:
    static constexpr std::size_t kLength = sizeof(std::uint32_t);

    [[nodiscard]] Result<void, Error> flush() {
        if (cells_ == 0) {
            return {};
        }
        manifest_.chunks.push_back({.bytes = static_cast<std::uint32_t>(chunk_.size()),
                                    .cells = std::exchange(cells_, 0),
                                    .digest = digest_of(chunk_.bytes())});
        auto given = sink_(chunk_.bytes());
        chunk_.clear();
        return given;
    }

    ChunkSink sink_;
    SnapshotOptions options_;
    ByteWriter cell_;
    ByteWriter chunk_;
    std::uint32_t cells_ = 0;  ///< in chunk_
    StateSums<M> sums_;
    SnapshotManifest manifest_;
};

/// Writes the whole state between blocks.
///
/// Errors: those of the sink; kUsage when some cells are in a backing store only.
template <DecodesCells M, class Sync>
[[nodiscard]] Result<SnapshotManifest, Error> save_snapshot(const StateStore<M, Sync>& state,
                                                            SnapshotHead head, ChunkSink sink,
                                                            SnapshotOptions options = {}) {
    SnapshotWriter<M> writer(std::move(sink), options);
    Result<void, Error> added;
    state.for_each([&](const typename M::Key& key, const typename M::Value& value) {
        if (added) {
            added = writer.add(key, value);
        }
    });
    if (!added) {
        return failure(std::move(added.error()));
    }
    auto manifest = writer.finish(std::move(head));
    if (manifest && manifest->state() != state.digest()) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = "a part of the state is in its backing store only: that is "
                                        "what has to be copied"});
    }
    return manifest;
}
/// Writes the state of `head.height`, from any thread, while further heights are decided.
///
/// Errors: kUsage when the history does not have that height; those of the sink.
template <DecodesCells M>
[[nodiscard]] Result<SnapshotManifest, Error> save_snapshot(const History<M>& history,
                                                            SnapshotHead head, ChunkSink sink,
                                                            SnapshotOptions options = {}) {
    SnapshotWriter<M> writer(std::move(sink), options);
    Result<void, Error> added;
    const bool known = history.for_each(
        head.height, [&](const typename M::Key& key, const typename M::Value& value) {
            added = writer.add(key, value);
            return added.has_value();
        });
    if (!known) {
        return failure(
            Error{.code = ErrorCode::kUsage,
                  .message = "the history has no height " + std::to_string(head.height)});
    }
    return added ? writer.finish(std::move(head)) : failure(std::move(added.error()));
}

/// Whether a manifest is one of this machine's states. Errors: kCorrupt.
template <Machine M>
[[nodiscard]] Result<void, Error> check_machine(const SnapshotManifest& manifest,
                                                std::string_view machine) {
    std::string wrong;
    if (manifest.head.machine != machine) {
        wrong = "is of machine '" + manifest.head.machine + "', not '" + std::string(machine) + "'";
    } else if (!std::ranges::equal(manifest.modules, snapshot_modules<M>(), {},
                                   &SnapshotManifest::Module::name)) {
        wrong = "divides the state into other modules than this machine";
    } else {
        return {};
    }
    return failure(Error{.code = ErrorCode::kCorrupt, .message = "the snapshot " + wrong});
}

/// Fills an empty state from the chunks of a snapshot, which come in any order.
///
/// Errors:  kCorrupt; a chunk that was refused may be given once more, from elsewhere.
/// Threads: one.
template <DecodesCells M, class Sync = StdSync>
class SnapshotLoader {
  public:
    /// `machine`: whose cells are wanted. The state outlives the loader and is nobody else's.
    [[nodiscard]] static Result<SnapshotLoader, Error> open(StateStore<M, Sync>& state,
                                                            SnapshotManifest manifest,
                                                            std::string_view machine) {
        if (state.size() != 0) {
            return failure(Error{.code = ErrorCode::kUsage,
                                 .message = "snapshots are loaded into empty states"});
        }
        if (auto fits = check_machine<M>(manifest, machine); !fits) {
            return failure(std::move(fits.error()));
        }
        return SnapshotLoader(state, std::move(manifest));
    }

    /// Takes one chunk. Nothing of it is taken when it is refused.
    [[nodiscard]] Result<void, Error> add(std::size_t chunk, std::span<const std::byte> bytes) {
        if (auto verified = manifest_.verify(chunk, bytes); !verified) {
            return verified;
        }
        if (taken_[chunk]) {
            return failure(broken("has chunk " + std::to_string(chunk) + " once, not twice"));
        }
        cells_.clear();
        if (!decode(bytes) || cells_.size() != manifest_.chunks[chunk].cells) {
            return failure(broken("has cells in chunk " + std::to_string(chunk) +
                                  " that are none of this machine"));
        }
        for (const auto& [key, value] : cells_) {
            state_->set(key, &value);
        }
        taken_[chunk] = true;
        return {};
    }
    /// Chunks that have not been taken.
    [[nodiscard]] std::vector<std::size_t> missing() const {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < taken_.size(); ++i) {
            if (!taken_[i]) {
                out.push_back(i);
            }
        }
        return out;
    }
    /// Checks the whole; what comes from outside the snapshot, a digest of the state that somebody
    /// knows, is compared with state.digest() by the caller. A state that is not what the manifest
    /// says is emptied.
    [[nodiscard]] Result<void, Error> finish() {
        if (const auto left = missing(); !left.empty()) {
            return failure(broken("lacks " + std::to_string(left.size()) +
                                  " of its chunks, the first is chunk " +
                                  std::to_string(left.front())));
        }
        const bool equal = std::ranges::equal(snapshot_sums(state_->sums()), manifest_.modules, {},
                                              {}, &SnapshotManifest::Module::sum);
        if (!equal || state_->size() != manifest_.cells()) {
            clear();
            return failure(broken("does not add up to the state digest of its manifest"));
        }
        return {};
    }
    [[nodiscard]] const SnapshotManifest& manifest() const noexcept { return manifest_; }

  private:
    using Key = typename M::Key;
    using Value = typename M::Value;

    SnapshotLoader(StateStore<M, Sync>& state, SnapshotManifest manifest)
        : state_(&state), manifest_(std::move(manifest)), taken_(manifest_.chunks.size()) {}

    static Error broken(const std::string& what) {
        return {.code = ErrorCode::kCorrupt, .message = "the snapshot " + what};
    }
    /// False when cells cannot be read, are not canonical, or not in order.
    [[nodiscard]] bool decode(std::span<const std::byte> bytes) {
        ByteReader in(bytes);
        while (in.remaining() != 0) {
            const std::span<const std::byte> cell = in.get_bytes();
            ByteReader one(cell);
            const std::optional<Key> key = M::decode_key(one);
            if (!in.ok() || !one.ok() || !key ||
                (!cells_.empty() && !(cells_.back().first < *key))) {
                return false;
            }
            std::optional<Value> value = M::decode_value(one, *key);
            if (!one.ok() || one.remaining() != 0 || !value) {
                return false;
            }
            scratch_.clear();
            M::encode_key(scratch_, *key);
            M::encode_value(scratch_, *key, *value);
            if (!std::ranges::equal(scratch_.bytes(), cell)) {
                return false;
            }
            cells_.emplace_back(*key, std::move(*value));
        }
        return in.ok();
    }
    void clear() {
        std::vector<Key> keys;
        state_->for_each_unordered([&](const Key& key, const Value&) { keys.push_back(key); });
        for (const Key& key : keys) {
            state_->set(key, nullptr);
        }
        state_->release_keys();
        taken_.assign(taken_.size(), false);
    }

    StateStore<M, Sync>* state_;
    SnapshotManifest manifest_;
    std::vector<bool> taken_;
    std::vector<std::pair<Key, Value>> cells_;  ///< of the chunk at hand
    ByteWriter scratch_;
};

}  // namespace lockstep
