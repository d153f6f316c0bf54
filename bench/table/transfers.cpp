#include "bench/table/groups.hpp"

namespace lockstep::bench {

bool run_transfers(const TableOptions& options, nlohmann::json& rows) {
    return run_rows(options, rows, [](const Sizes& sizes, auto&& visit) {
        for_each_transfer_workload(sizes, visit);
    });
}
bool run_payments(const TableOptions& options, nlohmann::json& rows) {
    return run_rows(options, rows,
                    [](const Sizes& sizes, auto&& visit) { for_each_payment(sizes, visit); });
}

}  // namespace lockstep::bench
