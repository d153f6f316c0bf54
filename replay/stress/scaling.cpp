#include "replay/stress/scaling.hpp"

#include <algorithm>

#include "engine/base/check.hpp"

namespace lockstep {

Picoseconds middle(std::vector<Picoseconds> values) {
    LOCKSTEP_CHECK(!values.empty());
    const auto at = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

SpeedupSpread spread_of(const std::vector<Picoseconds>& one_worker,
                        const std::vector<Picoseconds>& times) {
    LOCKSTEP_CHECK(!times.empty() && one_worker.size() == times.size());
    std::vector<std::uint64_t> ratios;
    for (std::size_t i = 0; i < times.size(); ++i) {
        const Picoseconds time = std::max<Picoseconds>(times[i], 1);
        ratios.push_back((one_worker[i] * 1000 + time / 2) / time);
    }
    std::sort(ratios.begin(), ratios.end());
    return {.lower = ratios[(ratios.size() - 1) / 4], .upper = ratios[ratios.size() * 3 / 4]};
}

}  // namespace lockstep
