#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "replay/format/block_codec.hpp"
#include "replay/generate/workload.hpp"

namespace lockstep::fuzz {

/// Small blocks of a generated workload in which every kind of transaction occurs, one
/// transaction of a kind at a time: small inputs are mutated best.
[[nodiscard]] inline std::vector<LogBlock> seed_blocks() {
    WorkloadOptions options;
    options.kind = WorkloadKind::kMixed;
    options.accounts = 4;
    options.markets = 4;
    options.block_transactions = 200;
    options.faults = 60;
    Workload workload(options);
    std::vector<LogBlock> out;
    std::vector<bool> seen(std::variant_size_v<Payload>);
    for (std::uint64_t i = 0; i < workload.setup_blocks() + 4; ++i) {
        LogBlock block = workload.next();
        for (Transaction& transaction : block.transactions) {
            if (const std::size_t kind = transaction.payload.index(); !seen[kind]) {
                seen[kind] = true;
                LogBlock one{.header = block.header};
                one.transactions.push_back(std::move(transaction));
                out.push_back(std::move(one));
            }
        }
    }
    return out;
}

[[nodiscard]] inline LogHeader seed_header() {
    return {.chain_id = "fuzz", .creator = "fuzz", .genesis = "", .source = "generated"};
}

}  // namespace lockstep::fuzz
