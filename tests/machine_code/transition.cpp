// The state transition as it is compiled for the venue: everything that decides about bytes.

#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"

namespace lockstep {

template class SerialExecutor<Venue>;
template class InPlaceExecutor<Venue>;
template class ParallelExecutor<Venue>;

}  // namespace lockstep
