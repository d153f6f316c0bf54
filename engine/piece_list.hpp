#pragma once

#include <cstddef>
#include <memory>
#include <span>
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
        if (next_ == end_) [[unlikely]] {
            begin_piece();
        }
        return *next_++;
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return used_ * kPiece - static_cast<std::size_t>(end_ - next_);
    }
    [[nodiscard]] std::size_t pieces() const noexcept { return used_; }
    /// The items of one piece, in the order in which they were appended; so are the pieces.
    [[nodiscard]] std::span<T> piece(std::size_t i) noexcept {
        T* const first = pieces_[i].get();
        return {first, i + 1 == used_ ? next_ : first + kPiece};
    }
    void clear() noexcept {
        used_ = 0;
        next_ = end_ = nullptr;
    }

  private:
    static constexpr std::size_t kPiece = 512;

    [[gnu::noinline]] void begin_piece() {
        if (used_ == pieces_.size()) {
            pieces_.push_back(std::make_unique<T[]>(kPiece));
        }
        next_ = pieces_[used_++].get();
        end_ = next_ + kPiece;
    }

    std::vector<std::unique_ptr<T[]>> pieces_;
    std::size_t used_ = 0;  ///< pieces that hold items; the last one up to next_
    T* next_ = nullptr;
    T* end_ = nullptr;  ///< of the last used piece
};

}  // namespace lockstep
