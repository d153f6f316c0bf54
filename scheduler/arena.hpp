#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"

namespace lockstep {

/// Bump allocator of one worker for one block.
///
/// Role:    versions and access entries; nothing is freed before reset, so pointers into it stay
///          valid for every worker until the block ends.
/// Threads: one owner allocates; any thread may read what it published.
/// Cost:    an add and a compare; memory is kept for the next block.
class Arena {
  public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() { reset(); }

    /// An array of `count` value-initialised elements.
    template <class T>
    [[nodiscard]] T* make_array(std::size_t count) {
        T* first = static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
        for (std::size_t i = 0; i < count; ++i) {
            ::new (static_cast<void*>(first + i)) T();
        }
        if constexpr (!std::is_trivially_destructible_v<T>) {
            cleanups_.push_back({first, count, [](void* objects, std::size_t n) {
                                     std::destroy_n(static_cast<T*>(objects), n);
                                 }});
        }
        return first;
    }
    template <class T>
    [[nodiscard]] T* make() {
        return make_array<T>(1);
    }

    /// Destroys everything; pointers into the arena become invalid.
    void reset() noexcept {
        for (auto it = cleanups_.rbegin(); it != cleanups_.rend(); ++it) {
            it->destroy(it->objects, it->count);
        }
        cleanups_.clear();
        bytes_used_ = 0;
        chunk_ = 0;
        used_ = 0;
    }
    /// Bytes handed out since the last reset.
    [[nodiscard]] std::size_t bytes_used() const noexcept { return bytes_used_; }

  private:
    struct Cleanup {
        void* objects;
        std::size_t count;
        void (*destroy)(void*, std::size_t);
    };
    struct FreeAligned {
        void operator()(std::byte* memory) const noexcept {
            ::operator delete[](memory, std::align_val_t{kCacheLineSize});
        }
    };
    struct Chunk {
        std::unique_ptr<std::byte[], FreeAligned> memory;
        std::size_t size = 0;
    };

    static constexpr std::size_t kChunkSize = std::size_t{256} * 1024;

    void* allocate(std::size_t size, std::size_t alignment) {
        LOCKSTEP_DCHECK(alignment <= kCacheLineSize);
        std::size_t start = (used_ + alignment - 1) & ~(alignment - 1);
        while (chunk_ >= chunks_.size() || start + size > chunks_[chunk_].size) {
            if (chunk_ < chunks_.size()) {
                ++chunk_;
            }
            if (chunk_ >= chunks_.size()) {
                const std::size_t bytes = size > kChunkSize ? size : kChunkSize;
                chunks_.push_back({std::unique_ptr<std::byte[], FreeAligned>(
                                       new (std::align_val_t{kCacheLineSize}) std::byte[bytes]),
                                   bytes});
            }
            start = 0;
        }
        used_ = start + size;
        bytes_used_ += size;
        return chunks_[chunk_].memory.get() + start;
    }

    std::vector<Chunk> chunks_;
    std::vector<Cleanup> cleanups_;
    std::size_t chunk_ = 0;
    std::size_t used_ = 0;
    std::size_t bytes_used_ = 0;
};

}  // namespace lockstep
