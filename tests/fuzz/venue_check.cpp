#include <algorithm>

#include "engine/contract/access_list.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "instruments/events.hpp"
#include "instruments/venue.hpp"
#include "tests/explorer/explorer.hpp"
#include "tests/fuzz/fuzz_schedule.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/venue_stream.hpp"

namespace lockstep::fuzz {
namespace {

using test::Explorer;
using test::ExplorerSync;
using test::FiberPool;

constexpr int kBlocksMax = 12;
constexpr std::uint64_t kStepsMax = 20'000'000;

using Accesses = AccessList<StateKey>;

/// A list that leaves out, changes and swaps what `bytes` say.
Accesses distorted(const Accesses& list, const Bytes& bytes) {
    Accesses out;
    std::size_t place = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        std::vector<CellAccess<StateKey>> accesses;
        const auto choice = static_cast<std::uint8_t>(bytes[place++ % bytes.size()]);
        for (CellAccess<StateKey> access : list.of(choice % 16 == 1 ? list.size() - 1 - i : i)) {
            const auto change = static_cast<std::uint8_t>(bytes[place++ % bytes.size()]);
            if (change % 16 == 2) {
                access.effect = static_cast<Effect>(change / 16 % 3);
                access.dependence = Dependence::kValue;
            }
            if (change % 16 != 3) {
                accesses.push_back(access);
            }
        }
        if (choice % 32 != 4) {
            out.append(accesses);
        }
    }
    return out;
}

/// The venue, with declared keys that may be wrong in every way.
struct MisdeclaredVenue : Venue {
    /// Bytes that decide what becomes of each declared key; empty: nothing.
    static inline Bytes distortion;

    template <class Sink>
    void declare(const Transaction& transaction, const Context& context, Sink&& sink) const {
        std::uint64_t place = mix64(transaction.envelope.nonce);
        Venue::declare(transaction, context, [&](const Key& key, Access access) {
            if (distortion.empty()) {
                sink(key, access);
                return;
            }
            const auto choice = static_cast<std::uint8_t>(distortion[place++ % distortion.size()]);
            switch (choice % 8) {
                case 0:
                    break;  // not declared
                case 1:
                case 2:
                    sink(key, static_cast<Access>(choice / 8 % 3));
                    break;
                case 3:  // a key that is never touched
                    sink(StateKey{key.kind(), ~std::uint64_t{0} - choice}, access);
                    break;
                case 4:  // somebody else's
                    sink(market_key(CellKind::kOpenInterest, MarketId{1U + choice / 64U}),
                         static_cast<Access>(choice / 8 % 3));
                    sink(cash_key(make_account(100), kNumeraire), Access::kWrite);
                    break;
                default:
                    sink(key, access);
                    break;
            }
        });
    }
};

void check_block(const StateStore<Venue>& store, const BlockResult& result) {
    for (const Receipt& receipt : result.receipts) {
        require(receipt.disposition != Disposition::kFaulted, "no handler breaks its contract");
        require(Status{receipt.status} != Status::kInconsistent, "no cells contradict each other");
    }
    for_each_event(result.events, [](std::uint16_t type, std::span<const std::byte>) {
        require(EventType{type} != EventType::kInvariantBroken, "no market is frozen");
    });
    InvariantScan scan;
    store.for_each([&](const StateKey& key, const Cell& cell) { scan.add(key, cell); });
    for (const std::string& violation : scan.violations()) {
        finding(violation);
    }
}

}  // namespace

void check_venue_stream(FuzzInput& in, bool hostile_hints) {
    const auto workers = static_cast<std::uint32_t>(1 + in.below(4));
    ParallelOptions options;
    options.chunk_max = static_cast<std::uint32_t>(1 + in.below(8));
    options.window = in.flag() ? static_cast<std::uint32_t>(1 + in.below(8)) : 4096;
    options.revalidate = in.flag();
    options.plan = in.flag();
    options.adaptive = false;
    MisdeclaredVenue::distortion.clear();
    if (hostile_hints) {
        const auto bytes = in.take_back(1 + in.byte());
        MisdeclaredVenue::distortion.assign(bytes.begin(), bytes.end());
    }
    const auto strategy = fuzz_strategy(in, workers);

    const Venue serial_machine;
    const MisdeclaredVenue parallel_machine;
    StateStore<Venue> serial_store;
    StateStore<MisdeclaredVenue, ExplorerSync> parallel_store;
    SerialExecutor<Venue> serial(serial_machine, serial_store);
    FiberPool pool(workers);
    ParallelExecutor<MisdeclaredVenue, ExplorerSync, FiberPool> parallel(
        parallel_machine, parallel_store, pool, {}, options);
    const auto run = [&](const Block<Transaction>& block) {
        Accesses touched;
        const auto expected = serial.execute(block, {}, {.recorded = &touched});
        require(expected.has_value(), "the serial executor runs every block");
        check_block(serial_store, *expected);
        Explorer::here().set_plan({.strategy = strategy.get(), .steps_max = kStepsMax});
        // Knowledge is declared, or a list of what the block touches, right or wrong.
        Accesses known;
        Accesses recorded;
        AccessMismatches<StateKey> mismatches;
        AccessOptions<StateKey> accesses{.recorded = &recorded, .mismatches = &mismatches};
        if (block.header.height % 2 == 0) {
            known = MisdeclaredVenue::distortion.empty()
                        ? touched
                        : distorted(touched, MisdeclaredVenue::distortion);
            accesses.known = &known;
        }
        const auto actual = parallel.execute(block, {}, accesses);
        require(actual.has_value(), "the parallel executor runs every block");
        require(*actual == *expected, "parallel results are the serial ones");
        require(recorded == touched, "access lists are the serial ones");
        AccessMismatches<StateKey> expected_mismatches;
        for (std::size_t i = 0; accesses.known != nullptr && i < block.transactions.size(); ++i) {
            compare_accesses(block.header.height, i, known.of(i), touched.of(i),
                             expected_mismatches);
        }
        require(mismatches == expected_mismatches, "every mismatch is named");
    };
    VenueStream stream(in);
    for (const auto& block : stream.set_up()) {
        run(block);
    }
    for (int blocks = 0; blocks < kBlocksMax && !in.empty(); ++blocks) {
        run(stream.next());
    }
    require(parallel_store.recompute_digest() == parallel_store.digest(),
            "the store matches its digest");
}

}  // namespace lockstep::fuzz
