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
    page.resize(std::max(page.size(), at + kEntrySize));
    std::byte* const bytes = page.bytes().data();
    store_value(bytes, std::min(load_value<std::int64_t>(bytes), entry.until_ms));
    store_value(bytes + at, entry.key);
    store_value(bytes + at + 8, entry.value);
    store_value(bytes + at + 16, entry.until_ms);
}

bool TablePage::prune(Cell& page, std::int64_t now_ms) noexcept {
    if (page.load<std::int64_t>(0) >= now_ms) {
        return false;
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
    return true;
}

}  // namespace lockstep
