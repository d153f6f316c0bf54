#include "tests/freestanding/guest_executor.hpp"

namespace lockstep::test {

const Cell* GuestExecutor::View::read(const StateKey& key) const {
    if (const auto own = entries_.find(key); own != entries_.end()) {
        return own->second.change == Change::kErase ? nullptr : &own->second.value;
    }
    const auto found = state_.find(key);
    return found != state_.end() ? &found->second : nullptr;
}

bool GuestExecutor::View::at_least(const StateKey& key, Int128 amount) const {
    const Cell* value = read(key);
    return (value != nullptr ? value->number() : Int128{0}) >= amount;
}

Cell* GuestExecutor::View::change(const StateKey& key) {
    const Cell* value = read(key);
    if (value == nullptr) {
        return nullptr;
    }
    const Entry changed{.change = Change::kWrite, .added = 0, .value = *value};
    return &(entries_[key] = changed).value;
}

void GuestExecutor::View::write(const StateKey& key, const Cell& value) {
    entries_[key] = {.change = Change::kWrite, .added = 0, .value = value};
}

void GuestExecutor::View::erase(const StateKey& key) {
    entries_[key] = {.change = Change::kErase, .added = 0, .value = {}};
}

bool GuestExecutor::View::add(const StateKey& key, Int128 amount, const Bounds& bounds) {
    const Cell* current = read(key);
    Cell value = current != nullptr ? *current : Cell{};
    Int128 sum = 0;
    if (__builtin_add_overflow(value.number(), amount, &sum) || !bounds.contain(sum)) {
        return false;
    }
    if (amount == 0) {
        return true;
    }
    const auto [place, fresh] = entries_.try_emplace(key);
    Entry& entry = place->second;
    Int128 added = 0;
    if (entry.change == Change::kAdd && __builtin_add_overflow(entry.added, amount, &added)) {
        return false;
    }
    value.set_number(sum);
    entry.value = value;
    entry.added = added;
    entry.change = fresh || entry.change == Change::kAdd ? Change::kAdd : Change::kWrite;
    return true;
}

void GuestExecutor::View::emit(std::uint16_t type, std::span<const std::byte> bytes) {
    events_.append(type, bytes);
}

void GuestExecutor::View::rollback(const Savepoint& savepoint) {
    entries_ = savepoint.entries;
    events_.truncate(savepoint.event_bytes);
}

void GuestExecutor::View::reset() {
    entries_.clear();
    events_.clear();
}

BlockResult GuestExecutor::execute(const Block<Transaction>& block) {
    const Venue venue;
    BlockResult result;
    result.header = block.header;
    View view(state_);
    const std::span<const Transaction> transactions(block.transactions);
    const Venue::Context context = venue.begin_block(view, block.header, transactions);
    result.begin_effects = commit(view, kBeginPhaseIndex, Receipt{}, result).effects;
    std::uint64_t weight_used = 0;
    bool full = false;
    for (std::uint32_t i = 0; i < transactions.size(); ++i) {
        Receipt receipt{.disposition = Disposition::kSkipped};
        if (!full) {
            const VenueOutcome outcome = venue.execute(view, transactions[i], context);
            full = outcome.weight > block.header.weight_limit - weight_used;
            if (!full) {
                weight_used += outcome.weight;
                receipt = {.status = outcome.status, .weight = outcome.weight};
            } else {
                view.reset();
            }
        }
        result.receipts.push_back(commit(view, i, receipt, result));
    }
    venue.end_block(view, block.header, context);
    result.end_effects = commit(view, kEndPhaseIndex, Receipt{}, result).effects;
    result.state = sum_;
    result.modules = modules_;
    result.block = chain_block_digest(previous_, result);
    previous_ = result.block;
    return result;
}

Receipt GuestExecutor::commit(View& view, std::uint32_t index, Receipt receipt,
                              BlockResult& result) {
    effects_.begin(index, receipt.disposition, receipt.status, receipt.weight);
    for (const auto& [key, entry] : view.entries()) {
        if (entry.change == Change::kAdd) {
            if (entry.added == 0) {
                continue;  // additions that cancel out leave no trace
            }
            effects_.add(key, entry.added);
        } else {
            effects_.write(key, entry.change == Change::kWrite ? &entry.value : nullptr);
        }
        set(key, entry.change == Change::kErase ? nullptr : &entry.value);
    }
    const std::span<const std::byte> events = view.events().encoded();
    receipt.effects = effects_.finish(events);
    receipt.events_begin = result.events.size();
    result.events.insert(result.events.end(), events.begin(), events.end());
    receipt.events_end = result.events.size();
    view.reset();
    return receipt;
}

void GuestExecutor::set(const StateKey& key, const Cell* value) {
    Digest& module = modules_[Venue::module(key)];
    if (const auto old = state_.find(key); old != state_.end()) {
        const Digest term = cell_digest<Venue>(scratch_, key, old->second);
        sum_ -= term;
        module -= term;
        state_.erase(old);
    }
    if (value != nullptr) {
        const Digest term = cell_digest<Venue>(scratch_, key, *value);
        sum_ += term;
        module += term;
        state_.emplace(key, *value);
    }
}

}  // namespace lockstep::test
