#include "bench/table/groups.hpp"

namespace lockstep::bench {

bool run_keys_and_scans(const TableOptions& options, nlohmann::json& rows) {
    return run_rows(options, rows, [](const Sizes& sizes, auto&& visit) {
        for_each_key_or_scan_workload(sizes, visit);
    });
}

}  // namespace lockstep::bench
