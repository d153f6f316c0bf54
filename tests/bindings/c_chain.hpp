#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/c/lockstep.h"

namespace lockstep::test {

inline ls_bytes bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string text(const ls_bytes& bytes) {
    return bytes.data == nullptr
               ? "(none)"
               : std::string(reinterpret_cast<const char*>(bytes.data), bytes.size);
}
inline ls_change put(std::string_view key, std::string_view value) {
    ls_change change{};
    change.kind = LS_PUT;
    change.key = bytes(key);
    change.value = bytes(value);
    return change;
}

/// A chain whose machine is a function of the test.
class Chain {
  public:
    using Execute = std::function<ls_code(ls_view*, ls_call*)>;
    using Phase = std::function<ls_code(ls_view*)>;

    explicit Chain(Execute execute, std::uint32_t executor = LS_PARALLEL, std::uint64_t steps = 0)
        : execute_(std::move(execute)) {
        ls_machine machine{};
        machine.size = sizeof(machine);
        machine.abi = LS_ABI;
        machine.user = this;
        machine.begin_block = [](void* user, ls_view* view, const ls_block*) {
            auto* const self = static_cast<Chain*>(user);
            return self->begin_block ? self->begin_block(view) : ls_code{LS_OK};
        };
        machine.execute = [](void* user, ls_view* view, ls_call* call) {
            return static_cast<Chain*>(user)->execute_(view, call);
        };
        ls_options options{};
        options.size = sizeof(options);
        options.executor = executor;
        options.workers = executor == LS_SERIAL ? 1 : 2;
        options.steps = steps;
        EXPECT_EQ(ls_open(&options, &machine, &chain_, nullptr), LS_OK);
    }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;
    ~Chain() { EXPECT_EQ(ls_close(chain_), LS_OK); }

    /// The next block, by ls_execute; `result` null: not wanted.
    ls_code execute(const std::vector<std::string>& transactions, std::uint32_t flags = 0,
                    ls_result** wanted = nullptr) {
        std::vector<ls_transaction> all;
        for (const std::string& transaction : transactions) {
            all.push_back({bytes(transaction), nullptr, 0});
        }
        ls_block block{};
        block.size = sizeof(block);
        block.height = height + 1;
        block.transactions = all.data();
        block.count = all.size();
        ls_result* result = nullptr;
        error = {};
        error.size = sizeof(error);
        const ls_code code = ls_execute(chain_, &block, flags, &result, &error);
        height += code == LS_OK && (flags & LS_DISCARD) == 0 ? 1 : 0;
        receipts.assign(code == LS_OK ? all.size() : 0, {});
        if (code == LS_OK) {
            EXPECT_EQ(ls_result_receipts(result, 0, receipts.size(), receipts.data()), LS_OK);
            for (ls_receipt& receipt : receipts) {
                receipt.events = {};  // of the result
            }
        }
        if (wanted != nullptr) {
            *wanted = result;
        } else {
            ls_result_free(result);
        }
        return code;
    }
    [[nodiscard]] std::string value(const std::string& key) const {
        ls_bytes value{};
        static_cast<void>(ls_get(chain_, bytes(key), &value));
        return text(value);
    }
    [[nodiscard]] ls_status status() const {
        ls_status status{};
        status.size = sizeof(status);
        EXPECT_EQ(ls_chain_status(chain_, &status), LS_OK);
        return status;
    }
    [[nodiscard]] ls_chain* get() const { return chain_; }

    Phase begin_block;
    std::vector<ls_receipt> receipts;
    ls_error error{};
    std::uint64_t height = 0;  ///< of the last block

  private:
    Execute execute_;
    ls_chain* chain_ = nullptr;
};

/// Writes its own bytes under itself.
inline ls_code write_itself(ls_view* view, ls_call* call) {
    return ls_put(view, call->transaction, call->transaction);
}

}  // namespace lockstep::test
