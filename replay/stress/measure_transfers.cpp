#include "replay/stress/measure_scaling.hpp"
#include "replay/stress/stress_workloads.hpp"

namespace lockstep {

template ScalingReport measure_scaling(const StressTransfers& workload,
                                       const ScalingOptions& options);

}  // namespace lockstep
