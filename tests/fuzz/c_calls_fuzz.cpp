// Sequences of calls of the C interface, right and wrong: serial and parallel chains agree, misuse
// is answered and changes nothing.

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "bindings/c/lockstep.h"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/random_seeds.hpp"

namespace lockstep::fuzz {
namespace {

constexpr std::size_t kTransactionBytes = 24;
constexpr std::uint64_t kSteps = 300;

/// Few keys of many lengths, and some that nobody may have.
ls_bytes make_key(FuzzInput& in) {
    static const std::vector<std::uint8_t> kMaterial(LS_KEY_MAX + 1, std::uint8_t{'k'});
    static constexpr std::size_t kSizes[] = {0, 1, 2, 3, 40, 41, 300, LS_KEY_MAX};
    switch (const std::uint8_t choice = in.byte(); choice % 32) {
        case 0:
            return {nullptr, 5};
        case 1:
            return {kMaterial.data(), LS_KEY_MAX + 1};
        default:
            return {kMaterial.data(), kSizes[choice % std::size(kSizes)]};
    }
}
ls_bytes make_value(FuzzInput& in) {
    static const std::vector<std::uint8_t> kMaterial(200, std::uint8_t{3});
    const std::uint8_t choice = in.byte();
    return choice % 16 == 0  ? ls_bytes{nullptr, 1}
           : choice % 2 == 0 ? ls_bytes{kMaterial.data(), 16}
                             : ls_bytes{kMaterial.data(), std::size_t{choice} % 200};
}
ls_int128 make_amount(FuzzInput& in) {
    const Int128 amount = in.flag() ? Int128{in.byte()} - 128 : in.edge128();
    return {low64(amount), static_cast<std::int64_t>(high64(amount))};
}
ls_change make_change(FuzzInput& in) {
    ls_change change{};
    change.kind = in.byte() % 16 == 0 ? in.byte() : 1 + in.byte() % 5U;
    change.event = in.byte() % 16 == 0 ? 65536 : in.byte();
    change.key = make_key(in);
    change.value = make_value(in);
    change.amount = make_amount(in);
    if (in.flag()) {
        change.lower = {static_cast<std::uint64_t>(-100), -1};
        change.upper = {100, 0};
    }
    return change;
}

struct Visit {
    ls_view* view;
    FuzzInput* in;
    std::uint64_t* mix;
};
ls_code visit_cell(void* user, ls_bytes key, ls_bytes value) {
    auto* const visit = static_cast<Visit*>(user);
    *visit->mix = *visit->mix * 31 + key.size + value.size;
    switch (visit->in->byte() % 8) {
        case 0:
            return LS_FAULT;
        case 1:
            static_cast<void>(ls_erase(visit->view, key));
            return LS_OK;
        case 2:
            static_cast<void>(ls_put(visit->view, key, value));
            return LS_OK;
        default:
            return LS_OK;
    }
}

/// One view call; what it answers goes into `mix`.
void call_view(ls_view* view, FuzzInput& in, std::uint64_t& mix) {
    ls_bytes value{};
    std::size_t visited = 0;
    std::uint32_t savepoint = 0;
    ls_code code = LS_OK;
    switch (in.byte() % 13) {
        case 0:
            code = ls_read(view, make_key(in), in.byte() % 16 == 0 ? nullptr : &value);
            break;
        case 1: {
            const std::array<ls_bytes, 2> keys{make_key(in), make_key(in)};
            std::array<ls_bytes, 2> values{};
            code =
                ls_read_many(view, keys.data(), 2, in.byte() % 16 == 0 ? nullptr : values.data());
            value = values[1];
            break;
        }
        case 2:
            code = ls_exists(view, make_key(in));
            break;
        case 3:
            code = ls_at_least(view, make_key(in), make_amount(in));
            break;
        case 4:
        case 5: {
            const ls_bytes key = make_key(in);
            code = ls_put(view, key, make_value(in));
            break;
        }
        case 6:
            code = ls_erase(view, make_key(in));
            break;
        case 7: {
            const ls_bytes key = make_key(in);
            const ls_int128 amount = make_amount(in);
            const ls_int128 zero{0, 0};
            code = ls_add(view, key, amount, in.flag() ? &zero : nullptr, nullptr);
            break;
        }
        case 8:
            code = ls_emit(view, in.byte(), make_value(in));
            break;
        case 9: {
            const std::array<ls_change, 2> changes{make_change(in), make_change(in)};
            code = ls_write_many(view, in.byte() % 16 == 0 ? nullptr : changes.data(), 2);
            break;
        }
        case 10: {
            Visit visit{view, &in, &mix};
            const ls_bytes from = make_key(in);
            const ls_bytes to = in.flag() ? ls_bytes{} : make_key(in);
            code = ls_scan(view, from, to, in.byte(), visit_cell, &visit, &visited);
            break;
        }
        case 11:
            code = ls_savepoint(view, &savepoint);
            break;
        default:
            code = ls_rollback(view, in.byte() % 4);
    }
    require(code >= LS_OK && code <= LS_MISUSE, "a code of the header");
    require(value.data != nullptr || value.size == 0, "absent values have no size");
    mix = mix * 31 + static_cast<std::uint64_t>(code) + value.size + visited + savepoint;
}

ls_code execute(void* /*user*/, ls_view* view, ls_call* call) {
    FuzzInput in(std::as_bytes(std::span(call->transaction.data, call->transaction.size)));
    std::uint64_t mix = call->use_count;
    for (std::size_t i = 0; i < call->use_count; ++i) {
        mix = mix * 31 + call->values[i].size;
    }
    static thread_local std::array<ls_change, 2> changes;
    const std::uint8_t answer = in.byte();
    while (!in.empty()) {
        call_view(view, in, mix);
    }
    call->status = static_cast<std::uint16_t>(mix);
    call->weight = mix % 3;
    switch (answer % 8) {
        case 0:
            return answer / 8 % 8 == LS_FAILED ? ls_code{LS_FAULT} : ls_code{answer / 8 % 8};
        case 1:
            call->change_count = 1;
            return LS_OK;
        case 2:
        case 3: {
            const std::array<std::byte, 2> seed{std::byte{answer}, static_cast<std::byte>(mix)};
            FuzzInput more(seed);
            changes = {make_change(more), make_change(more)};
            call->changes = changes.data();
            call->change_count = 2;
            call->refused_status = 9;
            return LS_OK;
        }
        default:
            return LS_OK;
    }
}
void declare(void* /*user*/, ls_bytes transaction, ls_uses* uses) {
    FuzzInput in(std::as_bytes(std::span(transaction.data, transaction.size)));
    for (int i = in.byte() % 4; i > 0; --i) {
        const ls_bytes key = make_key(in);
        const ls_code code = ls_declare(uses, key, in.byte() % 6);
        require(code == LS_OK || code == LS_MISUSE, "a code of the header");
    }
}

class Chain {
  public:
    Chain(std::uint32_t executor, std::uint32_t workers) {
        ls_machine machine{};
        machine.size = sizeof(machine);
        machine.abi = LS_ABI;
        machine.declare = declare;
        machine.execute = execute;
        ls_options options{};
        options.size = sizeof(options);
        options.executor = executor;
        options.workers = workers;
        options.steps = kSteps;
        options.event_bytes = 500;
        require(ls_open(&options, &machine, &chain_, nullptr) == LS_OK, "opens");
    }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;
    ~Chain() { require(ls_close(chain_) == LS_OK, "closes"); }
    [[nodiscard]] ls_chain* get() const { return chain_; }
    [[nodiscard]] ls_status status() const {
        ls_status status{};
        status.size = sizeof(status);
        require(ls_chain_status(chain_, &status) == LS_OK, "tells its status");
        return status;
    }

