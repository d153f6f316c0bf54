// The C interface where it is used wrongly: every misuse is answered, none changes anything.

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bindings/c_chain.hpp"

namespace lockstep::test {
namespace {

TEST(CInterface, StructsGrow) {
    Chain chain(write_itself);
    struct Longer {
        ls_block block{};
        std::uint64_t unknown = 0;
    } longer;
    longer.block.height = 1;
    const auto execute = [&](std::size_t size) {
        longer.block.size = static_cast<std::uint32_t>(size);
        return ls_execute(chain.get(), &longer.block, 0, nullptr, nullptr);
    };
    EXPECT_EQ(execute(sizeof(Longer)), LS_OK);
    EXPECT_EQ(execute(offsetof(ls_block, transactions)), LS_OK);  // of an older program
    for (const std::size_t size : {0UL, 3UL, 5000UL, 0xffffffffUL}) {
        EXPECT_EQ(execute(size), LS_MISUSE) << size;
    }
    longer.unknown = 1;
    EXPECT_EQ(execute(sizeof(Longer)), LS_MISUSE);
    EXPECT_EQ(chain.status().blocks, 2U);

    ls_status shorter{};
    shorter.size = offsetof(ls_status, blocks);
    shorter.blocks = 77;
    EXPECT_EQ(ls_chain_status(chain.get(), &shorter), LS_OK);
    EXPECT_EQ(shorter.blocks, 77U);
}

TEST(CInterface, OpensOnlyWhatMakesSense) {
    ls_machine machine{};
    machine.size = sizeof(machine);
    machine.abi = LS_ABI;
    machine.execute = [](void*, ls_view*, ls_call*) { return ls_code{LS_OK}; };
    ls_options options{};
    options.size = sizeof(options);
    ls_error error{};
    error.size = sizeof(error);
    ls_chain* chain = nullptr;
    const auto open = [&] {
        const ls_code code = ls_open(&options, &machine, &chain, &error);
        EXPECT_EQ(chain != nullptr, code == LS_OK);
        EXPECT_EQ(ls_close(chain), LS_OK);
        return code;
    };
    EXPECT_EQ(open(), LS_OK);
    options.executor = 3;
    EXPECT_EQ(open(), LS_MISUSE);
    EXPECT_STREQ(error.message, "there is no such executor");
    options.executor = 0;
    options.workers = options.lent = 2;
    EXPECT_EQ(open(), LS_MISUSE);
    options.lent = 1;
    options.workers = 1'000'000;
    EXPECT_EQ(open(), LS_MISUSE);
    options.workers = 2;
    EXPECT_EQ(open(), LS_OK);
    machine.abi = LS_ABI + 1;
    EXPECT_EQ(open(), LS_MISUSE);
    machine.abi = LS_ABI;
    machine.execute = nullptr;
    EXPECT_EQ(open(), LS_MISUSE);
    EXPECT_EQ(ls_open(nullptr, nullptr, &chain, &error), LS_MISUSE);
    EXPECT_EQ(ls_open(nullptr, &machine, nullptr, &error), LS_MISUSE);
}

TEST(CInterface, NullIsMisuse) {
    ls_bytes out{};
    ls_event event{};
    std::uint32_t savepoint = 0;
    EXPECT_EQ(ls_read(nullptr, {}, &out), LS_MISUSE);
    EXPECT_EQ(ls_read_many(nullptr, nullptr, 0, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_write_many(nullptr, nullptr, 0), LS_MISUSE);
    EXPECT_EQ(ls_savepoint(nullptr, &savepoint), LS_MISUSE);
    EXPECT_EQ(ls_declare(nullptr, {}, LS_USE_READ), LS_MISUSE);
    EXPECT_EQ(ls_execute(nullptr, nullptr, 0, nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_serve(nullptr), LS_MISUSE);
    EXPECT_EQ(ls_dismiss(nullptr), LS_MISUSE);
    EXPECT_EQ(ls_cancel(nullptr), LS_MISUSE);
    EXPECT_EQ(ls_get(nullptr, {}, &out), LS_MISUSE);
    EXPECT_EQ(ls_result_summary(nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_next_event(nullptr, &event), LS_MISUSE);
    EXPECT_EQ(ls_close(nullptr), LS_OK);
    ls_result_free(nullptr);
    Chain chain(write_itself);
    EXPECT_EQ(ls_execute(chain.get(), nullptr, 0, nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_get(chain.get(), {}, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_get(chain.get(), {nullptr, 1}, &out), LS_MISUSE);
    EXPECT_EQ(ls_load(chain.get(), nullptr, 1, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_for_each(chain.get(), {}, {}, 1, nullptr, nullptr, nullptr), LS_MISUSE);
    EXPECT_EQ(ls_chain_status(chain.get(), nullptr), LS_MISUSE);
    EXPECT_EQ(ls_serve(chain.get()), LS_MISUSE);  // no place is for lent threads
}

TEST(CInterface, AViewServesItsThreadDuringItsCall) {
    ls_view* kept = nullptr;
    Chain chain(
        [&](ls_view* view, ls_call*) {
            kept = view;
            ls_code code = LS_OK;
            std::thread([&] { code = ls_put(view, bytes("other"), bytes("1")); }).join();
            EXPECT_EQ(code, LS_MISUSE);
            return ls_put(view, bytes("own"), bytes("1"));
        },
        LS_SERIAL);
    EXPECT_EQ(chain.execute({"a"}), LS_OK);
    EXPECT_EQ(ls_put(kept, bytes("late"), bytes("1")), LS_MISUSE);
    EXPECT_EQ(chain.value("own"), "1");
    EXPECT_EQ(chain.value("other"), "(none)");
    EXPECT_EQ(chain.status().cells, 1U);
}

TEST(CInterface, AChainIsUsedByOneCallAtATime) {
    Chain* chain = nullptr;
    Chain busy(
        [&](ls_view*, ls_call*) {
            ls_bytes value{};
            EXPECT_EQ(ls_get(chain->get(), bytes("a"), &value), LS_MISUSE);
            EXPECT_EQ(ls_close(chain->get()), LS_MISUSE);
            EXPECT_EQ(ls_load(chain->get(), nullptr, 0, nullptr), LS_MISUSE);
            return chain->execute({"b"}) == LS_MISUSE ? ls_code{LS_OK} : ls_code{LS_FAILED};
        },
        LS_SERIAL);
    chain = &busy;
    EXPECT_EQ(busy.execute({"a"}), LS_OK);
    EXPECT_EQ(busy.status().blocks, 1U);
}

TEST(CInterface, AnswersWithoutSenseFaultTheirTransaction) {
    const std::string long_key(LS_KEY_MAX + 1, 'k');
    const auto answer = [&](ls_view* view, ls_call* call) -> ls_code {
        static thread_local ls_change change;
        change = put("x", "y");
        call->changes = &change;
        call->change_count = 1;
        switch (call->transaction.data[0]) {
            case '0':
                return 77;
            case '1':
                change.kind = 0;
                return LS_OK;
            case '2':
                change.kind = 99;
                return LS_OK;
            case '3':
                call->changes = nullptr;
                return LS_OK;
            case '4':
                change.key = bytes(long_key);
                return LS_OK;
            case '5':
                change.value = {nullptr, 3};
                return LS_OK;
            case '6':
                change.kind = LS_EVENT;
                change.event = 65536;
                return LS_OK;
            case '7':
                return LS_STOP;
            case '8':
                return LS_FAULT;
            default:
                call->change_count = 0;
                EXPECT_EQ(ls_put(view, bytes(long_key), {}), LS_MISUSE);
                EXPECT_EQ(ls_rollback(view, 0), LS_MISUSE);
                EXPECT_EQ(ls_read(view, bytes("x"), nullptr), LS_MISUSE);
                return ls_put(view, call->transaction, call->transaction);
        }
    };
    Chain serial(answer, LS_SERIAL);
    Chain parallel(answer, LS_PARALLEL);
    for (Chain* const chain : {&serial, &parallel}) {
        ASSERT_EQ(chain->execute({"0", "1", "2", "3", "4", "5", "6", "7", "8", "fine"}), LS_OK);
        for (std::size_t i = 0; i < 9; ++i) {
            EXPECT_EQ(chain->receipts[i].disposition, LS_FAULTED) << i;
            EXPECT_EQ(chain->receipts[i].status, 1) << i;
        }
        EXPECT_EQ(chain->receipts[9].disposition, LS_EXECUTED);
        EXPECT_EQ(chain->status().cells, 1U);
    }
    const ls_digest expected = serial.status().block;
    const ls_digest actual = parallel.status().block;
    EXPECT_EQ(std::memcmp(&expected, &actual, sizeof(expected)), 0);
}

TEST(CInterface, AFailedBlockLeavesNothing) {
    for (const std::uint32_t executor : {LS_SERIAL, LS_PARALLEL, LS_ADAPTIVE}) {
        Chain* self = nullptr;
        Chain chain(
            [&](ls_view* view, ls_call* call) {
                const std::string what = text(call->transaction);
                if (what == "cancel") {
                    EXPECT_EQ(ls_cancel(self->get()), LS_OK);
                }
                return what == "fail" ? ls_code{LS_FAILED} : write_itself(view, call);
            },
            executor);
        self = &chain;
        ASSERT_EQ(chain.execute({"a"}), LS_OK);
        const ls_status before = chain.status();
        EXPECT_EQ(chain.execute({"b", "fail", "c"}), LS_FAILED);
        EXPECT_STREQ(chain.error.message, "the machine failed");
        EXPECT_EQ(chain.execute({"b", "cancel", "c", "d"}), LS_FAILED);
        EXPECT_STREQ(chain.error.message, "cancelled");
        chain.begin_block = [](ls_view* view) {
            EXPECT_EQ(ls_put(view, bytes("begun"), bytes("1")), LS_OK);
            return ls_code{LS_REFUSED};
        };
        EXPECT_EQ(chain.execute({"b"}), LS_FAILED);
        const ls_status after = chain.status();
        EXPECT_EQ(std::memcmp(&before.state, &after.state, sizeof(ls_digest) * 2), 0);
        EXPECT_EQ(chain.value("b"), "(none)");
        chain.begin_block = nullptr;
        EXPECT_EQ(chain.execute({"b"}), LS_OK);
        EXPECT_EQ(chain.value("b"), "b");
    }
}

TEST(CInterface, LoopsEndAtTheStepBudget) {
    const auto loop = [](ls_view* view, ls_call*) {
        ls_bytes value{};
        ls_code code = LS_OK;
        std::uint64_t reads = 0;
        while (code != LS_STOP) {
            code = ls_read(view, bytes("k"), &value);
            ++reads;
        }
        EXPECT_LE(reads, 11U);
        EXPECT_EQ(ls_put(view, bytes("k"), bytes("v")), LS_STOP);
        return ls_code{LS_OK};
    };
    for (const std::uint32_t executor : {LS_SERIAL, LS_PARALLEL}) {
        Chain chain(loop, executor, 10);
        ASSERT_EQ(chain.execute({"a", "b"}), LS_OK);
        EXPECT_EQ(chain.receipts[1].disposition, LS_FAULTED);
        EXPECT_EQ(chain.receipts[1].status, 2);
        EXPECT_EQ(chain.status().cells, 0U);
    }
}

TEST(CInterface, ChangesAreMadeTogetherOrNotAtAll) {
    const auto spend = [](ls_view* view, ls_call* call) {
        static thread_local std::array<ls_change, 2> changes;
        changes[0] = put("paid", "");
        changes[0].value = call->transaction;
        changes[1] = {};
        changes[1].kind = LS_ADD_WITHIN;
        changes[1].key = bytes("purse");
        changes[1].amount = {static_cast<std::uint64_t>(-4), -1};
        changes[1].upper = {0, 1};
        if (text(call->transaction) == "inside") {
            // An incarnation that is discarded may have seen a full purse.
            call->status = ls_write_many(view, changes.data(), 2) == LS_REFUSED ? 7 : 8;
            return ls_put(view, bytes("inside"), bytes("1"));
        }
        call->changes = changes.data();
        call->change_count = 2;
        call->status = 5;
        call->refused_status = 6;
        return ls_code{LS_OK};
    };
    for (const std::uint32_t executor : {LS_SERIAL, LS_PARALLEL, LS_ADAPTIVE}) {
        Chain chain(spend, executor);
        const std::string ten("\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        const ls_change purse = put("purse", ten);
        ASSERT_EQ(ls_load(chain.get(), &purse, 1, nullptr), LS_OK);
        ASSERT_EQ(chain.execute({"first", "second", "third", "inside"}), LS_OK);
        EXPECT_EQ(chain.receipts[0].status, 5);
        EXPECT_EQ(chain.receipts[1].status, 5);
        EXPECT_EQ(chain.receipts[2].status, 6);
        EXPECT_EQ(chain.receipts[3].status, 7);
        EXPECT_EQ(chain.value("paid"), "second");
        EXPECT_EQ(chain.value("inside"), "1");
        EXPECT_EQ(chain.value("purse").at(0), 2);
    }
}

TEST(CInterface, TakesKeysAndValuesOfAllLengths) {
    for (const std::uint32_t executor : {LS_SERIAL, LS_PARALLEL}) {
        Chain chain(write_itself, executor);
        std::vector<std::string> all;
        for (const std::size_t size : {0UL, 1UL, 39UL, 41UL, 1000UL, 4096UL}) {
            all.emplace_back(size, 'x');
        }
        ASSERT_EQ(chain.execute(all), LS_OK);
        std::vector<std::size_t> sizes;
        ASSERT_EQ(ls_for_each(
                      chain.get(), {}, {}, 100,
                      [](void* user, ls_bytes key, ls_bytes value) {
                          EXPECT_EQ(text(key), text(value));
                          static_cast<std::vector<std::size_t>*>(user)->push_back(key.size);
                          return ls_code{LS_OK};
                      },
                      &sizes, nullptr),
                  LS_OK);
        EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 1, 39, 41, 1000, 4096}));
        const std::string value(1'000'000, 'v');
        const ls_change large = put("large", value);
        ASSERT_EQ(ls_load(chain.get(), &large, 1, nullptr), LS_OK);
        EXPECT_EQ(chain.value("large"), value);
    }
}

}  // namespace
}  // namespace lockstep::test
