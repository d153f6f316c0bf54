#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/contract/machine.hpp"
#include "replay/stress/serial_loop.hpp"

namespace lockstep::bench {

/// How an access ties a transaction to earlier ones.
enum class Tie : std::uint8_t {
    kRead,       ///< needs the last write and all additions since
    kPredicate,  ///< needs the last write; additions seldom change its answer
    kWrite,      ///< needs nothing by itself
    kAdd,        ///< needs nothing
};

/// What one transaction touched and how long it took.
template <class Key>
struct TxnProfile {
    std::vector<std::pair<Key, Tie>> ties = {};
    double ns = 0;
};

/// What one block was, executed serially.
template <class Key>
struct BlockProfile {
    std::vector<TxnProfile<Key>> txns = {};
    double phases_ns = 0;  ///< begin and end of the block, which everybody waits for

    [[nodiscard]] double work_ns() const noexcept {
        double sum = 0;
        for (const TxnProfile<Key>& txn : txns) {
            sum += txn.ns;
        }
        return sum;
    }
};

/// A view that notes what goes through it.
template <class View, class Key>
class NotingView {
  public:
    using Savepoint = typename View::Savepoint;
    NotingView(View& view, TxnProfile<Key>& profile) : view_(view), profile_(profile) {}

    auto read(const Key& key) {
        note(key, Tie::kRead);
        return view_.read(key);
    }
    bool exists(const Key& key) {
        note(key, Tie::kPredicate);
        return view_.exists(key);
    }
    bool at_least(const Key& key, Int128 amount) {
        note(key, Tie::kPredicate);
        return view_.at_least(key, amount);
    }
    void write(const Key& key, const auto& value) {
        note(key, Tie::kWrite);
        view_.write(key, value);
    }
    void erase(const Key& key) {
        note(key, Tie::kWrite);
        view_.erase(key);
    }
    auto change(const Key& key) {
        note(key, Tie::kRead);
        auto* const value = view_.change(key);
        if (value != nullptr) {
            note(key, Tie::kWrite);
        }
        return value;
    }
    bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        note(key, Tie::kAdd);
        return view_.add(key, amount, bounds);
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) { view_.emit(type, bytes); }
    Savepoint savepoint() { return view_.savepoint(); }
    void rollback(const Savepoint& savepoint) { view_.rollback(savepoint); }
    bool consume(std::uint64_t steps) { return view_.consume(steps); }
    bool stopped() const noexcept { return view_.stopped(); }

  private:
    void note(const Key& key, Tie tie) { profile_.ties.emplace_back(key, tie); }

    View& view_;
    TxnProfile<Key>& profile_;
};

/// A machine that profiles every transaction while it runs serially.
template <Machine M, bool kTimes>
struct ProfilingMachine : M {
    using Profile = BlockProfile<typename M::Key>;
    Profile* profile = nullptr;  ///< of the block at hand; outlives the call

    ProfilingMachine(const M& machine, Profile* of) : M(machine), profile(of) {}

    template <class View>
    auto execute(View& view, const typename M::Transaction& transaction,
                 const typename M::Context& context) const {
        TxnProfile<typename M::Key>& txn = profile->txns.emplace_back();
        if constexpr (kTimes) {
            const auto start = std::chrono::steady_clock::now();
            auto outcome = M::execute(view, transaction, context);
            const std::chrono::duration<double, std::nano> spent =
                std::chrono::steady_clock::now() - start;
            txn.ns = spent.count();
            return outcome;
        } else {
            NotingView<View, typename M::Key> noting(view, txn);
            return M::execute(noting, transaction, context);
        }
    }
    template <class View>
    auto begin_block(View& view, const BlockHeader& header,
                     std::span<const typename M::Transaction> transactions) const {
        const auto start = std::chrono::steady_clock::now();
        auto context = M::begin_block(view, header, transactions);
        add_phase(start);
        return context;
    }
    template <class View>
    void end_block(View& view, const BlockHeader& header,
                   const typename M::Context& context) const {
        const auto start = std::chrono::steady_clock::now();
        M::end_block(view, header, context);
        add_phase(start);
    }

