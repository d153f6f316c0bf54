#pragma once

#include <cstdint>
#include <span>

#include "engine/base/bytes.hpp"
#include "replay/format/frame.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace lockstep::fuzz {

/// A file of frames whose checks and chain are right: bytes say what they hold and which of them
/// are damaged nevertheless.
[[nodiscard]] inline Bytes sealed_file(FuzzInput in) {
    ByteWriter out;
    Digest chain;
    std::uint64_t sequence = 0;
    while (!in.empty()) {
        const std::uint8_t shape = in.byte();
        const auto payload = in.take(in.below(4096));
        FrameFields fields{.type = static_cast<FrameType>(shape % 6),
                           .length = payload.size(),
                           .sequence = sequence,
                           .previous = chain};
        switch (shape / 6) {
            case 38:
                fields.length = in.word();
                break;
            case 39:
                fields.sequence += in.byte();
                break;
            case 40:
                fields.previous.low ^= in.byte();
                break;
            case 41:
                fields.version = in.byte();
                break;
            default:
                break;
        }
        chain = encode_frame(out, fields, payload);
        ++sequence;
    }
    return {out.bytes().begin(), out.bytes().end()};
}

/// The recipe of one frame without damage.
inline void put_recipe(ByteWriter& out, FrameType type, std::span<const std::byte> payload) {
    out.put(static_cast<std::uint8_t>(type));
    out.put(static_cast<std::uint8_t>(payload.size() >> 8));
    out.put(static_cast<std::uint8_t>(payload.size()));
    out.append(payload);
}

inline void put_end_recipe(ByteWriter& out, std::uint64_t blocks, std::uint64_t transactions) {
    ByteWriter end;
    end.put(blocks);
    end.put(transactions);
    put_recipe(out, FrameType::kEnd, end.bytes());
}

}  // namespace lockstep::fuzz
