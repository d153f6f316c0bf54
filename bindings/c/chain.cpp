#include "bindings/c/chain.hpp"

#include <memory>
#include <utility>

#include "bindings/c/arguments.hpp"

using namespace lockstep;
using namespace lockstep::c;

bool LentThreads::serve(NumberedPool& pool) {
    std::uint32_t place = 0;
    {
        const std::lock_guard lock(mutex_);
        while (place < taken_.size() && taken_[place]) {
            ++place;
        }
        if (place == taken_.size()) {
            return false;
        }
        taken_[place] = true;
        ++serving_;
    }
    pool.serve(first_ + place, stop_.get_token());
    const std::lock_guard lock(mutex_);
    taken_[place] = false;
    --serving_;
    left_.notify_all();
    return true;
}
void LentThreads::dismiss_and_wait() {
    dismiss();
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return serving_ == 0; });
}

namespace {

constexpr std::uint32_t kWorkersMax = 1024;

ls_options checked(ls_options options) {
    options.workers = options.workers == 0 ? 1 : options.workers;
    options.steps = options.steps == 0 ? TxnLimits{}.steps : options.steps;
    options.event_bytes = options.event_bytes == 0 ? TxnLimits{}.event_bytes : options.event_bytes;
    if (options.executor > LS_SERIAL) {
        throw Misuse{"there is no such executor"};
    }
    if (options.workers > kWorkersMax || options.lent >= options.workers) {
        throw Misuse{"workers are 1 to 1024, with the calling thread and those that are lent"};
    }
    return options;
}
ls_machine checked(ls_machine machine) {
    if (machine.abi != LS_ABI) {
        throw Misuse{"the machine is of another LS_ABI"};
    }
    if (machine.execute == nullptr) {
        throw Misuse{"a machine without execute"};
    }
    return machine;
}
ls_block checked(ls_block block) {
    if ((block.flags & ~std::uint32_t{LS_COMPLETE}) != 0) {
        throw Misuse{"unknown flags of a block"};
    }
    if (block.count >= kBeginPhaseIndex) {
        throw Misuse{"too many transactions"};
    }
    static_cast<void>(array_of(block.transactions, block.count));
    return block;
}
TxnLimits limits_of(const ls_options& options) {
    return {.steps = options.steps, .event_bytes = options.event_bytes};
}

}  // namespace

ls_chain::ls_chain(const ls_options& options, const ls_machine& host)
    : pool(options.workers, options.workers - 1 - options.lent),
      lent(options.workers - options.lent, options.lent),
      machine_(host, options.workers) {
    if (options.executor == LS_SERIAL) {
        serial_.emplace(machine_, store, limits_of(options));
    } else {
        ParallelOptions tuning;
        tuning.adaptive = options.executor == LS_ADAPTIVE;
        parallel_.emplace(machine_, store, pool, limits_of(options), tuning);
    }
}
ls_chain::Use::Use(ls_chain* chain) : chain_(chain != nullptr ? *chain : throw Misuse{"no chain"}) {
    // acquire: what the last caller did.
    if (chain_.busy_.exchange(true, std::memory_order_acquire)) {
        throw Misuse{"the chain is in use"};
    }
}
ls_chain::Use::~Use() {
    chain_.busy_.store(false, std::memory_order_release);  // release: hands the chain on
}

