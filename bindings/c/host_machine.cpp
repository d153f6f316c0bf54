#include "bindings/c/host_machine.hpp"

namespace lockstep::c {
namespace {

void check_kind(std::uint32_t kind) {
    if (kind < LS_USE_READ || kind > LS_USE_ADD) {
        throw Misuse{"a use of no kind"};
    }
}

}  // namespace

void HostTransaction::open(const ls_transaction& transaction, std::uint32_t index) {
    data_ = bytes_of(span_of(transaction.data, SIZE_MAX));
    given_ = transaction.uses;
    index_ = index;
    declared_.uses.clear();
    declared_.keys.clear();
    declared_.ends.clear();
    named_.clear();
    is_named_ = given_ != nullptr;
    for (const ls_use& use : array_of(given_, transaction.use_count)) {
        check_kind(use.kind);
        named_.push_back({ByteKey(key_span(use.key)), use.kind});
    }
}
void HostTransaction::ask(const ls_machine& machine) const {
    is_named_ = true;
    if (machine.declare == nullptr) {
        return;
    }
    declared_.failed = false;
    machine.declare(machine.user, data_, &declared_);
    if (declared_.failed) {
        declared_.uses.clear();
        throw std::bad_alloc();
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < declared_.uses.size(); ++i) {
        const auto bytes =
            std::span<const std::byte>(declared_.keys).subspan(begin, declared_.ends[i] - begin);
        declared_.uses[i].key = bytes_of(bytes);
        named_.push_back({ByteKey(bytes), declared_.uses[i].kind});
        begin = declared_.ends[i];
    }
}

std::uint32_t& current_worker() noexcept {
    thread_local std::uint32_t number = 0;
    return number;
}

HostMachine::HostMachine(const ls_machine& machine, std::uint32_t workers)
    : machine_(machine), memory_(std::make_unique<ChunkPool>(workers)) {
    for (std::uint32_t i = 0; i < workers; ++i) {
        workers_.push_back(std::make_unique<Worker>(*memory_, i));
    }
}
void HostMachine::begin(const ls_block& block) noexcept {
    block_ = &block;
    for (const auto& worker : workers_) {
        worker->arena.reset();
    }
}

void HostMachine::call_phase(AnyView& any,
                             ls_code (*callback)(void*, ls_view*, const ls_block*)) const {
    ls_view& view = workers_[current_worker()]->view;
    const ls_view::Session session(view, any);
    const ls_code code = callback(machine_.user, &view, block_);
    session.check();
    if (code != LS_OK) {
        throw HostFailed();
    }
}

TxnOutcome HostMachine::call(AnyView& any, const Transaction& transaction) const {
    Worker& worker = *workers_[current_worker()];
    const ls_view::Session session(worker.view, any);
    const std::span<const NamedUse> named = transaction.named(machine_);
    worker.values.clear();
    for (const NamedUse& use : named) {
        const bool handed = use.kind == LS_USE_READ || use.kind == LS_USE_WRITE;
        const ByteValue* const value = handed ? any.read(use.key) : nullptr;
        worker.values.push_back(value != nullptr ? bytes_of(value->bytes()) : ls_bytes{});
        if (any.stopped()) {
            return {};
        }
    }
    ls_call call{};
    call.worker = current_worker();
    call.index = transaction.index();
    call.transaction = transaction.data();
    call.uses = transaction.uses();
    call.values = worker.values.data();
    call.use_count = named.size();
    call.weight = 1;
    const ls_code code = machine_.execute(machine_.user, &worker.view, &call);
    session.check();
    if (any.stopped()) {
        return {};
    }
    if (code == LS_FAILED) {
        throw HostFailed();
    }
    if (code != LS_OK) {
        throw BrokenAnswer();
    }
    try {
        const ls_code made = worker.view.make(array_of(call.changes, call.change_count));
        return {.status = made == LS_REFUSED ? call.refused_status : call.status,
                .weight = call.weight};
    } catch (const Misuse&) {
        throw BrokenAnswer();
    }
}

}  // namespace lockstep::c

ls_code ls_declare(ls_uses* uses, ls_bytes key, uint32_t kind) {
    if (uses == nullptr) {
        return LS_MISUSE;
    }
    return lockstep::c::guarded(nullptr, [&] {
        try {
            lockstep::c::check_kind(kind);
            const auto bytes = lockstep::c::key_span(key);
            uses->keys.insert(uses->keys.end(), bytes.begin(), bytes.end());
            uses->ends.push_back(uses->keys.size());
            uses->uses.push_back({.key = {}, .kind = kind, .reserved = 0});
        } catch (const std::bad_alloc&) {
            uses->failed = true;
            throw;
        }
        return ls_code{LS_OK};
    });
}
