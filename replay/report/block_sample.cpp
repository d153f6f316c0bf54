#include "replay/report/block_sample.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace lockstep {
namespace {

constexpr std::size_t kBlocksEnough = 8;

void sort_unique(std::vector<StateKey>& keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

}  // namespace

void BlockSample::add_accesses(const AccessList<StateKey>& accesses) {
    if (window_.full) {
        return;
    }
    for (std::size_t i = 0; i < accesses.size(); ++i) {
        for (const CellAccess<StateKey>& access : accesses.of(i)) {
            touched_.push_back(access.key);
        }
    }
    sort_unique(touched_);
}

void BlockSample::add(const LogBlock& block, const BlockResult& result,
                      const StateStore<Venue>& store) {
    ++blocks_;
    if (!window_.full) {
        window_.recorded.blocks.push_back(block);
        window_.recorded.effects.push_back(RecordedBlocks::effects_of(result));
        window_.touched.insert(window_.touched.end(), touched_.begin(), touched_.end());
        window_.transactions += block.transactions.size();
        touched_.clear();
        const std::size_t count = window_.recorded.blocks.size();
        if (count >= kBlocksEnough) {
            before_.reset();
        }
        if (count == kBlocksMax ||
            (count >= kBlocksEnough && window_.transactions >= kTransactionsMax)) {
            close(window_);
        }
    } else if (std::has_single_bit(blocks_)) {
        before_ = std::move(window_);
        open_window(&store);
    }
}

void BlockSample::open_window(const StateStore<Venue>* store) {
    window_ = {};
    if (store != nullptr) {
        window_.recorded.cells.reserve(store->size());
        store->for_each([this](const StateKey& key, const Cell& cell) {
            window_.recorded.cells.emplace_back(key, cell);
        });
    }
}

void BlockSample::close(Window& window) {
    sort_unique(window.touched);
    auto& cells = window.recorded.cells;
    // The phases of a block, which no access list tells of, read cells of the venue.
    std::erase_if(cells, [&](const auto& cell) {
        return cell.first.kind() < CellKind::kVenue &&
               !std::binary_search(window.touched.begin(), window.touched.end(), cell.first);
    });
    cells.shrink_to_fit();
    window.touched = {};
    window.full = true;
}

RecordedBlocks BlockSample::take() {
    Window& window = before_ && window_.recorded.blocks.size() < kBlocksEnough ? *before_ : window_;
    if (!window.full) {
        close(window);
    }
    return std::move(window.recorded);
}

}  // namespace lockstep
