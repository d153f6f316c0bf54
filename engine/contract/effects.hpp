#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/digest.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep {

/// The term of one cell in the additive state digest: of the bytes of its value, by its key.
template <Machine M>
[[nodiscard]] Digest cell_digest(ByteWriter& scratch, const typename M::Key& key,
                                 const typename M::Value& value) {
    scratch.clear();
    M::encode_key(scratch, key);
    const std::uint64_t seed = seed_of(scratch.bytes());
    if constexpr (kHasValueBytes<M>) {
        return digest_of(M::value_bytes(value), seed);
    } else {
        scratch.clear();
        M::encode_value(scratch, key, value);
        return digest_of(scratch.bytes(), seed);
    }
}

/// Builds the effect digest of one transaction or phase, in the one canonical layout:
///
///   u32 index · u8 disposition · u16 status · u64 weight
///   sum of the cell_digest of each value written
///   sum of the digest of each erasure (key) and addition (key · i128 amount)
///   events as encoded by EventLog
///
/// Sums, as of the state, so that no order of the changes has to be made. A value enters with the
/// digest that the state sum uses as well, so that it is hashed once. Additions enter with their
/// amount, not with the sum that they lead to, so that the digest of a transaction does not depend
/// on other additions to the same cell.
template <Machine M>
class EffectDigest {
  public:
    void begin(std::uint32_t index, Disposition disposition, std::uint16_t status,
               std::uint64_t weight) {
        out_.clear();
        out_.put(index, static_cast<std::uint8_t>(disposition), status, weight);
        written_ = {};
        others_ = {};
    }
    /// `value` null: the cell was erased. REQUIRES: a cell is named once, here and below.
    void write(const typename M::Key& key, const typename M::Value* value) {
        if (value == nullptr) {
            erase(key);
        } else {
            write(cell_digest<M>(scratch_, key, *value));
        }
    }
    /// The same for a value whose cell_digest is known.
    void write(const Digest& digest) noexcept { written_ += digest; }
    void erase(const typename M::Key& key) {
        scratch_.clear();
        M::encode_key(scratch_, key);
        others_ += digest_of(scratch_.bytes());
    }
    void add(const typename M::Key& key, Int128 amount) {
        scratch_.clear();
        M::encode_key(scratch_, key);
        scratch_.put(amount);
        others_ += digest_of(scratch_.bytes());
    }
    [[nodiscard]] Digest finish(std::span<const std::byte> events) {
        put(out_, written_);
        put(out_, others_);
        out_.append(events);
        return digest_of(out_.bytes());
    }

  private:
    ByteWriter out_;
    ByteWriter scratch_;
    Digest written_;
    Digest others_;
};

/// Index under which the phases of a block enter their effect digests.
inline constexpr std::uint32_t kBeginPhaseIndex = 0xfffffffe;
inline constexpr std::uint32_t kEndPhaseIndex = 0xffffffff;

/// Builds the digest of a block: D_b = XXH3-128(D_{b-1}, header, begin effects, e_0 … e_{n-1}, end
/// effects, state sum). The longer part can be made while the block still runs.
class BlockDigest {
  public:
    /// Everything up to the effects of the begin-of-block phase; takes the number of receipts.
    void begin(const Digest& previous, const BlockResult& result);
    /// The effects of the next transactions in block order.
    void take(std::span<const Receipt> receipts);
    /// The rest. REQUIRES: begin, then all receipts, once before each call.
    [[nodiscard]] Digest finish(const BlockResult& result);

  private:
    ByteWriter out_;
};

/// The same in one go.
[[nodiscard]] Digest chain_block_digest(const Digest& previous, const BlockResult& result);

}  // namespace lockstep
