#include "replay/stress/transfers.hpp"
#include "bench/contestants/make_contestant.hpp"

namespace lockstep::bench {

template std::unique_ptr<Contestant<TransferMachine<true>>> make_contestant(
    const TransferMachine<true>&, const Entrant&);

template std::unique_ptr<Contestant<TransferMachine<false>>> make_contestant(
    const TransferMachine<false>&, const Entrant&);

}  // namespace lockstep::bench
