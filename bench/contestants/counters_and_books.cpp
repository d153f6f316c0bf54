#include "bench/contestants/make_contestant.hpp"
#include "bench/workloads/bank.hpp"
#include "bench/workloads/counter.hpp"
#include "bench/workloads/order_book.hpp"

namespace lockstep::bench {

template std::unique_ptr<Contestant<BankMachine>> make_contestant(const BankMachine&,
                                                                  const Entrant&);

template std::unique_ptr<Contestant<CounterMachine>> make_contestant(const CounterMachine&,
                                                                     const Entrant&);

template std::unique_ptr<Contestant<OrderBookMachine>> make_contestant(const OrderBookMachine&,
                                                                       const Entrant&);

}  // namespace lockstep::bench
