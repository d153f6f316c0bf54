#include "engine/state/cell_index.hpp"

#include "engine/base/check.hpp"

namespace lockstep {

void CellIndex::make_room(std::size_t cells) {
    while (cells * 5 > entries_.size() * 2) {
        decltype(entries_) old(entries_.size() * 2);
        old.swap(entries_);
        for (const Word& word : old) {
            if (const Entry entry = load(word); entry.cell != kNoCell) {
                insert(entry);
            }
        }
    }
}

void CellIndex::insert(const Entry& entry) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t at = home_of(entry.tag, mask);
    for (std::size_t steps = 0; load(entries_[at]).cell != kNoCell; ++steps) {
        LOCKSTEP_CHECK(steps < mask);
        at = (at + 1) & mask;
    }
    store(entries_[at], entry);
}

bool CellIndex::erase(std::uint64_t hash, CellId cell) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t hole = home_of(tag_of(hash), mask);
    for (std::size_t steps = 0; load(entries_[hole]).cell != cell; ++steps) {
        if (load(entries_[hole]).cell == kNoCell || steps == mask) {
            return false;
        }
        hole = (hole + 1) & mask;
    }
    std::size_t at = hole;
    for (std::size_t steps = 0; steps < mask; ++steps) {
        at = (at + 1) & mask;
        const Entry entry = load(entries_[at]);
        if (entry.cell == kNoCell) {
            break;
        }
        // Later entries of the run move into the hole.
        if (((at - home_of(entry.tag, mask)) & mask) >= ((at - hole) & mask)) {
            store(entries_[hole], entry);
            hole = at;
        }
    }
    store(entries_[hole], {});
    return true;
}

}  // namespace lockstep
