#include "bench/contestants/make_contestant.hpp"
#include "bench/trace/trace_machine.hpp"
#include "bench/workloads/rewound_log.hpp"

namespace lockstep::bench {

template std::unique_ptr<Contestant<RewindingVenue>> make_contestant(const RewindingVenue&,
                                                                     const Entrant&);

template std::unique_ptr<Contestant<TraceMachine<false>>> make_contestant(
    const TraceMachine<false>&, const Entrant&);

}  // namespace lockstep::bench
