#include "bench/table/groups.hpp"

namespace lockstep::bench {

bool run_counters_and_books(const TableOptions& options, nlohmann::json& rows) {
    return run_rows(options, rows, [](const Sizes& sizes, auto&& visit) {
        for_each_counter_or_book_workload(sizes, visit);
    });
}

}  // namespace lockstep::bench
