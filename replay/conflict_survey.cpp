#include "replay/conflict_survey.hpp"

#include <algorithm>
#include <span>

namespace lockstep {
namespace {

/// One access in the order of keys.
struct Touch {
    const CellAccess<StateKey>* access;
    std::size_t transaction;
    std::size_t cell = 0;  ///< number of the cell within the block
};

bool only_adds(const CellAccess<StateKey>& access) {
    return access.effect == Effect::kAdd && access.dependence != Dependence::kValue;
}

/// Walks the accesses to one cell in block order.
void count(std::span<const Touch> touches, CellTraffic& cell) {
    bool written = false;
    bool added = false;
    for (const Touch& touch : touches) {
        const CellAccess<StateKey>& access = *touch.access;
        const bool adds = access.effect == Effect::kAdd;
        const bool depends = access.dependence != Dependence::kNone;
        cell.conflicts += depends && (written || (added && !only_adds(access))) ? 1U : 0U;
        cell.value_reads += access.dependence == Dependence::kValue ? 1U : 0U;
        cell.predicates += access.dependence == Dependence::kPredicate && !adds ? 1U : 0U;
        cell.additions += adds ? 1U : 0U;
        cell.writes += access.effect == Effect::kWrite ? 1U : 0U;
        written = written || access.effect == Effect::kWrite;
        added = added || adds;
    }
}

/// The length of the longest chain among the touches of a block, which are in block order.
std::uint64_t longest_chain(std::span<const Touch> touches, std::size_t cells) {
    struct Ends {
        std::uint64_t written = 0;  ///< length of the chain that ends in the last write
        std::uint64_t added = 0;    ///< of the longest that ends in an addition since
    };
    std::vector<Ends> ends(cells);
    std::uint64_t longest = 0;
    for (auto first = touches.begin(); first != touches.end();) {
        const auto last = std::find_if(first, touches.end(), [&](const Touch& touch) {
            return touch.transaction != first->transaction;
        });
        std::uint64_t length = 0;
        std::for_each(first, last, [&](const Touch& touch) {
            const Ends& end = ends[touch.cell];
            if (touch.access->dependence != Dependence::kNone) {
                length = std::max(length, end.written);
                length = std::max(length, only_adds(*touch.access) ? 0 : end.added);
            }
        });
        ++length;
        std::for_each(first, last, [&](const Touch& touch) {
            Ends& end = ends[touch.cell];
            if (touch.access->effect == Effect::kWrite) {
                end = {.written = length};
            } else if (touch.access->effect == Effect::kAdd) {
                end.added = std::max(end.added, length);
            }
        });
        longest = std::max(longest, length);
        first = last;
    }
    return longest;
}

}  // namespace

void ConflictSurvey::add(std::uint64_t height, const AccessList<StateKey>& block) {
    std::vector<Touch> touches;
    touches.reserve(block.total());
    for (std::size_t i = 0; i < block.size(); ++i) {
        for (const CellAccess<StateKey>& access : block.of(i)) {
            touches.push_back({.access = &access, .transaction = i});
        }
    }
    std::stable_sort(touches.begin(), touches.end(),
                     [](const Touch& a, const Touch& b) { return a.access->key < b.access->key; });
    std::size_t cells = 0;
    for (auto first = touches.begin(); first != touches.end(); ++cells) {
        const StateKey key = first->access->key;
        const auto last = std::find_if(
            first, touches.end(), [&](const Touch& touch) { return touch.access->key != key; });
        CellTraffic& cell = cells_[key];
        cell.key = key;
        const std::uint64_t before = cell.conflicts;
        count(std::span(first, last), cell);
        chains_.conflicts += cell.conflicts - before;
        std::for_each(first, last, [cells](Touch& touch) { touch.cell = cells; });
        first = last;
    }
    std::stable_sort(touches.begin(), touches.end(),
                     [](const Touch& a, const Touch& b) { return a.transaction < b.transaction; });
    const std::uint64_t chain = longest_chain(touches, cells);
    chains_.transactions += block.size();
    chains_.steps += chain;
    if (chain > chains_.longest) {
        chains_.longest = chain;
        chains_.block = height;
    }
}

std::vector<CellTraffic> ConflictSurvey::top(std::size_t count) const {
    std::vector<CellTraffic> out;
    for (const auto& [key, cell] : cells_) {
        if (cell.conflicts != 0) {
            out.push_back(cell);
        }
    }
    std::stable_sort(out.begin(), out.end(), [](const CellTraffic& a, const CellTraffic& b) {
        return a.conflicts > b.conflicts;
    });
    out.resize(std::min(out.size(), count));
    return out;
}

}  // namespace lockstep
