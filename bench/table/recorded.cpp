#include <algorithm>

#include "bench/table/recorded.hpp"
#include "bench/workloads/recorded_log.hpp"
#include "replay/import/open_recorded_data.hpp"

namespace lockstep::bench {

Result<bool, Error> run_recorded(const TableOptions& options, nlohmann::json& rows) {
    constexpr std::size_t kLapsMax = 60;  // such logs are run to their end
    bool equal = true;
    for (const std::uint32_t trades : {100U, 1'000U, 10'000U}) {
        auto data = open_recorded_data({.path = options.recorded_path});
        if (!data) {
            return failure(std::move(data.error()));
        }
        auto log = recorded_log("recorded_" + std::to_string(trades), **data, trades);
        if (!log) {
            return failure(std::move(log.error()));
        }
        const auto laps = static_cast<std::uint32_t>(std::min(log->blocks->size(), kLapsMax));
        equal = run_row(*log, options, std::max(options.repetitions, laps), rows) && equal;
    }
    return equal;
}

}  // namespace lockstep::bench
