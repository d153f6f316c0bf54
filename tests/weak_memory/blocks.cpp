// First: what follows is built on it.
#include "tests/weak_memory/relacy_sync.hpp"
//
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/random.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/weak_memory/simulate.hpp"

namespace lockstep::test {
namespace {

/// Reads one key, writes or adds to another; every value is watched for races.
struct Transfer {
    enum class Kind : std::uint8_t { kCopy, kAdd, kSpend, kLook } kind = Kind::kCopy;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::int64_t amount = 1;
    bool declared = false;
};

struct Watched {
    Plain<std::int64_t> number = 0;
    friend bool operator==(const Watched& a, const Watched& b) {
        return a.number.get() == b.number.get();
    }
};

struct WatchedMachine {
    using Key = std::uint32_t;
    using Value = Watched;
    using Transaction = Transfer;
    struct Context {};
    static inline bool units = false;  ///< keys 0 and 1 conflict together
    static Key unit(Key key) { return units && key == 1 ? 0 : key; }
    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, const Value& value) {
        out.put(value.number.get());
    }
    static Int128 number(const Value& value) { return value.number.get(); }
    static void set_number(Value& value, Int128 number) {
        value.number = static_cast<std::int64_t>(number);
    }
    static Context begin_block(auto&, const BlockHeader&, std::span<const Transfer>) { return {}; }
    static void end_block(auto&, const BlockHeader&, const Context&) {}
    /// Or nothing, which abandons the plan.
    static constexpr bool declares_all(const Context&) { return true; }
    static void declare(const Transfer& transfer, const Context&, auto&& sink) {
        if (!transfer.declared) {
            return;
        }
        if (transfer.kind == Transfer::Kind::kAdd) {
            sink(transfer.to, Access::kAdd);
        } else {
            sink(transfer.from, Access::kRead);
            sink(transfer.to, Access::kWrite);
        }
    }
    static TxnOutcome execute(auto& view, const Transfer& transfer, const Context&) {
        if (transfer.kind == Transfer::Kind::kAdd) {
            const bool added = view.add(transfer.to, transfer.amount, {.lower = 0, .upper = 10});
            return {.status = static_cast<std::uint16_t>(added ? 0 : 1)};
        }
        const Watched* below = view.read(transfer.from);
        const std::int64_t seen = below != nullptr ? below->number.get() : 0;
        if (transfer.kind == Transfer::Kind::kLook) {
            return {.status = static_cast<std::uint16_t>(seen % 100)};
        }
        if (transfer.kind == Transfer::Kind::kSpend && seen % 2 == 0) {
            return {.status = 2};
        }
        view.write(transfer.to, Watched{.number = seen * 3 + transfer.amount});
        return {.status = static_cast<std::uint16_t>(seen % 100)};
    }
};

/// Stands in for WorkerPool: the workers are Relacy's threads.
class RelacyPool {
  public:
    explicit RelacyPool(std::uint32_t workers) : workers_(workers) {}
    [[nodiscard]] std::uint32_t workers() const noexcept { return workers_; }
    void run(const std::function<void(std::uint32_t worker)>& job) {
        job_ = &job;
        started_.store(++round_, std::memory_order_release);
        job(0);
        while (finished_.load(std::memory_order_acquire) != round_ * (workers_ - 1)) {
            RelacySync::yield();
        }
    }
    /// No run follows.
    void close() { started_.store(kClosed, std::memory_order_release); }
    void serve(std::uint32_t worker) {
        for (std::uint32_t round = 1;; ++round) {
            std::uint32_t started = 0;
            while ((started = started_.load(std::memory_order_acquire)) < round) {
                RelacySync::yield();
            }
            if (started == kClosed) {
                return;
            }
            (*job_)(worker);
            finished_.fetch_add(1, std::memory_order_release);
        }
    }

  private:
    static constexpr std::uint32_t kClosed = ~std::uint32_t{0};

    const std::uint32_t workers_;
    std::uint32_t round_ = 0;  ///< of the leader
    const std::function<void(std::uint32_t)>* job_ = nullptr;
    RelacySync::Atomic<std::uint32_t> started_;
    RelacySync::Atomic<std::uint32_t> finished_;
};

/// The block of a simulation.
struct Expected {
    std::vector<Transfer> transfers;
    BlockResult result;
    bool plan = false;
};
Expected expected;

/// All keys beforehand: cells are made under a lock that Relacy does not know.
template <class Store>
void set_keys(Store& store) {
    for (std::uint32_t key = 0; key < 3; ++key) {
        const Watched one{.number = 1};
        store.set(key, &one);
    }
}

/// A block through the real executor; the result equals the serial one. [E1]
template <int kThreads>
struct Blocks : rl::test_suite<Blocks<kThreads>, kThreads> {
    struct Objects {
        WatchedMachine machine;
        StateStore<WatchedMachine, RelacySync> store;
        RelacyPool pool{kThreads};
        ParallelExecutor<WatchedMachine, RelacySync, RelacyPool> executor{
            machine, store, pool, {}, {.chunk_max = 1, .plan = expected.plan, .adaptive = false}};
        std::optional<Result<BlockResult, Error>> result;
    };
    std::unique_ptr<Objects> objects;

