#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"
#include "engine/base/random.hpp"

namespace lockstep::bench {

/// A 256-bit number, least significant word first.
struct Word256 {
    std::array<std::uint64_t, 4> words{};

    [[nodiscard]] static Word256 of(Int128 value) noexcept {
        return {{low64(value), high64(value), 0, 0}};
    }
    [[nodiscard]] Int128 number() const noexcept { return make_int128(words[1], words[0]); }
    [[nodiscard]] bool is_zero() const noexcept { return *this == Word256{}; }
    friend bool operator==(const Word256&, const Word256&) = default;
};

/// What a recorded access is about.
enum class TraceKind : std::uint8_t { kBalance = 0, kNonce = 1, kStorage = 2, kCode = 3 };

/// One place of the recorded state.
struct TraceKey {
    TraceKind kind = TraceKind::kBalance;
    std::array<std::uint8_t, 20> address{};
    std::array<std::uint8_t, 32> slot{};  ///< of storage; most significant byte first

    friend auto operator<=>(const TraceKey&, const TraceKey&) = default;

    [[nodiscard]] std::uint64_t hash() const noexcept {
        std::array<std::uint8_t, 56> bytes{};
        bytes[0] = static_cast<std::uint8_t>(kind);
        std::memcpy(bytes.data() + 1, address.data(), address.size());
        std::memcpy(bytes.data() + 24, slot.data(), slot.size());
        ByteReader in(std::as_bytes(std::span(bytes)));
        std::uint64_t out = 0;
        for (std::size_t word = 0; word < bytes.size() / 8; ++word) {
            out = mix64(out ^ in.get<std::uint64_t>());
        }
        return out;
    }
};

/// A recorded read, or a read and a write.
struct TraceAccess {
    TraceKey key = {};
    bool writes = false;
    Word256 start = {};  ///< what the read saw; an absent cell counts as zero
    Word256 end = {};    ///< what the write left
};

struct TraceTxn {
    std::uint64_t gas = 0;                   ///< its cost
    bool pays_beneficiary_only = true;       ///< false when the beneficiary is sender or receiver
    std::vector<TraceAccess> accesses = {};  ///< in recorded order
};

struct TraceBlock {
    std::uint64_t number = 0;
    std::array<std::uint8_t, 20> beneficiary{};
    /// Values at its start that differ from those that the trace tells of earlier blocks, because
    /// blocks between them are not recorded.
    std::vector<TraceAccess> corrections = {};
    std::vector<TraceTxn> transactions = {};
    std::vector<TraceAccess> epilogue = {};
};

/// Recorded reads and writes of whole blocks, with the values on both sides: an oracle that nobody
/// here wrote. Every `start` equals the `end` before it.
struct Trace {
    std::string source;
    std::vector<TraceAccess> initial;  ///< every key that the trace touches, with its first value
    std::vector<TraceBlock> blocks;

    [[nodiscard]] std::size_t transactions() const noexcept {
        std::size_t count = 0;
        for (const TraceBlock& block : blocks) {
            count += block.transactions.size();
        }
        return count;
    }
};

}  // namespace lockstep::bench
