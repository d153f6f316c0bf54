#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace lockstep {

/// A list that only grows, then is cleared as a whole; keeps its memory.
///
/// Threads: one.
/// Cost:    a compare and a store per item: appending is small enough for compilers to inline.
template <class T>
class AppendList {
  public:
    T& append(const T& item) { return append_any() = item; }
    /// Appends an item whose contents are not set: those of some item before the last clear.
    [[nodiscard]] T& append_any() {
        if (size_ == capacity_) [[unlikely]] {
            grow();
        }
        return items_[size_++];
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    void clear() noexcept { size_ = 0; }
    /// Drops everything behind the first `size` items.
    void truncate(std::size_t size) noexcept { size_ = std::min(size, size_); }
    [[nodiscard]] std::span<T> items() noexcept { return std::span(items_).first(size_); }
    [[nodiscard]] std::span<const T> items() const noexcept {
        return std::span(items_).first(size_);
    }

  private:
    [[gnu::noinline]] void grow() {
        items_.resize(items_.size() * 2 + 64);
        capacity_ = items_.size();
    }

    std::vector<T> items_;  ///< the first size_ count
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;  ///< items_.size(), which takes a division
};

}  // namespace lockstep
