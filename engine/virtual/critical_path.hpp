#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "engine/serial/serial_executor.hpp"
#include "engine/state/state_store.hpp"
#include "engine/virtual/virtual_costs.hpp"

namespace lockstep {

/// The longest chain of transactions of a block, each of which needs what the one before it wrote.
struct CriticalPath {
    Picoseconds length = 0;          ///< sum of the costs along the chain
    Picoseconds total = 0;           ///< sum of all costs
    std::uint32_t transactions = 0;  ///< links of the chain

    /// The speed-up that no number of cores exceeds, in thousandths.
    [[nodiscard]] std::uint64_t bound_permille() const noexcept {
        return length == 0 ? 1000 : total * 1000 / length;
    }
};

/// Follows the actual dependencies of a block while it runs serially.
///
/// What counts: a plain read needs the last writer of its cell, and everyone who added to it since.
/// Overwriting without reading, adding, and asking for presence or a lower bound wait for no
/// transaction: an engine may answer them without waiting, so they do not bound it.
template <class Key>
class DependencyTrace {
  public:
    explicit DependencyTrace(std::span<const Picoseconds> costs) : costs_(costs) {}

    void begin() noexcept { start_ = {}; }
    void read(const Key& key) {
        for (const Touch& touch : touched_) {
            if (touch.writes && touch.key == key) {
                return;  // its own
            }
        }
        const auto found = cells_.find(key);
        if (found != cells_.end()) {
            start_ = std::max(start_, std::max(found->second.written, found->second.added));
        }
    }
    void wrote(const Key& key) { touched_.push_back({key, true}); }
    void added(const Key& key) { touched_.push_back({key, false}); }
    /// The next transaction of the block ends.
    void end() {
        const Picoseconds cost = index_ < costs_.size() ? costs_[index_] : 0;
        ++index_;
        const Reach own{start_.length + cost, start_.links + 1};
        for (const Touch& touch : touched_) {
            Cell& cell = cells_[touch.key];
            if (touch.writes) {
                cell = {.written = own, .added = {}};
            } else {
                cell.added = std::max(cell.added, own);
            }
        }
        touched_.clear();
        path_.total += cost;
        if (own.length > path_.length) {
            path_.length = own.length;
            path_.transactions = own.links;
        }
    }
    [[nodiscard]] const CriticalPath& path() const noexcept { return path_; }

  private:
    struct Reach {
        Picoseconds length = 0;
        std::uint32_t links = 0;
        friend auto operator<=>(const Reach&, const Reach&) = default;
    };
    struct Cell {
        Reach written;
        Reach added;
    };
    struct Touch {
        Key key;
        bool writes;
    };

    std::span<const Picoseconds> costs_;
    std::size_t index_ = 0;
    Reach start_;
    std::vector<Touch> touched_;
    std::map<Key, Cell> cells_;
    CriticalPath path_;
};

/// A view that tells a DependencyTrace what goes through it. Effects that a rollback undoes still
/// count, so that the path may come out longer than necessary there.
template <class View, class Key, class Value>
class TracedView {
  public:
    using Savepoint = typename View::Savepoint;

    TracedView(View& view, DependencyTrace<Key>& trace) : view_(view), trace_(trace) {}

    [[nodiscard]] const Value* read(const Key& key) {
        trace_.read(key);
        return view_.read(key);
    }
    [[nodiscard]] bool exists(const Key& key) { return view_.exists(key); }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        return view_.at_least(key, amount);
    }
    void write(const Key& key, const Value& value) {
        trace_.wrote(key);
        view_.write(key, value);
    }
    void erase(const Key& key) {
        trace_.wrote(key);
        view_.erase(key);
    }
    [[nodiscard]] Value* change(const Key& key) {
        trace_.read(key);
        Value* const value = view_.change(key);
        if (value != nullptr) {
            trace_.wrote(key);
        }
        return value;
    }
    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        trace_.added(key);
        return view_.add(key, amount, bounds);
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) { view_.emit(type, bytes); }
    [[nodiscard]] Savepoint savepoint() { return view_.savepoint(); }
    void rollback(Savepoint savepoint) { view_.rollback(savepoint); }
    [[nodiscard]] bool consume(std::uint64_t steps) { return view_.consume(steps); }
    [[nodiscard]] bool stopped() const { return view_.stopped(); }

  private:
    View& view_;
    DependencyTrace<Key>& trace_;
};

/// A machine whose transactions are traced; for SerialExecutor.
template <Machine M>
struct TracedMachine : M {
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Trace = DependencyTrace<Key>;

    explicit TracedMachine(const M& machine) : M(machine) {}

    TxnOutcome execute(auto& view, const typename M::Transaction& transaction,
                       const typename M::Context& context) const {
        trace->begin();
        TracedView<std::remove_reference_t<decltype(view)>, Key, Value> traced(view, *trace);
        const auto outcome = M::execute(traced, transaction, context);
        trace->end();
        return {.status = static_cast<std::uint16_t>(outcome.status), .weight = outcome.weight};
    }

    Trace* trace = nullptr;  ///< set before every block
};

/// Executes a block on the state of `executor` and returns its critical path.
/// REQUIRES: `machine` is the one of the executor; its transactions do not throw.
template <Machine M>
[[nodiscard]] CriticalPath critical_path(SerialExecutor<TracedMachine<M>>& executor,
                                         TracedMachine<M>& machine,
                                         const Block<typename M::Transaction>& block,
                                         std::span<const Picoseconds> costs) {
    DependencyTrace<typename M::Key> trace(costs);
    machine.trace = &trace;
    static_cast<void>(executor.execute(block));
    machine.trace = nullptr;
    return trace.path();
}

}  // namespace lockstep
