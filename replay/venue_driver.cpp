#include "replay/venue_driver.hpp"

namespace lockstep {

template class ReplayDriver<Venue>;

std::vector<std::string> scan_invariants(const StateStore<Venue>& store) {
    InvariantScan scan;
    store.for_each([&](const StateKey& key, const Cell& cell) { scan.add(key, cell); });
    std::vector<std::string> violations = scan.violations();
    if (store.recompute_sums() != store.sums()) {
        violations.emplace_back("the state digests by module are not the sums over all cells");
    }
    return violations;
}

SolvencyStatement scan_solvency(const StateStore<Venue>& store) {
    SolvencyScan scan;
    store.for_each([&](const StateKey& key, const Cell& cell) { scan.add(key, cell); });
    return scan.statement();
}

}  // namespace lockstep
