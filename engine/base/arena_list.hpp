#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/arena.hpp"

namespace lockstep {

/// A list in an arena that only grows, then is cleared as a whole. In chunks, so that a long one
/// takes what it needs, where AppendList may take twice as much and copies when it grows.
///
/// Threads: one.
template <class T>
class ArenaList {
  public:
    explicit ArenaList(Arena& arena) : arena_(arena) {}

    T& append(T&& item) {
        if (next_ == end_) [[unlikely]] {
            begin_piece();
        }
        if constexpr (std::is_trivially_destructible_v<T>) {
            return *::new (static_cast<void*>(next_++)) T(std::move(item));
        } else {
            return *next_++ = std::move(item);
        }
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return chunks_.size() * kChunk - static_cast<std::size_t>(end_ - next_);
    }
    [[nodiscard]] std::size_t chunks() const noexcept { return chunks_.size(); }
    /// The items of one chunk, in the order in which they were appended; so are the chunks.
    [[nodiscard]] std::span<T> chunk(std::size_t i) noexcept {
        return {chunks_[i], i + 1 == chunks_.size() ? next_ : chunks_[i] + kChunk};
    }
    /// REQUIRED before the next use when the arena has been reset.
    void clear() noexcept {
        chunks_.clear();
        next_ = end_ = nullptr;
    }

  private:
    static constexpr std::size_t kChunk = 64;

    [[gnu::noinline]] void begin_piece() {
        T* first = nullptr;
        if constexpr (std::is_trivially_destructible_v<T>) {
            first = arena_.template open_array<T>(kChunk);
        } else {
            first = arena_.template make_array<T>(kChunk);
        }
        chunks_.push_back(first);
        next_ = first;
        end_ = first + kChunk;
    }

    Arena& arena_;
    std::vector<T*> chunks_;
    T* next_ = nullptr;  ///< in the last chunk
    T* end_ = nullptr;
};

}  // namespace lockstep
