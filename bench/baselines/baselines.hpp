#pragma once

#include "bench/baselines/baseline_executor.hpp"
#include "bench/baselines/block_stm.hpp"
#include "bench/baselines/ordered_locks.hpp"
#include "bench/baselines/reservations.hpp"
#include "bench/baselines/rival.hpp"

namespace lockstep::bench {

template <Machine M>
using OrderedLocksExecutor = BaselineExecutor<OrderedLocks, M>;
template <Machine M>
using BlockStmExecutor = BaselineExecutor<BlockStm, M>;
template <Machine M>
using ReservationsExecutor = BaselineExecutor<Reservations, M>;

}  // namespace lockstep::bench