    void before() {
        objects = std::make_unique<Objects>();
        set_keys(objects->store);
    }
    void thread(unsigned index) {
        if (index != 0) {
            objects->pool.serve(index);
            return;
        }
        objects->result.emplace(objects->executor.execute(
            {.header = {.height = 1}, .transactions = expected.transfers}));
        objects->pool.close();
    }
    void after() {
        RL_ASSERT(objects->result->has_value());
        RL_ASSERT(**objects->result == expected.result);
        objects.reset();
    }
};

template <int kThreads>
Verdict run_block(std::uint64_t iterations, std::vector<Transfer> transfers, bool plan = false,
                  bool units = false) {
    const WatchedMachine machine;
    StateStore<WatchedMachine> store;
    set_keys(store);
    WatchedMachine::units = units;
    SerialExecutor<WatchedMachine> serial(machine, store);
    expected.transfers = std::move(transfers);
    expected.plan = plan;
    expected.result =
        serial.execute({.header = {.height = 1}, .transactions = expected.transfers}).value();
    return simulate<Blocks<kThreads>>(iterations);
}
template <int kThreads>
Verdict run_block_as_planned(std::uint64_t iterations, std::vector<Transfer> transfers) {
    return run_block<kThreads>(iterations, std::move(transfers), true);
}

Transfer copy(std::uint32_t from, std::uint32_t to, bool declared) {
    return {.from = from, .to = to, .declared = declared};
}
Transfer add(std::uint32_t to, std::int64_t amount, bool declared) {
    return {.kind = Transfer::Kind::kAdd, .to = to, .amount = amount, .declared = declared};
}
/// Reads what it does not declare, and changes nothing: the value decides its status alone.
Transfer read_only(std::uint32_t from) {
    return {.kind = Transfer::Kind::kLook, .from = from};
}
Transfer spend(std::uint32_t from, std::uint32_t to, bool declared) {
    return {.kind = Transfer::Kind::kSpend, .from = from, .to = to, .declared = declared};
}

}  // namespace

std::vector<Simulation> simulations_of_blocks() {
    return {
        {"DeclaredChain", "block: declared chain", 2'000,
         [](std::uint64_t n) {
             return run_block<2>(n, {copy(0, 0, true), copy(0, 1, true), copy(1, 0, true)});
         }},
        {"UndeclaredWriters", "block: undeclared writers", 2'000,
         [](std::uint64_t n) {
             return run_block<2>(n, {copy(0, 0, false), copy(0, 1, false), copy(1, 0, false)});
         }},
        {"MixedWriters", "block: mixed writers", 2'000,
         [](std::uint64_t n) {
             return run_block<3>(n, {copy(0, 1, false), copy(1, 2, true), spend(2, 1, true)});
         }},
        {"AddersAndAReader", "block: adders and a reader", 2'000,
         [](std::uint64_t n) {
             return run_block<2>(n, {add(0, 6, true), add(0, 6, false), copy(0, 1, true)});
         }},
        {"PlannedChain", "planned block: a chain", 2'000,
         [](std::uint64_t n) {
             return run_block_as_planned<2>(
                 n, {copy(0, 0, true), copy(0, 1, true), copy(1, 2, true), copy(2, 0, true)});
         }},
        {"PlannedSums", "planned block: adders, a reader, a writer", 2'000,
         [](std::uint64_t n) {
             return run_block_as_planned<2>(
                 n, {add(0, 2, true), add(0, 3, true), copy(0, 1, true), copy(1, 0, true)});
         }},
        {"PlannedAdders", "planned block: adders side by side to the end", 2'000,
         [](std::uint64_t n) {
             return run_block_as_planned<2>(n, {add(0, 2, true), add(0, 3, true), add(0, 1, true)});
         }},
        {"PlannedUnits", "planned block: adders to a unit, a reader, a writer", 2'000,
         [](std::uint64_t n) {
             return run_block<2>(
                 n, {add(1, 2, true), add(1, 3, true), copy(1, 2, true), copy(2, 1, true)}, true,
                 true);
         }},
        {"PlannedAbandoned", "planned block: an undeclared writer, so it is run again", 1'000,
         [](std::uint64_t n) {
             return run_block_as_planned<2>(n, {copy(0, 0, true), copy(0, 1, false), read_only(1)});
         }},
    };
}

}  // namespace lockstep::test
