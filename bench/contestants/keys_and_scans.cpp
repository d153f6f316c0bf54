#include "bench/contestants/make_contestant.hpp"
#include "bench/workloads/key_value.hpp"
#include "bench/workloads/range_scan.hpp"

namespace lockstep::bench {

template std::unique_ptr<Contestant<KeyValueMachine>> make_contestant(const KeyValueMachine&,
                                                                      const Entrant&);

template std::unique_ptr<Contestant<RangeScanMachine>> make_contestant(const RangeScanMachine&,
                                                                       const Entrant&);

}  // namespace lockstep::bench
