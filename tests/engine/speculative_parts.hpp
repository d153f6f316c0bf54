#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "engine/speculative/speculative_run.hpp"
#include "tests/support/block_parts.hpp"

namespace lockstep::test {

/// Versions by hand, and incarnations that see them.
struct SpeculativeParts : BlockParts {
    using Speculation = SpeculativeRun<ProgramMachine, StdSync>;
    using Node = Speculation::Node;

    explicit SpeculativeParts(std::uint32_t size)
        : BlockParts(std::vector<Program>(size)), speculation(run) {
        speculation.prepare();
        speculation.mode.search = true;
    }
    /// A version of an undeclared write, as `txn` would publish it.
    Node& write(TxnIndex txn, Key key, std::int64_t number,
                VersionState state = VersionState::kReady) {
        Node& node = nodes.emplace_back();
        node.txn = txn;
        node.value = number;
        node.state.store(state, std::memory_order_relaxed);
        if (cell(key).slot.insert(&node)) {
            worker().touched.append(store.intern(key));
        }
        return node;
    }
    /// The sums of a cell to which `txn` has added.
    Additions<Int128>& add(TxnIndex txn, Key key) {
        auto& additions = cell(key).slot.additions_or_make([&] {
            worker().touched.append(store.intern(key));
            return &sums.emplace_back();
        });
        additions.record_adder(txn);
        return additions;
    }
    /// The view of an incarnation of `txn`; `frontier`: how far the block is committed.
    auto& begin(TxnIndex txn, TxnIndex frontier = 0) {
        worker().view.begin(speculation.records[txn], txn, speculation.mode, frontier);
        return worker().view;
    }
    Speculation::Worker& worker() { return *speculation.workers.front(); }

    Speculation speculation;
    std::deque<Node> nodes;
    std::deque<Additions<Int128>> sums;
};

}  // namespace lockstep::test
