#include "accounts/expiring_table.hpp"

#include <algorithm>
#include <limits>

namespace lockstep {

Cell TablePage::empty() noexcept {
    Cell page;
    page.store(0, std::numeric_limits<std::int64_t>::max());
    return page;
}

Cell TablePage::split() noexcept {
    Cell page;
    page.resize(1);
    return page;
}

void TablePage::put(Cell& page, std::size_t i, const TableEntry& entry) noexcept {
    const std::size_t at = kHeader + i * kEntrySize;
    page.store(0, std::min(page.load<std::int64_t>(0), entry.until_ms));
    page.store(at, entry.key);
    page.store(at + 8, entry.value);
    page.store(at + 16, entry.until_ms);
}

void TablePage::prune(Cell& page, std::int64_t now_ms) noexcept {
    if (page.load<std::int64_t>(0) >= now_ms) {
        return;
    }
    const std::size_t count = size(page);
    std::size_t kept = 0;
    page.store(0, std::numeric_limits<std::int64_t>::max());
    for (std::size_t i = 0; i < count; ++i) {
        if (const TableEntry item = entry(page, i); item.until_ms >= now_ms) {
            put(page, kept++, item);
        }
    }
    page.resize(kHeader + kept * kEntrySize);
}

}  // namespace lockstep
