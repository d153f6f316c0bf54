#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace lockstep {

/// A list that only grows, then is cleared as a whole; keeps its memory. In pieces, so that a long
/// one takes what it needs, where AppendList may take twice as much and copies when it grows.
///
/// Threads: one.
template <class T>
class PieceList {
  public:
    /// Appends an item whose contents are not set: those of some item before the last clear.
    [[nodiscard]] T& append_any() {
        if (size_ == pieces_.size() * kPiece) [[unlikely]] {
            grow();
        }
        return (*this)[size_++];
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return pieces_[i / kPiece][i % kPiece]; }
    void clear() noexcept { size_ = 0; }

  private:
    static constexpr std::size_t kPiece = 512;

    [[gnu::noinline]] void grow() { pieces_.push_back(std::make_unique<T[]>(kPiece)); }

    std::vector<std::unique_ptr<T[]>> pieces_;  ///< the first size_ items count
    std::size_t size_ = 0;
};

}  // namespace lockstep
