#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/transfers.hpp"

namespace lockstep::bench {

/// Sizes of a run: the full ones for measuring, small ones to see that everything works.
struct Sizes {
    std::uint32_t accounts = 100'000;
    std::uint32_t accounts_many = 1'000'000;
    std::uint32_t txns = 10'000;

    [[nodiscard]] static Sizes small() {
        return {.accounts = 200, .accounts_many = 400, .txns = 100};
    }
};

/// Transfers with everything that makes one row of the results.
template <bool kDeclares>
struct TransferWorkload {
    using Machine = TransferMachine<kDeclares>;

    std::string name;
    Machine machine;
    TransferPattern pattern = TransferPattern::kUniform;
    std::uint32_t accounts = 0;
    std::uint32_t txns = 0;

    void populate(auto& state) const { machine.populate(state, accounts); }
    [[nodiscard]] Block<Transfer> block(std::uint64_t height) const {
        return transfer_block(pattern, accounts, txns, height, 1);
    }
};

/// Calls `visit(workload)` for every workload: what is measured, in one place.
template <class Visit>
void for_each_workload(const Sizes& sizes, Visit&& visit) {
    const auto transfers = [&]<bool kDeclares>(std::string name, TransferShape shape,
                                               TransferPattern pattern, std::uint32_t accounts,
                                               std::uint32_t work_ns) {
        visit(TransferWorkload<kDeclares>{
            .name = std::move(name) + "_" + std::to_string(work_ns) + "ns",
            .machine = {.shape = shape, .work_rounds = rounds_for(work_ns)},
            .pattern = pattern,
            .accounts = accounts,
            .txns = sizes.txns});
    };
    const auto declared = [&](auto&&... arguments) {
        transfers.template operator()<true>(std::forward<decltype(arguments)>(arguments)...);
    };
    const auto undeclared = [&](auto&&... arguments) {
        transfers.template operator()<false>(std::forward<decltype(arguments)>(arguments)...);
    };
    constexpr auto k2 = TransferShape::k2Reads2Writes;
    constexpr auto k8 = TransferShape::k8Reads5Writes;
    for (const std::uint32_t work_ns : {0U, 200U, 500U, 2000U}) {
        declared("transfers_2r2w", k2, TransferPattern::kUniform, sizes.accounts, work_ns);
    }
    declared("transfers_2r2w_many", k2, TransferPattern::kUniform, sizes.accounts_many, 500U);
    undeclared("transfers_2r2w_undeclared", k2, TransferPattern::kUniform, sizes.accounts, 500U);
    declared("transfers_8r5w", k8, TransferPattern::kUniform, sizes.accounts, 500U);
    declared("transfers_2r2w_100", k2, TransferPattern::kUniform, 100U, 500U);
    declared("transfers_2r2w_hot", k2, TransferPattern::kHot, sizes.accounts, 500U);
    declared("transfers_2r2w_chain", k2, TransferPattern::kChain, sizes.accounts, 500U);
    undeclared("transfers_2r2w_chain_undeclared", k2, TransferPattern::kChain, sizes.accounts,
               500U);
}

}  // namespace lockstep::bench
