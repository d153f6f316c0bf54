#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "bindings/c/arguments.hpp"
#include "bindings/c/lockstep.h"
#include "bindings/c/view.hpp"
#include "engine/base/arena.hpp"
#include "engine/bytes/byte_state.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep::c {

/// The environment of the host failed, and with it the block; passes all executors, as the lack of
/// memory does.
struct HostFailed : std::bad_alloc {
    [[nodiscard]] const char* what() const noexcept override { return "the machine failed"; }
};
/// The machine's answer makes no sense: the transaction is faulted.
struct BrokenAnswer {};

/// A key that a transaction is going to use.
struct NamedUse {
    ByteKey key;
    std::uint32_t kind = LS_USE_READ;
};

}  // namespace lockstep::c

/// Takes what a machine's `declare` names.
struct ls_uses {
    std::vector<ls_use> uses = {};  ///< without their keys
    std::vector<std::byte> keys = {};
    std::vector<std::size_t> ends = {};  ///< of each key, in `keys`
    bool failed = false;
};

namespace lockstep::c {

/// A transaction of the host, with the keys that it names, which are asked for once.
///
/// Threads: one at a time: who resolves it, then who executes it.
class HostTransaction {
  public:
    /// Throws Misuse.
    void open(const ls_transaction& transaction, std::uint32_t index);
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] const ls_bytes& data() const noexcept { return data_; }
    /// The uses, as `machine` names them where the block does not.
    [[nodiscard]] std::span<const NamedUse> named(const ls_machine& machine) const {
        if (!is_named_) {
            ask(machine);
        }
        return named_;
    }
    /// The same for the host. REQUIRES: named.
    [[nodiscard]] const ls_use* uses() const noexcept {
        return declared_.uses.empty() ? given_ : declared_.uses.data();
    }

  private:
    void ask(const ls_machine& machine) const;

    ls_bytes data_{};
    const ls_use* given_ = nullptr;
    std::uint32_t index_ = 0;
    mutable bool is_named_ = false;
    mutable ls_uses declared_;
    mutable std::vector<NamedUse> named_;
};

/// What one worker needs while it executes.
struct Worker {
    Worker(ChunkPool& memory, std::uint32_t number) : arena(memory, number), view(arena) {}

    Arena arena;  ///< keys, until the block ends
    ls_view view;
    std::vector<ls_bytes> values;
};

/// Number of the calling thread in the job that it works for; 0 outside.
[[nodiscard]] std::uint32_t& current_worker() noexcept;

/// A table of callbacks as a machine of the engine.
class HostMachine : public ByteState {
  public:
    using Transaction = HostTransaction;
    struct Context {
        bool complete = false;
    };

    HostMachine(const ls_machine& machine, std::uint32_t workers);

    /// For the next block, which the callbacks of the phases get; frees the keys of the last one.
    void begin(const ls_block& block) noexcept;

    template <class View>
    Context begin_block(View& view, const BlockHeader&, std::span<const Transaction>) const {
        phase(view, machine_.begin_block);
        return {(block_->flags & LS_COMPLETE) != 0};
    }
    template <class View>
    void end_block(View& view, const BlockHeader&, const Context&) const {
        phase(view, machine_.end_block);
    }
    static bool declares_all(const Context& context) noexcept { return context.complete; }
    template <class Sink>
    void declare(const Transaction& transaction, const Context&, Sink&& sink) const {
        for (const NamedUse& use : transaction.named(machine_)) {
            sink(use.key, use.kind == LS_USE_READ  ? Access::kRead
                          : use.kind == LS_USE_ADD ? Access::kAdd
                                                   : Access::kWrite);
        }
    }
    template <class View>
    TxnOutcome execute(View& view, const Transaction& transaction, const Context&) const {
        ViewOf<View> any(view);
        return call(any, transaction);
    }

  private:
    template <class View>
    void phase(View& view, ls_code (*callback)(void*, ls_view*, const ls_block*)) const {
        if (callback != nullptr) {
            ViewOf<View> any(view);
            call_phase(any, callback);
        }
    }
    void call_phase(AnyView& any, ls_code (*callback)(void*, ls_view*, const ls_block*)) const;
    [[nodiscard]] TxnOutcome call(AnyView& any, const Transaction& transaction) const;

    const ls_machine machine_;
    const ls_block* block_ = nullptr;
    std::unique_ptr<ChunkPool> memory_;
    std::vector<std::unique_ptr<Worker>> workers_;
};
static_assert(Machine<HostMachine>);

}  // namespace lockstep::c
