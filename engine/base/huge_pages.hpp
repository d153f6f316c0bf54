#pragma once

#include <cstddef>
#include <new>
#include <type_traits>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lockstep {

/// Allocator for large tables that are read at random: asks for huge pages, so that an access costs
/// one cache miss and no page walk beside it. A hint; small blocks and other systems get plain
/// memory.
template <class T>
struct HugePageAllocator {
    using value_type = T;
    /// Memory moves along with its container: libc++ else wants elements that can be moved.
    using propagate_on_container_move_assignment = std::true_type;

    HugePageAllocator() noexcept = default;
    template <class U>
    explicit HugePageAllocator(const HugePageAllocator<U>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        const std::size_t size = sizeof(T) * count;
        void* memory = ::operator new(size, alignment(size));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
        if (size >= kHugePageSize) {
            static_cast<void>(::madvise(memory, size, MADV_HUGEPAGE));  // may be refused
        }
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        ::operator delete(memory, alignment(sizeof(T) * count));
    }
    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) noexcept {
        return true;
    }

  private:
    static constexpr std::size_t kHugePageSize = std::size_t{2} << 20;

    static std::align_val_t alignment(std::size_t size) noexcept {
        return std::align_val_t{size >= kHugePageSize ? kHugePageSize : alignof(T)};
    }
};

}  // namespace lockstep
