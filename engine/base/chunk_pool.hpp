#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"

namespace lockstep {

/// A piece of memory from a ChunkPool.
struct Chunk {
    struct Free {
        void operator()(std::byte* bytes) const noexcept {
            ::operator delete[](bytes, std::align_val_t{kCacheLineSize});
        }
    };

    std::unique_ptr<std::byte[], Free> memory;
    std::size_t size = 0;
};

/// Memory that the workers of a block use in turns.
///
/// Role:    what arenas are made of. Each worker gets back what it had last, which is in its cache;
///          who needs more than before takes what others had and do not use. So all hold together
///          what the largest block took, however its work fell to workers.
/// Threads: any; each user number by one thread at a time.
/// Cost:    a lock for each chunk that is taken or given back.
class ChunkPool {
  public:
    static constexpr std::size_t kChunkSize = std::size_t{64} * 1024;  ///< bytes, at least

    explicit ChunkPool(std::uint32_t users) : shelves_(users) {}
    ChunkPool(const ChunkPool&) = delete;
    ChunkPool& operator=(const ChunkPool&) = delete;

    /// A chunk of at least `size` bytes: what the user gave back last where that is large enough,
    /// else what another user would need last, else new memory.
    [[nodiscard]] Chunk take(std::uint32_t user, std::size_t size) {
        const auto suffices = [size](const Chunk& chunk) { return chunk.size >= size; };
        const std::lock_guard lock(mutex_);
        Shelf& own = shelves_[user];
        if (const auto at = std::find_if(own.rbegin(), own.rend(), suffices); at != own.rend()) {
            return take_from(own, std::next(at).base());
        }
        Shelf& fullest =
            *std::max_element(shelves_.begin(), shelves_.end(),
                              [](const Shelf& a, const Shelf& b) { return a.size() < b.size(); });
        if (const auto at = std::find_if(fullest.begin(), fullest.end(), suffices);
            at != fullest.end()) {
            return take_from(fullest, at);
        }
        for (Shelf& shelf : shelves_) {
            shelf.reserve(made_ + 1);  // so that nothing is allocated when chunks come back
        }
        const std::size_t bytes = std::max(size, kChunkSize);
        Chunk fresh{.memory = decltype(Chunk::memory)(new (std::align_val_t{kCacheLineSize})
                                                          std::byte[bytes]),
                    .size = bytes};
        ++made_;
        return fresh;
    }
    /// Takes chunks back; the first of them is the first that the user will get again.
    void give_back(std::uint32_t user, std::vector<Chunk>& chunks) noexcept {
        const std::lock_guard lock(mutex_);
        Shelf& own = shelves_[user];
        LOCKSTEP_DCHECK(own.size() + chunks.size() <= made_);
        std::move(chunks.rbegin(), chunks.rend(), std::back_inserter(own));
        chunks.clear();
    }

  private:
    using Shelf = std::vector<Chunk>;

    [[nodiscard]] static Chunk take_from(Shelf& shelf, Shelf::iterator at) noexcept {
        Chunk taken = std::move(*at);
        shelf.erase(at);
        return taken;
    }

    std::mutex mutex_;            // guards all below; no thread waits for anything with it held
    std::vector<Shelf> shelves_;  ///< of each user, from what it needs last to what it needs first
    std::size_t made_ = 0;        ///< chunks in all, on shelves or taken
};

}  // namespace lockstep
