#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "tests/explorer/explorer.hpp"

namespace lockstep::test {

/// What a monitor checks after every write of a schedule: the tagged invariants of the scheduler
/// and of multi-version memory, as far as they can be seen from outside.
///
/// [S1] one holder   [S2] the frontier grows past committed transactions   [S3] who waits is listed
/// [S4] the window   [V1] published values stay   [V2] states of versions   [V3] order of chains
class Inspector final : public Monitor {
  public:
    [[nodiscard]] const char* check(std::uint32_t worker) override {
        ++checks_;
        return check_(*this, worker);
    }
    /// Looks at the next run of `executor`.
    template <class Executor>
    void watch(const Executor& executor) {
        executor_ = &executor;
        workers_ = static_cast<std::uint32_t>(executor.run_.workers.size());
        begin_attempt();
        check_ = [](Inspector& self, std::uint32_t worker) {
            const auto& watched = *static_cast<const Executor*>(self.executor_);
            const auto& run = watched.run_;
            using Stage = typename decltype(watched.stages_)::Stage;
            const Stage stage = watched.stages_.stage_.peek();
            // Before that the scheduler's states are those of the last block.
            const bool scheduled = stage == Stage::kExecute || stage == Stage::kInstall;
            if (!scheduled) {
                self.begin_attempt();
            }
            const char* wrong = scheduled ? self.check_scheduler(run.scheduler, worker) : nullptr;
            if (wrong == nullptr && self.checks_ >= self.versions_due_) {
                wrong = self.check_versions(watched.speculative_.state());
                self.versions_due_ =
                    self.checks_ + std::max(kVersionsEvery, self.versions_.size() / 16);
            }
            return wrong;
        };
    }
    /// Checks so far.
    [[nodiscard]] std::uint64_t checks() const noexcept { return checks_; }

  private:
    using State = TxnState<ExplorerSync>;

    /// Every so many checks the chains are walked as well; less often where they are long.
    static constexpr std::uint64_t kVersionsEvery = 8;

    struct SeenVersion {
        const void* node = nullptr;
        std::uint64_t content = 0;
        VersionState state = VersionState::kPending;
        bool was_ready = false;
    };

