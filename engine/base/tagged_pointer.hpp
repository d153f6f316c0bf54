#pragma once

#include <bit>
#include <cstdint>

#include "engine/base/check.hpp"

namespace lockstep {

/// A pointer and a small number beside it, in the bits that the alignment of T leaves 0.
///
/// Role: records of which there are many, where a byte of its own would cost eight.
template <class T, std::uintptr_t kTags>
class TaggedPointer {
    static_assert(std::has_single_bit(kTags));

  public:
    TaggedPointer() = default;
    /// REQUIRES: tag < kTags.
    TaggedPointer(T* pointer, std::uintptr_t tag) noexcept
        // tidy: allow(raw_bytes) an address, not contents
        : bits_(reinterpret_cast<std::uintptr_t>(pointer) | tag) {
        static_assert(alignof(T) >= kTags);
        LOCKSTEP_DCHECK(tag < kTags);
    }

    [[nodiscard]] T* get() const noexcept {
        // tidy: allow(raw_bytes) an address, not contents
        return reinterpret_cast<T*>(bits_ & ~(kTags - 1));
    }
    [[nodiscard]] std::uintptr_t tag() const noexcept { return bits_ & (kTags - 1); }

  private:
    std::uintptr_t bits_ = 0;
};

}  // namespace lockstep
