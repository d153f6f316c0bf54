#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"
#include "engine/bytes/byte_key.hpp"
#include "engine/bytes/byte_value.hpp"
#include "engine/state/key_order.hpp"

namespace lockstep {

/// What a machine over opaque bytes needs beside its transactions: derive from it.
///
/// Role:    keys and values of any bytes, in the order of the bytes, with scans. Keys point to
///          memory of the caller's: see BorrowsBytes for how long it has to stay.
/// Numbers: see ByteValue.
struct ByteState {
    using Key = ByteKey;
    using Value = ByteValue;
    static constexpr bool kScans = true;

    static std::uint64_t hash(const Key& key) noexcept { return key.hash(); }
    static void encode_key(ByteWriter& out, const Key& key) { out.put_bytes(key.bytes()); }
    static void encode_value(ByteWriter& out, const Key& /*key*/, const Value& value) {
        out.put_bytes(value.bytes());
        out.append(value.all().subspan(value.size()));
    }
    static std::optional<Key> decode_key(ByteReader& in) {
        const Key key(in.get_bytes());
        return in.ok() ? std::optional(key) : std::nullopt;
    }
    static std::optional<Value> decode_value(ByteReader& in, const Key& /*key*/) {
        std::optional<Value> value(in.get_bytes());
        if (in.remaining() != 0) {
            value->set_number(in.get_int128());
        }
        return in.ok() ? value : std::nullopt;
    }
    static Int128 number(const Value& value) noexcept { return value.number(); }
    static void set_number(Value& value, Int128 number) { value.set_number(number); }
};

}  // namespace lockstep
