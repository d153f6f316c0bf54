#include "bench/table/groups.hpp"

namespace lockstep::bench {

bool run_venue(const TableOptions& options, nlohmann::json& rows) {
    return run_rows(options, rows, [](const Sizes& sizes, auto&& visit) {
        for_each_venue_workload(sizes, visit);
    });
}

}  // namespace lockstep::bench
