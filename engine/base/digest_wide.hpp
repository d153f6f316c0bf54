#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/digest.hpp"

namespace lockstep::internal {

/// digest_of by AVX2: half the instructions for values of several hundred bytes. Only where the
/// processor has it; see digest.cpp.
[[nodiscard]] Digest wide_digest_of(std::span<const std::byte> bytes, std::uint64_t seed) noexcept;

}  // namespace lockstep::internal
