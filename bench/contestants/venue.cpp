#include "instruments/venue.hpp"
#include "bench/contestants/make_contestant.hpp"

namespace lockstep::bench {

template std::unique_ptr<Contestant<Venue>> make_contestant(const Venue&, const Entrant&);

}  // namespace lockstep::bench
