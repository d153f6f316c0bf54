#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/digest.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep {

/// The term of one cell in the additive state digest.
template <Machine M>
[[nodiscard]] Digest cell_digest(ByteWriter& scratch, const typename M::Key& key,
                                 const typename M::Value& value) {
    scratch.clear();
    M::encode_key(scratch, key);
    M::encode_value(scratch, key, value);
    return digest_of(scratch.bytes());
}

/// Builds the effect digest of one transaction or phase, in the one canonical layout:
///
///   u32 index · u8 disposition · u16 status · u64 weight
///   per touched cell, in key order: u8 kind (1 write, 2 erase, 3 addition) · key ·
///     cell_digest of the new value, nothing, or i128 amount
///   u8 0 · events as encoded by EventLog
///
/// A value enters with the digest that the state sum uses as well, so that it is hashed once.
/// Additions enter with their amount, not with the sum that they lead to, so that the digest of a
/// transaction does not depend on other additions to the same cell.
template <Machine M>
class EffectDigest {
  public:
    void begin(std::uint32_t index, Disposition disposition, std::uint16_t status,
               std::uint64_t weight) {
        out_.clear();
        out_.put(index, static_cast<std::uint8_t>(disposition), status, weight);
    }
    /// `value` null: the cell was erased. REQUIRES ascending keys over write, erase and add.
    void write(const typename M::Key& key, const typename M::Value* value) {
        if (value == nullptr) {
            erase(key);
        } else {
            write(key, cell_digest<M>(scratch_, key, *value));
        }
    }
    /// The same for a value whose cell_digest is known.
    [[gnu::always_inline]] void write(const typename M::Key& key, const Digest& digest) {
        out_.put(kWrite);
        M::encode_key(out_, key);
        put(out_, digest);
    }
    void erase(const typename M::Key& key) {
        out_.put(kErase);
        M::encode_key(out_, key);
    }
    void add(const typename M::Key& key, Int128 amount) {
        out_.put(kAddition);
        M::encode_key(out_, key);
        out_.put(amount);
    }
    [[nodiscard]] Digest finish(std::span<const std::byte> events) {
        out_.put(kEnd);
        out_.append(events);
        return digest_of(out_.bytes());
    }

  private:
    static constexpr std::uint8_t kEnd = 0;
    static constexpr std::uint8_t kWrite = 1;
    static constexpr std::uint8_t kErase = 2;
    static constexpr std::uint8_t kAddition = 3;

    ByteWriter out_;
    ByteWriter scratch_;
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