    /// A planned block that did not stand is run once more, from its start.
    void begin_attempt() {
        frontier_ = committed_ = 0;
        words_.clear();
        lists_.clear();
        holders_.clear();
        versions_.clear();
    }
    const char* check_scheduler(const Scheduler<ExplorerSync>& scheduler, std::uint32_t worker) {
        const TxnIndex size = scheduler.size_;
        if (words_.size() != size) {
            words_.assign(size, 0);
            lists_.assign(size, kNoTxn);
            holders_.assign(size, kNobody);
        }
        for (TxnIndex txn = 0; txn < size; ++txn) {
            const std::uint32_t word = scheduler.states_[txn].word.peek();
            const TxnIndex list = scheduler.states_[txn].waiters.peek();
            if (word != words_[txn]) {
                if (const char* wrong = check_change(scheduler, txn, word, worker)) {
                    return wrong;
                }
                words_[txn] = word;
            }
            if (list != lists_[txn]) {
                lists_[txn] = list;
                if (const char* wrong = check_waiters(scheduler, txn)) {
                    return wrong;
                }
            }
        }
        return check_frontier(scheduler);
    }
    const char* check_frontier(const Scheduler<ExplorerSync>& scheduler) {
        const TxnIndex at = scheduler.frontier_.peek();
        if (at != frontier_) {
            if (at < frontier_ || at > scheduler.size_ || at != scheduler.committed_) {
                return "[S2] the frontier moved to where commits do not end";
            }
            frontier_ = at;
        }
        if (scheduler.committed_ < committed_) {
            return "[S2] a commit was taken back";
        }
        for (; committed_ < scheduler.committed_; ++committed_) {
            const TxnPhase phase = State::phase_of(words_[committed_]);
            const bool taken = phase == TxnPhase::kCommitting;
            const bool ended = phase == TxnPhase::kExecuted || phase == TxnPhase::kDeferred;
            if (!(scheduler.options_.revalidate ? taken : ended)) {
                return "[S2] a commit that nobody may make";
            }
        }
        const TxnIndex claimed = scheduler.claimed_.peek();
        const TxnIndex racing = workers_ * scheduler.options_.chunk;
        if (claimed < scheduler.size_ && claimed >= at + scheduler.options_.window + racing) {
            return "[S4] claims ran ahead of the window";
        }
        return nullptr;
    }
    /// One change of a status word, along an arrow of TxnPhase and by who may make it.
    const char* check_change(const Scheduler<ExplorerSync>& scheduler, TxnIndex txn,
                             std::uint32_t word, std::uint32_t worker) {
        const TxnPhase from = State::phase_of(words_[txn]);
        const TxnPhase to = State::phase_of(word);
        const Incarnation before = State::incarnation_of(words_[txn]);
        const Incarnation after = State::incarnation_of(word);
        std::uint32_t& holder = holders_[txn];
        const bool held = holder == worker;
        bool right = after == before;
        switch (from) {
            case TxnPhase::kReady:
                right = right && to == TxnPhase::kExecuting;
                break;
            case TxnPhase::kExecuting:
                right = held && (to == TxnPhase::kExecuting
                                     ? after == before + 1 && after < scheduler.kIncarnationsMax
                                     : after == before &&
                                           (to == TxnPhase::kBlocked || to == TxnPhase::kExecuted ||
                                            to == TxnPhase::kDeferred));
                break;
            case TxnPhase::kBlocked:
                right = right && (to == TxnPhase::kReady || (to == TxnPhase::kExecuting && held));
                break;
            case TxnPhase::kExecuted:
                right = right && (to == TxnPhase::kExecuting || to == TxnPhase::kCommitting);
                break;
            case TxnPhase::kDeferred:
                right = right && to == TxnPhase::kCommitting;
                break;
            case TxnPhase::kCommitting:
                right = false;
                break;
        }
        if (!right) {
            return "[S1] a status changed along no arrow, or by a worker that does not hold it";
        }
        if (to == TxnPhase::kCommitting && txn != scheduler.committed_) {
            return "[S2] a transaction commits away from the frontier";
        }
        if (to == TxnPhase::kExecuted && scheduler.states_[txn].waiters.peek() != State::kClosed) {
            return "[S3] a transaction has finished and its waiters were not woken";
        }
        if (to == TxnPhase::kExecuting || to == TxnPhase::kCommitting) {
            holder = worker;
            for (TxnIndex other = 0; other < words_.size(); ++other) {
                const TxnPhase phase = State::phase_of(words_[other]);
                if (other != txn && other >= scheduler.committed_ && holders_[other] == worker &&
                    phase == to) {
                    return "[S1] a worker holds two transactions";
                }
            }
        } else if (to == TxnPhase::kReady) {
            holder = kNobody;
        }
        return nullptr;
    }
    const char* check_waiters(const Scheduler<ExplorerSync>& scheduler, TxnIndex txn) const {
        std::uint32_t steps = 0;
        for (TxnIndex waiter = lists_[txn]; waiter < State::kClosed;
             waiter = scheduler.states_[waiter].next_waiter) {
            const std::uint32_t word = scheduler.states_[waiter].word.peek();
            if (waiter <= txn || waiter >= scheduler.size_ || ++steps > scheduler.size_ ||
                State::phase_of(word) != TxnPhase::kBlocked ||
                State::incarnation_of(word) != scheduler.states_[waiter].waiting_incarnation) {
                return "[S3] a list of waiters holds a transaction that does not wait there";
            }
        }
        return nullptr;
    }
    template <class M>
    const char* check_versions(const SpeculativeRun<M, ExplorerSync>& run) {
        const auto& store = run.shared.store;
        for (const auto& worker : run.workers) {
            for (const CellId id : worker->touched.items()) {
                TxnIndex above = kNoTxn;
                for (const auto* node = store.cell(id).slot.newest.peek(); node != nullptr;
                     node = node->older.peek()) {
                    if (node->txn > above || node->txn >= run.shared.size()) {
                        return "[V3] a chain is out of order";
                    }
                    above = node->txn;
                    if (const char* wrong = check_version<M>(*node, store.cell(id).key)) {
                        return wrong;
                    }
                }
            }
        }
        return nullptr;
    }
    template <class M>
    static std::uint64_t content_of(const typename M::Key& key, const typename M::Value& value) {
        if constexpr (std::is_same_v<typename M::Value, Int128>) {
            return low64(value);
        } else {
            ByteWriter out;
            M::encode_value(out, key, value);
            std::uint64_t content = 0;
            for (const std::byte byte : out.bytes()) {
                content = mix64(content + static_cast<std::uint64_t>(byte));
            }
            return content;
        }
    }
    template <class M, class Node>
    const char* check_version(const Node& node, const typename M::Key& key) {
        const VersionState state = node.state.peek();
        const std::uint64_t content =
            mix64(content_of<M>(key, node.value) + (node.erased ? 1U : 0U));
        const auto [known, fresh] = seen_of(node);
        if (fresh) {
            *known = {&node, content, state, state == VersionState::kReady};
            return nullptr;
        }
        if (known->state == VersionState::kDropped && state != VersionState::kDropped) {
            return "[V2] a dropped version came back";
        }
        if (known->was_ready && content != known->content) {
            return "[V1] a published value changed";
        }
        known->state = state;
        known->content = content;
        known->was_ready = known->was_ready || state == VersionState::kReady;
        return nullptr;
    }
    /// Chains are walked in nearly the same order again, so the search starts behind the last hit.
    template <class Node>
    std::pair<SeenVersion*, bool> seen_of(const Node& node) {
        for (std::size_t i = 0; i < versions_.size(); ++i) {
            if (++last_seen_ >= versions_.size()) {
                last_seen_ = 0;
            }
            if (versions_[last_seen_].node == &node) {
                return {&versions_[last_seen_], false};
            }
        }
        return {&versions_.emplace_back(), true};
    }

    static constexpr std::uint32_t kNobody = 32;

    const void* executor_ = nullptr;
    const char* (*check_)(Inspector&, std::uint32_t) = nullptr;
    std::uint64_t checks_ = 0;
    std::uint32_t workers_ = 0;
    TxnIndex frontier_ = 0;   ///< as the workers see it
    TxnIndex committed_ = 0;  ///< as its holder knows it
    std::vector<std::uint32_t> words_;
    std::vector<TxnIndex> lists_;
    std::vector<std::uint32_t> holders_;
    std::vector<SeenVersion> versions_;
    std::size_t last_seen_ = 0;
    std::uint64_t versions_due_ = 0;
};

}  // namespace lockstep::test
