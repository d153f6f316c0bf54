#include "bench/bars/allocation_count.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace lockstep::bench {
namespace {

// Statistics. writers: every thread that allocates   readers: allocations(), between blocks
//   publish: nothing; relaxed throughout.
std::atomic<std::uint64_t> calls{0};
std::atomic<std::int64_t> live_bytes{0};

void* counted(void* block) {
    if (block == nullptr) {
        throw std::bad_alloc();
    }
    // relaxed: statistics.
    calls.fetch_add(1, std::memory_order_relaxed);
    // relaxed: statistics.
    live_bytes.fetch_add(static_cast<std::int64_t>(malloc_usable_size(block)),
                         std::memory_order_relaxed);
    return block;
}

void release(void* block) noexcept {
    if (block != nullptr) {
        // relaxed: statistics.
        live_bytes.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(block)),
                             std::memory_order_relaxed);
        std::free(block);
    }
}

}  // namespace

Allocations allocations() noexcept {
    // relaxed: statistics.
    return {.calls = calls.load(std::memory_order_relaxed),
            .live_bytes = live_bytes.load(std::memory_order_relaxed)};
}

void* counted_new(std::size_t size) {
    return counted(std::malloc(size == 0 ? 1 : size));
}
void* counted_new(std::size_t size, std::align_val_t alignment) {
    const auto align = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(align, (size + align - 1) / align * align));
}
void counted_delete(void* block) noexcept {
    release(block);
}

}  // namespace lockstep::bench

// The other forms of new and delete call these.
void* operator new(std::size_t size) {
    return lockstep::bench::counted_new(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return lockstep::bench::counted_new(size, alignment);
}
void operator delete(void* block) noexcept {
    lockstep::bench::counted_delete(block);
}
void operator delete(void* block, std::size_t) noexcept {
    lockstep::bench::counted_delete(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    lockstep::bench::counted_delete(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    lockstep::bench::counted_delete(block);
}
