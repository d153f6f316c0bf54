#include "bench/measure.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

#include "engine/base/check.hpp"

namespace lockstep::bench {

namespace {

double clock_ns(clockid_t clock) {
    timespec now{};
    return clock_gettime(clock, &now) == 0
               ? static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec)
               : 0;
}

/// The scheduler's clock of a thread, as the C library makes it of a pthread_t.
clockid_t clock_of_thread(clockid_t thread) {
    constexpr clockid_t kThreadClock = 4 | 2;
    return (~thread * 8) | kThreadClock;
}

}  // namespace

double process_cpu_ns() {
    std::error_code error;
    double sum = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
        const std::string name = task.path().filename().string();
        clockid_t thread = 0;
        std::from_chars(name.data(), name.data() + name.size(), thread);
        sum += clock_ns(clock_of_thread(thread));
    }
    return error ? clock_ns(CLOCK_PROCESS_CPUTIME_ID) : sum;
}

double median(std::vector<double> values) {
    LOCKSTEP_CHECK(!values.empty());
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace lockstep::bench
