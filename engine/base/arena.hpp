#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"
#include "engine/base/chunk_pool.hpp"

namespace lockstep {

/// Bump allocator of one worker for one block.
///
/// Role:    versions and access entries; nothing is freed before reset, so pointers into it stay
///          valid for every worker until the block ends.
/// Threads: one owner allocates; any thread may read what it published.
/// Cost:    an add and a compare; memory goes back to the pool at reset.
class Arena {
  public:
    /// `user`: the owner's number in the pool.
    Arena(ChunkPool& pool, std::uint32_t user) : pool_(pool), user_(user) {}
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
    /// A copy of a value in the first `bytes` bytes of the room that its type takes. REQUIRES:
    /// copies touch no more than that.
    template <class T>
    requires std::is_trivially_destructible_v<T>
    [[nodiscard]] T* copy(const T& value, std::size_t bytes) {
        return ::new (allocate(bytes, alignof(T))) T(value);
    }
    /// Room for an array of at most `most` elements that the caller constructs one by one. Where
    /// there may be fewer, close_array gives the rest back, before anything else is taken.
    template <class T>
    requires std::is_trivially_destructible_v<T>
    [[nodiscard]] T* open_array(std::size_t most) {
        return static_cast<T*>(allocate(sizeof(T) * most, alignof(T)));
    }
    template <class T>
    void close_array(std::size_t most, std::size_t count) noexcept {
        LOCKSTEP_DCHECK(count <= most);
        used_ -= sizeof(T) * (most - count);
        bytes_used_ -= sizeof(T) * (most - count);
    }

    /// Destroys everything; pointers into the arena become invalid.
    void reset() noexcept {
        for (auto it = cleanups_.rbegin(); it != cleanups_.rend(); ++it) {
            it->destroy(it->objects, it->count);
        }
        cleanups_.clear();
        pool_.give_back(user_, chunks_);
        bytes_used_ = 0;
        memory_ = nullptr;
        size_ = used_ = 0;
    }
    /// Bytes handed out since the last reset.
    [[nodiscard]] std::size_t bytes_used() const noexcept { return bytes_used_; }

  private:
    struct Cleanup {
        void* objects;
        std::size_t count;
        void (*destroy)(void*, std::size_t);
    };

    void* allocate(std::size_t size, std::size_t alignment) {
        LOCKSTEP_DCHECK(alignment <= kCacheLineSize);
        const std::size_t start = (used_ + alignment - 1) & ~(alignment - 1);
        if (start + size > size_) [[unlikely]] {
            return allocate_in_next_chunk(size);
        }
        used_ = start + size;
        bytes_used_ += size;
        return memory_ + start;
    }
    // A function of its own, so that compilers inline what happens every time.
    [[gnu::noinline]] void* allocate_in_next_chunk(std::size_t size) {
        if (chunks_.size() == chunks_.capacity()) {
            chunks_.reserve(2 * chunks_.size() + 16);  // first, so that no chunk is lost
        }
        chunks_.push_back(pool_.take(user_, size));
        memory_ = chunks_.back().memory.get();
        size_ = chunks_.back().size;
        used_ = size;
        bytes_used_ += size;
        return memory_;
    }

    ChunkPool& pool_;
    const std::uint32_t user_;
    std::vector<Chunk> chunks_;  ///< taken since the last reset
    std::vector<Cleanup> cleanups_;
    std::byte* memory_ = nullptr;  ///< of the chunk in use
    std::size_t size_ = 0;         ///< its size
    std::size_t used_ = 0;
    std::size_t bytes_used_ = 0;
};

}  // namespace lockstep