  private:
    void add_phase(std::chrono::steady_clock::time_point start) const {
        const std::chrono::duration<double, std::nano> spent =
            std::chrono::steady_clock::now() - start;
        profile->phases_ns += spent.count();
    }
};

/// Profiles the first `count` blocks of a workload that have transactions, on the serial twin: what
/// they touch from one run, what they cost from the fastest of several.
template <class Workload>
[[nodiscard]] auto profile_blocks(const Workload& workload, std::size_t count) {
    using M = typename Workload::Machine;
    using Profile = BlockProfile<typename M::Key>;
    const auto run = [&]<bool kTimes>(std::vector<Profile>& out) {
        using Machine = ProfilingMachine<M, kTimes>;
        Profile current;
        const Machine machine(workload.machine, &current);
        FlatState<Machine> state;
        workload.populate(state);
        SerialLoop<Machine> loop(machine, state);
        auto source = workload.source();
        while (out.size() < count) {
            const auto block = source.next();
            current = {};
            const auto start = std::chrono::steady_clock::now();
            static_cast<void>(loop.execute(block));
            const std::chrono::duration<double, std::nano> whole =
                std::chrono::steady_clock::now() - start;
            if (block.transactions.empty()) {
                continue;
            }
            // What the loop does around a transaction, its digests first of all, costs each alike.
            const double around = (whole.count() - current.phases_ns - current.work_ns()) /
                                  static_cast<double>(current.txns.size());
            for (auto& txn : current.txns) {
                txn.ns += around;
            }
            out.push_back(std::move(current));
        }
    };
    std::vector<Profile> profiles;
    run.template operator()<false>(profiles);
    constexpr int kTimings = 3;
    for (int i = 0; i < kTimings; ++i) {
        std::vector<Profile> timed;
        run.template operator()<true>(timed);
        for (std::size_t b = 0; b < profiles.size(); ++b) {
            const auto least = [i](double& kept, double now) {
                kept = i == 0 ? now : std::min(kept, now);
            };
            least(profiles[b].phases_ns, timed[b].phases_ns);
            for (std::size_t t = 0; t < profiles[b].txns.size(); ++t) {
                least(profiles[b].txns[t].ns, timed[b].txns[t].ns);
            }
        }
    }
    return profiles;
}

/// Length of the longest chain of transactions that need each other, in nanoseconds.
template <Machine M>
[[nodiscard]] double critical_path_ns(const BlockProfile<typename M::Key>& block) {
    struct Ends {
        double write = 0;  ///< when the last write is there
        double adds = 0;   ///< when all additions since are there
    };
    struct Hash {
        std::size_t operator()(const typename M::Key& key) const { return M::hash(key); }
    };
    std::unordered_map<typename M::Key, Ends, Hash> ends;  // tidy: allow(banned) order is not used
    double longest = 0;
    for (const auto& txn : block.txns) {
        double start = 0;
        for (const auto& [key, tie] : txn.ties) {
            const auto found = ends.find(key);
            if (found != ends.end() && (tie == Tie::kRead || tie == Tie::kPredicate)) {
                start = std::max(start, found->second.write);
                start = tie == Tie::kRead ? std::max(start, found->second.adds) : start;
            }
        }
        const double end = start + txn.ns;
        longest = std::max(longest, end);
        for (const auto& [key, tie] : txn.ties) {
            if (tie == Tie::kWrite) {
                ends[key] = {.write = end, .adds = 0};
            } else if (tie == Tie::kAdd) {
                Ends& known = ends[key];
                known.adds = std::max(known.adds, end);
            }
        }
    }
    return longest;
}

/// The least time that a block can take on threads that are `ceiling` times as fast as one, as a
/// share of its serial time.
template <Machine M>
[[nodiscard]] double least_share(const BlockProfile<typename M::Key>& block, double ceiling) {
    const double work = block.work_ns();
    const double least = std::max(work / ceiling, critical_path_ns<M>(block));
    return (block.phases_ns + least) / (block.phases_ns + work);
}

}  // namespace lockstep::bench