Result<BlockResult, Error> ls_chain::execute(const ls_block& block, bool keep,
                                             BlockDiff<Machine>* diff) {
    block_.header = {
        .height = block.height,
        .time_ms = block.time_ms,
        .weight_limit = block.weight_limit != 0 ? block.weight_limit : BlockHeader{}.weight_limit};
    block_.transactions.resize(block.count);
    for (std::size_t i = 0; i < block.count; ++i) {
        block_.transactions[i].open(block.transactions[i], static_cast<std::uint32_t>(i));
    }
    ExecuteOptions options;
    options.keep = keep;
    {
        const std::lock_guard lock(cancel_mutex_);
        cancel_ = std::stop_source();
        options.stop = cancel_.get_token();
    }
    machine_.begin(block);
    const std::uint32_t before = std::exchange(current_worker(), 0);
    auto result = parallel_ ? parallel_->execute(block_, options, {}, diff)
                            : serial_->execute(block_, options, {}, diff);
    current_worker() = before;
    if (result) {
        ++blocks;
        metrics.transactions += block.count;
    }
    if (parallel_) {
        metrics = parallel_->metrics();
    } else {
        metrics.executions = metrics.transactions;
        metrics.fallbacks = blocks;
    }
    return result;
}
void ls_chain::cancel() {
    const std::lock_guard lock(cancel_mutex_);
    cancel_.request_stop();
}
const Digest& ls_chain::last_block() const {
    return parallel_ ? parallel_->previous_block_digest() : serial_->previous_block_digest();
}
void ls_chain::continue_from(const Digest& digest) {
    if (parallel_) {
        parallel_->set_previous_block_digest(digest);
    } else {
        serial_->set_previous_block_digest(digest);
    }
}

const char* ls_version(void) {
    return LOCKSTEP_VERSION;
}
uint32_t ls_abi(void) {
    return LS_ABI;
}
ls_code ls_open(const ls_options* options, const ls_machine* machine, ls_chain** chain,
                ls_error* error) {
    return guarded(error, [&] {
        if (chain == nullptr) {
            throw Misuse{"nowhere to put the chain"};
        }
        *chain = nullptr;
        const ls_machine host = checked(read_struct(machine));
        const ls_options known = checked(options != nullptr ? read_struct(options) : ls_options{});
        *chain = std::make_unique<ls_chain>(known, host).release();
        return ls_code{LS_OK};
    });
}
ls_code ls_close(ls_chain* chain) {
    if (chain == nullptr) {
        return LS_OK;
    }
    return guarded(nullptr, [&] {
        {
            const ls_chain::Use use(chain);
            chain->lent.dismiss_and_wait();
        }
        delete chain;
        return ls_code{LS_OK};
    });
}
ls_code ls_serve(ls_chain* chain) {
    return guarded(nullptr, [&] {
        return chain != nullptr && chain->lent.serve(chain->pool) ? LS_OK : LS_MISUSE;
    });
}
ls_code ls_dismiss(ls_chain* chain) {
    return guarded(nullptr, [&] {
        if (chain == nullptr) {
            return LS_MISUSE;
        }
        chain->lent.dismiss();
        return LS_OK;
    });
}
ls_code ls_execute(ls_chain* chain, const ls_block* block, uint32_t flags, ls_result** result,
                   ls_error* error) {
    return guarded(error, [&] {
        if (result != nullptr) {
            *result = nullptr;
        }
        const ls_chain::Use use(chain);
        const ls_block known = checked(read_struct(block));
        if ((flags & ~std::uint32_t{LS_DISCARD | LS_DIFF}) != 0) {
            throw Misuse{"unknown flags"};
        }
        const bool with_diff = (flags & LS_DIFF) != 0;
        if (with_diff && result == nullptr) {
            throw Misuse{"nowhere to put the diff"};
        }
        auto made = result != nullptr ? std::make_unique<ls_result>() : nullptr;
        auto executed = chain->execute(known, (flags & LS_DISCARD) == 0,
                                       with_diff ? &made->diff.emplace() : nullptr);
        if (!executed) {
            return report(error, LS_FAILED, executed.error().message);
        }
        if (made != nullptr) {
            made->result = std::move(*executed);
            *result = made.release();
        }
        return ls_code{LS_OK};
    });
}
ls_code ls_cancel(ls_chain* chain) {
    return guarded(nullptr, [&] {
        if (chain == nullptr) {
            return LS_MISUSE;
        }
        chain->cancel();
        return LS_OK;
    });
}
