#include <deque>
#include <optional>

#include "scheduler/version.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/random_seeds.hpp"

namespace lockstep::fuzz {
namespace {

using Node = Version<std::int64_t>;
using Slot = VersionSlot<std::int64_t>;

constexpr TxnIndex kTxns = 40;

/// One slot and its naive twin: a plain list of versions in the order in which they came.
class Chain {
  public:
    explicit Chain(FuzzInput& in) : in_(in) {
        for (TxnIndex txn = 0; txn < kTxns; ++txn) {
            if (in_.byte() % 3 == 0) {
                slot_.push_declared(&nodes_.emplace_back());
                nodes_.back().txn = txn;
            }
        }
    }

    void step() {
        switch (in_.below(8)) {
            case 0:
            case 1:
                insert();
                break;
            case 2:
            case 3:
                change_state();
                break;
            case 4:
                add();
                break;
            default:
                check_find(static_cast<TxnIndex>(in_.below(kTxns + 1)));
                break;
        }
    }

    void check_all() {
        for (TxnIndex txn = 0; txn <= kTxns; ++txn) {
            check_find(txn);
        }
        std::size_t length = 0;
        TxnIndex last = kNoTxn;
        // relaxed: one thread.
        for (const Node* node = slot_.newest.load(std::memory_order_relaxed); node != nullptr;
             node = node->older.load(std::memory_order_relaxed)) {
            require(node->txn <= last, "[V3] descending");
            last = node->txn;
            ++length;
        }
        require(length == nodes_.size(), "[V3] nothing leaves a chain");
    }

  private:
    void insert() {
        Node& node = nodes_.emplace_back();
        node.txn = static_cast<TxnIndex>(in_.below(kTxns));
        node.value = static_cast<std::int64_t>(nodes_.size());
        node.erased = in_.flag();
        if (in_.flag()) {
            node.publish();
        }
        slot_.insert(&node);
    }

    void change_state() {
        if (nodes_.empty()) {
            return;
        }
        Node& node = nodes_[in_.below(nodes_.size())];
        switch (node.current()) {  // [V2]
            case VersionState::kPending:
                in_.flag() ? node.drop() : node.publish();
                break;
            case VersionState::kReady:
                node.make_estimate();
                break;
            case VersionState::kDropped:
                break;
        }
    }

    /// The newest standing version below: highest transaction, of one transaction the last.
    void check_find(TxnIndex txn) {
        const Node* expected = nullptr;
        for (const Node& node : nodes_) {
            const bool stands = node.current() != VersionState::kDropped;
            if (node.txn < txn && stands && (expected == nullptr || node.txn >= expected->txn)) {
                expected = &node;
            }
        }
        const Node* const found = slot_.find(txn);
        require(found == expected, "the newest standing version below is found");
        require(found == nullptr || (found->get() == nullptr) == found->erased,
                "an erasure shows no value");
    }

    void add() {
        const Node* const current =
            nodes_.empty() || in_.flag() ? nullptr : &nodes_[in_.below(nodes_.size())];
        Additions<std::int64_t>& additions = slot_.additions_or_make([this] { return &fresh_; });
        require(&additions == &fresh_, "additions are made once");
        const Int128 amount = in_.edge128();
        if (!sum_base_ || *sum_base_ != current) {
            sum_ = 0;
            sum_base_ = current;
            sum_applied_ = false;
        }
        sum_ = wrapping_add(sum_, amount);
        sum_applied_ = sum_applied_ || amount != 0;
        additions.commit(current, amount);
        require(additions.sum == sum_, "additions add up");
        const Int128 hint = additions.sum_hint(current);
        require(hint <= sum_ && sum_ - hint <= ((sum_ < 0 ? ~sum_ : sum_) >> 55),
                "the hint has the leading bits of the sum");
        require(additions.applies_to(current) == sum_applied_, "a sum applies to its base");
        for (const Node& node : nodes_) {
            require(&node == current || !additions.applies_to(&node), "and to no other version");
        }
    }

    FuzzInput& in_;
    Slot slot_;
    std::deque<Node> nodes_;
    Additions<std::int64_t> fresh_;
    std::optional<const Node*> sum_base_;
    Int128 sum_ = 0;
    bool sum_applied_ = false;
};

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    return random_seeds(4, 100);
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    FuzzInput in(input_bytes(data, size));
    Chain chain(in);
    for (int steps = 0; steps < 500 && !in.empty(); ++steps) {
        chain.step();
    }
    chain.check_all();
    return 0;
}