  private:
    ls_chain* chain_ = nullptr;
};

/// Blocks and loads that the input says, to all chains alike.
class Run {
  public:
    explicit Run(FuzzInput& in) : in_(in) {}

    void step() {
        const std::uint8_t choice = in_.byte();
        if (choice % 8 == 0) {
            const std::array<ls_change, 2> changes{make_change(in_), make_change(in_)};
            all([&](ls_chain* chain) { return ls_load(chain, changes.data(), 2, nullptr); });
        } else {
            block(choice);
        }
        const ls_status expected = serial_.status();
        for (const Chain* const chain : {&parallel_, &adaptive_}) {
            const ls_status actual = chain->status();
            require(std::memcmp(&expected.state, &actual.state, sizeof(ls_digest)) == 0, "state");
            require(std::memcmp(&expected.block, &actual.block, sizeof(ls_digest)) == 0, "block");
            require(expected.cells == actual.cells, "number of cells");
        }
    }

  private:
    template <class Do>
    void all(Do&& act) {
        const ls_code code = act(serial_.get());
        require(act(parallel_.get()) == code, "the same answer of the parallel chain");
        require(act(adaptive_.get()) == code, "the same answer of the adaptive chain");
    }
    void block(std::uint8_t choice) {
        std::vector<std::vector<std::byte>> data;
        std::vector<ls_transaction> transactions;
        std::array<ls_use, 2> uses{};
        for (ls_use& use : uses) {
            use.key = make_key(in_);
            use.kind = in_.byte() % 6;
        }
        for (std::size_t count = in_.byte() % 24; count > 0; --count) {
            const auto bytes = in_.take(in_.byte() % kTransactionBytes);
            data.emplace_back(bytes.begin(), bytes.end());
        }
        for (const auto& bytes : data) {
            transactions.push_back(
                {{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                 in_.byte() % 4 == 0 ? uses.data() : nullptr,
                 in_.byte() % 4 == 0 ? 2U : 0U});
        }
        // As long as it may say that it is.
        struct {
            ls_block block;
            std::array<std::uint8_t, 256> rest;
        } padded{};
        ls_block& block = padded.block;
        block.size = in_.byte() % 32 == 0 ? in_.byte() : sizeof(block);
        block.flags = in_.byte() % 32 == 0 ? in_.byte() : choice / 8 % 2U;
        block.height = choice;
        block.weight_limit = in_.byte() % 4 == 0 ? in_.byte() : 0;
        block.transactions = in_.byte() % 32 == 0 ? nullptr : transactions.data();
        block.count = transactions.size();
        const std::uint32_t flags = in_.byte() % 32 == 0 ? in_.byte() : 0;
        all([&](ls_chain* chain) {
            ls_result* result = nullptr;
            const ls_code code = ls_execute(chain, &block, flags, &result, nullptr);
            require((result != nullptr) == (code == LS_OK), "a result for a block");
            require(code == LS_OK || code == LS_MISUSE, "no block fails");
            read(result, in_.byte());
            ls_result_free(result);
            return code;
        });
    }
    static void read(const ls_result* result, std::size_t first) {
        std::array<ls_receipt, 2> receipts{};
        const ls_code code = ls_result_receipts(result, first, receipts.size(), receipts.data());
        require(code == LS_OK || code == LS_MISUSE, "a code of the header");
        ls_event event{};
        while (code == LS_OK && ls_next_event(&receipts[0].events, &event) == LS_OK) {
        }
    }

    FuzzInput& in_;
    Chain serial_{LS_SERIAL, 1};
    Chain parallel_{LS_PARALLEL, 2};
    Chain adaptive_{LS_ADAPTIVE, 2};
};

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    return random_seeds(4, 900);
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lockstep::fuzz::FuzzInput in(lockstep::fuzz::input_bytes(data, size));
    lockstep::fuzz::Run run(in);
    while (!in.empty()) {
        run.step();
    }
    return 0;
}
