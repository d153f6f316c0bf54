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

}  // namespace lockstep
