#pragma once

#include <cstdint>
#include <new>

#include "engine/contract/block.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep {

/// Runs a transaction of a machine on a view; its receipt but for effects and events.
///
/// Errors:  whatever the machine does wrong becomes a disposition, and its effects, which the view
///          still holds, are to be rolled back. std::bad_alloc passes: it is the environment's
///          failure, not the transaction's.
template <Machine M, class View>
[[nodiscard]] Receipt call_machine(const M& machine, View& view,
                                   const typename M::Transaction& transaction,
                                   const typename M::Context& context, const TxnLimits& limits) {
    try {
        const auto outcome = machine.execute(view, transaction, context);
        if (view.over_budget()) {
            return faulted(Fault::kStepBudget);
        }
        if (view.events().size() > limits.event_bytes) {
            return faulted(Fault::kOutputLimit);
        }
        return {.disposition = Disposition::kExecuted,
                .status = static_cast<std::uint16_t>(outcome.status),
                .weight = outcome.weight};
    } catch (const std::bad_alloc&) {
        throw;
    } catch (...) {
        return faulted(Fault::kThrew);
    }
}

}  // namespace lockstep
