#include "instruments/index_price.hpp"

#include <algorithm>
#include <tuple>

#include "engine/base/rounding.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

std::optional<std::int64_t> aggregate_index(std::span<SourceQuote> quotes,
                                            std::int32_t clamp_ppm) noexcept {
    if (quotes.empty()) {
        return std::nullopt;
    }
    std::sort(quotes.begin(), quotes.end(), [](const SourceQuote& a, const SourceQuote& b) {
        return std::tie(a.price, a.source) < std::tie(b.price, b.source);
    });
    Int128 total = 0;
    for (const SourceQuote& quote : quotes) {
        total += quote.weight;
    }
    std::int64_t median = quotes.front().price;
    Int128 reached = 0;
    for (const SourceQuote& quote : quotes) {
        reached += quote.weight;
        median = quote.price;
        if (2 * reached >= total) {
            break;
        }
    }
    const Int128 size = median < 0 ? -Int128{median} : Int128{median};
    const Int128 reach = floor_div(Checked{size} * clamp_ppm, kPpm).value();
    Checked sum = 0;
    for (const SourceQuote& quote : quotes) {
        sum += Checked{std::clamp(Int128{quote.price}, median - reach, median + reach)} *
               Int128{quote.weight};
    }
    const Checked index = floor_div(sum, total);
    if (!index.ok()) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(index.value());
}

bool is_jump(std::int64_t before, std::int64_t after, std::int32_t jump_ppm) noexcept {
    if (jump_ppm <= 0) {
        return false;
    }
    const Int128 step = Int128{after} - before;
    const Int128 size = before < 0 ? -Int128{before} : Int128{before};
    return (step < 0 ? -step : step) * kPpm > Int128{jump_ppm} * size;
}

}  // namespace lockstep
