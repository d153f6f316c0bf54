#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/limits.hpp"

namespace lockstep {

/// What a builder has finished, as bytes of its own.
inline std::vector<std::byte> bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
    // tidy: allow(raw_bytes) bytes that FlatBuffers has written
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return {bytes.begin(), bytes.end()};
}

/// Runs `use(root)` on a payload that passed the verifier, with bounded depth and table count; else
/// fails with kCorrupt and `reason`.
template <class Root, class Use>
auto with_verified(std::span<const std::byte> payload, const char* identifier, const char* reason,
                   const Use& use) -> decltype(use(std::declval<const Root&>())) {
    constexpr flatbuffers::uoffset_t kDepthMax = 8;
    constexpr std::size_t kTableSize = 8;  // smallest table with the offset to it
    constexpr std::size_t kAlignment = 8;
    std::vector<std::uint64_t> aligned;
    const void* data = payload.data();
    // tidy: allow(raw_bytes) asks for the alignment only
    if (reinterpret_cast<std::uintptr_t>(data) % kAlignment != 0) {
        aligned.resize(payload.size() / kAlignment + 1);
        // tidy: allow(raw_bytes) bytes to bytes
        std::memcpy(aligned.data(), payload.data(), payload.size());
        data = aligned.data();
    }
    const auto tables = static_cast<flatbuffers::uoffset_t>(1 + payload.size() / kTableSize);
    flatbuffers::Verifier verifier(static_cast<const std::uint8_t*>(data), payload.size(),
                                   kDepthMax, tables);
    if (payload.size() > kFramePayloadMax || !verifier.VerifyBuffer<Root>(identifier)) {
        return failure(Error{.code = ErrorCode::kCorrupt, .message = reason});
    }
    return use(*flatbuffers::GetRoot<Root>(data));
}

}  // namespace lockstep
