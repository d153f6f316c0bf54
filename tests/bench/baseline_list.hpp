#pragma once

#include <gtest/gtest.h>

#include <string>

#include "bench/baselines/baselines.hpp"

namespace lockstep::bench {

/// A type for each rival, for typed tests.
struct OrderedLocksRival {
    static constexpr Rival kRival = Rival::kOrderedLocks;
    template <Machine M>
    using Executor = OrderedLocksExecutor<M>;
};
struct BlockStmRival {
    static constexpr Rival kRival = Rival::kBlockStm;
    template <Machine M>
    using Executor = BlockStmExecutor<M>;
};
struct ReservationsRival {
    static constexpr Rival kRival = Rival::kReservations;
    template <Machine M>
    using Executor = ReservationsExecutor<M>;
};

using RivalTypes = testing::Types<OrderedLocksRival, BlockStmRival, ReservationsRival>;

struct RivalNames {
    template <class Type>
    static std::string GetName(int) {
        return name_of(Type::kRival);
    }
};

}  // namespace lockstep::bench
