#include "bench/measure.hpp"

#include <time.h>

#include <algorithm>

#include "engine/base/check.hpp"

namespace lockstep::bench {

double process_cpu_ns() {
    timespec now{};
    LOCKSTEP_CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
    LOCKSTEP_CHECK(!values.empty());
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace lockstep::bench
