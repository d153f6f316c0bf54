#pragma once

#include <cstdint>
#include <vector>

#include "engine/contract/machine.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep::bench {

/// The cells that a chunk changed, with their present values: one flat open-addressing index.
///
/// Threads: one at a time. Memory is kept from one use to the next.
template <Machine M>
class ChunkOverlay {
  public:
    struct Entry {
        CellId cell = kNoCell;
        bool present = false;
        typename M::Value value{};
    };

    void clear() {
        entries_.clear();
        index_.assign(index_.size(), 0);
    }
    [[nodiscard]] const Entry* find(CellId cell) const {
        const std::uint32_t at = index_[place(cell)];
        return at == 0 ? nullptr : &entries_[at - 1];
    }
    void put(CellId cell, bool present, const typename M::Value& value) {
        std::uint32_t& at = index_[place(cell)];
        if (at != 0) {
            entries_[at - 1].present = present;
            entries_[at - 1].value = value;
            return;
        }
        entries_.push_back({cell, present, value});
        at = static_cast<std::uint32_t>(entries_.size());
        if (entries_.size() * 2 > index_.size()) {
            index_.assign(index_.size() * 2, 0);
            for (std::uint32_t i = 0; i < entries_.size(); ++i) {
                index_[place(entries_[i].cell)] = i + 1;
            }
        }
    }
    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

  private:
    [[nodiscard]] std::size_t place(CellId cell) const {
        const std::size_t mask = index_.size() - 1;
        std::size_t at = (cell * std::size_t{0x9e3779b97f4a7c15}) >> 40 & mask;
        while (index_[at] != 0 && entries_[index_[at] - 1].cell != cell) {
            at = (at + 1) & mask;
        }
        return at;
    }

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> index_ = std::vector<std::uint32_t>(256);  ///< entry + 1, or 0
};

}  // namespace lockstep::bench
