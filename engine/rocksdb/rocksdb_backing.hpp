#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/effects.hpp"
#include "engine/state/backing_store.hpp"
#include "engine/state/block_diff.hpp"

namespace lockstep {

/// A state in a RocksDB database: cells are loaded from it, block diffs are written to it.
///
/// Role:    a BackingStore that survives. A block is written whole or not at all, with what is
///          known of the state behind it, so that a node goes on where it was stopped.
/// Layout:  "c" and the canonical bytes of a key lead to those of its value; "m" to height, block
///          digest, number of cells and state sums.
/// Machine: needs `decode_value(ByteReader&, const Key&) -> std::optional<Value>`.
/// Threads: loads by any, beside one that writes.
template <Machine M>
class RocksdbBacking final : public BackingStore<M> {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    /// The state behind the last block that was written.
    struct Tip {
        std::uint64_t height = 0;  ///< 0 before the first
        Digest block;              ///< of the chain, for set_previous_block_digest
        StateBase<M> base;
    };

    /// Opens a database in a folder, or begins one. `sync`: a block that was written outlives a
    /// crash of the machine, not only one of the process.
    [[nodiscard]] static Result<std::unique_ptr<RocksdbBacking>, Error> open(
        const std::string& folder, bool sync = true) {
        rocksdb::Options options;
        options.create_if_missing = true;
        rocksdb::DB* opened = nullptr;
        if (const auto status = rocksdb::DB::Open(options, folder, &opened); !status.ok()) {
            return failure(environment(folder, status));
        }
        std::unique_ptr<RocksdbBacking> made(new RocksdbBacking(folder, sync, opened));
        std::string tip;
        const auto status = made->db_->Get({}, kTip, &tip);
        if (!status.ok() && !status.IsNotFound()) {
            return failure(environment(folder, status));
        }
        // tidy: allow(raw_bytes) text has no padding
        if (status.ok() && !made->decode_tip(std::as_bytes(std::span(tip)))) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "the record of the last block is not one of this "
                                            "machine's states",
                                 .file = folder});
        }
        return made;
    }

    [[nodiscard]] const Tip& tip() const noexcept { return tip_; }

    /// Writes what block `height` changed. Error, and nothing written, unless it is the block
    /// behind the tip.
    [[nodiscard]] Result<void, Error> write(const BlockDiff<M>& diff, std::uint64_t height) {
        return turn(diff, diff.state_before(), {height, diff.block_after(), {}},
                    &BlockDiff<M>::Change::before, &BlockDiff<M>::Change::after);
    }
    /// Takes the block at the tip back: `height` is that of the block before it.
    [[nodiscard]] Result<void, Error> undo(const BlockDiff<M>& diff, std::uint64_t height) {
        return turn(diff, diff.state_after(), {height, diff.block_before(), {}},
                    &BlockDiff<M>::Change::after, &BlockDiff<M>::Change::before);
    }

    void load_many(std::span<const Key> keys, std::span<Loaded<Value>> answers) noexcept override {
        try {
            load_all(keys, answers);
        } catch (const std::exception& broken) {  // memory
            for (auto& answer : answers) {
                answer.load = Load::kFailed;
            }
        }
    }

  private:
    using Change = typename BlockDiff<M>::Change;

    static constexpr std::string_view kTip = "m";

    RocksdbBacking(std::string folder, bool sync, rocksdb::DB* db)
        : folder_(std::move(folder)), db_(db) {
        write_options_.sync = sync;
    }

    [[nodiscard]] static Error environment(const std::string& folder,
                                           const rocksdb::Status& status) {
        return {.message = status.ToString(), .file = folder};
    }
    [[nodiscard]] static std::string_view text(const ByteWriter& bytes) noexcept {
        // tidy: allow(raw_bytes) text has no padding
        return {reinterpret_cast<const char*>(bytes.bytes().data()), bytes.size()};
    }
    static void encode(ByteWriter& out, const Key& key) {
        out.clear();
        out.put('c');
        M::encode_key(out, key);
    }

    void load_all(std::span<const Key> keys, std::span<Loaded<Value>> answers) {
        std::vector<std::string> names(keys.size());
        std::vector<rocksdb::Slice> slices(keys.size());
        ByteWriter scratch;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            encode(scratch, keys[i]);
            names[i] = text(scratch);
            slices[i] = names[i];
        }
        std::vector<rocksdb::PinnableSlice> values(keys.size());
        std::vector<rocksdb::Status> statuses(keys.size());
        db_->MultiGet({}, db_->DefaultColumnFamily(), keys.size(), slices.data(), values.data(),
                      statuses.data());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            answers[i] = answer(keys[i], statuses[i], values[i]);
        }
    }
    [[nodiscard]] static Loaded<Value> answer(const Key& key, const rocksdb::Status& status,
                                              const rocksdb::PinnableSlice& bytes) {
        if (status.IsNotFound()) {
            return {};
        }
        if (!status.ok()) {
            return {.load = Load::kFailed, .cause = status.ToString()};
        }
        // tidy: allow(raw_bytes) text has no padding
        ByteReader in(std::as_bytes(std::span(bytes.data(), bytes.size())));
        std::optional<Value> value = M::decode_value(in, key);
        if (!value || !in.ok() || in.remaining() != 0) {
            return {.load = Load::kFailed, .cause = "what is stored is no value"};
        }
        return {.load = Load::kFound, .value = std::move(*value)};
    }

    [[nodiscard]] Result<void, Error> turn(const BlockDiff<M>& diff, const Digest& from, Tip next,
                                           const Value* Change::*before,
                                           const Value* Change::*after) {
        if (tip_.base.sums.total() != from) {
            return failure(Error{.code = ErrorCode::kUsage,
                                 .message = "the block does not follow the one that was written "
                                            "last",
                                 .file = folder_,
                                 .block = next.height});
        }
        next.base = tip_.base;
        rocksdb::WriteBatch batch;
        ByteWriter key;
        ByteWriter scratch;
        diff.for_each([&](const Change& change) {
            encode(key, change.key);
            if (const Value* old = change.*before) {
                next.base.sums.remove(change.key, cell_digest<M>(scratch, change.key, *old));
                --next.base.cells;
            }
            if (const Value* value = change.*after) {
                next.base.sums.add(change.key, cell_digest<M>(scratch, change.key, *value));
                ++next.base.cells;
                scratch.clear();
                M::encode_value(scratch, change.key, *value);
                batch.Put(text(key), text(scratch));
            } else {
                batch.Delete(text(key));
            }
        });
        scratch.clear();
        encode_tip(scratch, next);
        batch.Put(kTip, text(scratch));
        if (const auto status = db_->Write(write_options_, &batch); !status.ok()) {
            Error error = environment(folder_, status);
            error.block = next.height;
            return failure(std::move(error));
        }
        tip_ = std::move(next);
        return {};
    }

    static void encode_tip(ByteWriter& out, const Tip& tip) {
        out.put(tip.height, std::uint64_t{tip.base.cells});
        put(out, tip.block);
        for (const Digest& sum : tip.base.sums.all()) {
            put(out, sum);
        }
    }
    [[nodiscard]] bool decode_tip(std::span<const std::byte> bytes) {
        ByteReader in(bytes);
        tip_.height = in.get<std::uint64_t>();
        tip_.base.cells = in.get<std::uint64_t>();
        tip_.block = get_digest(in);
        std::array<Digest, StateSums<M>::kCount> sums;
        for (Digest& sum : sums) {
            sum = get_digest(in);
        }
        tip_.base.sums = StateSums<M>(sums);
        return in.ok() && in.remaining() == 0;
    }

    std::string folder_;
    rocksdb::WriteOptions write_options_;
    std::unique_ptr<rocksdb::DB> db_;
    Tip tip_;
};

}  // namespace lockstep
