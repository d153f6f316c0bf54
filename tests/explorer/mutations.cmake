# Makes changed copies of headers of scheduler/ and engine/: each change sits behind a switch.
#   cmake -D SOURCE_DIR=... -D OUT_DIR=... -P mutations.cmake
# A pattern that is not found exactly once is reported by the mutation test, not here, so that work
# on the headers is not stopped by it.

set(number 0)
set(rows "")
set(headers "")

# mutate(<kind> <name> <header> <pattern> <replacement>)
# `kind`: wrong (a schedule must show it), rare (the same, among many more schedules) or harmless
# (results must not change). MUTANT in the
# replacement is the switch.
macro(mutate kind name header pattern replacement)
  math(EXPR number "${number} + 1")
  string(MAKE_C_IDENTIFIER "${header}" id)
  if(NOT DEFINED text_${id})
    file(READ "${SOURCE_DIR}/${header}" text_${id})
    list(APPEND headers "${header}")
  endif()
  string(REPLACE "MUTANT" "::lockstep::test::mutant(${number})" changed "${replacement}")
  string(FIND "${text_${id}}" "${pattern}" first)
  string(FIND "${text_${id}}" "${pattern}" last REVERSE)
  set(applies false)
  if(NOT first EQUAL -1 AND first EQUAL last)
    set(applies true)
    string(REPLACE "${pattern}" "${changed}" text_${id} "${text_${id}}")
  endif()
  string(APPEND rows "    {${number}, \"${kind}\", \"${name}\", \"${header}\", ${applies}},\n")
endmacro()

# ---- the scheduler ------------------------------------------------------------------------------
set(f scheduler/scheduler.hpp)
mutate(wrong "only the last waiter is woken" ${f}
  [==[state.next_waiter = head;]==]
  [==[state.next_waiter = MUTANT ? kNoTxn : head;]==])
mutate(wrong "a refused waiter parks all the same" ${f}
  [==[if (head == TxnState<Sync>::kClosed) {]==]
  [==[if (head == TxnState<Sync>::kClosed && MUTANT) { return true; }
            if (head == TxnState<Sync>::kClosed) {]==])
mutate(rare "the waiter list closes after others may abort" ${f}
  [==[        wake_waiters(txn, worker);
        TxnState<Sync>& state = states_[txn];]==]
  [==[        struct Late {
            Scheduler& scheduler;
            TxnIndex txn;
            WorkerQueue& worker;
            ~Late() { if (MUTANT) { scheduler.wake_waiters(txn, worker); } }
        } late{*this, txn, worker};
        if (!MUTANT) { wake_waiters(txn, worker); }
        TxnState<Sync>& state = states_[txn];]==])
mutate(wrong "the frontier passes a transaction that waits" ${f}
  [==[if (phase != TxnPhase::kExecuted && phase != TxnPhase::kDeferred) {]==]
  [==[if (phase != TxnPhase::kExecuted && phase != TxnPhase::kDeferred &&
            !(MUTANT && phase == TxnPhase::kBlocked)) {]==])
mutate(wrong "done one transaction early" ${f}
  [==[return frontier() >= end_.load(]==]
  [==[return frontier() + (MUTANT ? 1U : 0U) >= end_.load(]==])
mutate(rare "a committing transaction is taken back" ${f}
  [==[if (TxnState<Sync>::phase_of(word) != TxnPhase::kExecuted) {]==]
  [==[if (TxnState<Sync>::phase_of(word) != TxnPhase::kExecuted &&
            !(MUTANT && TxnState<Sync>::phase_of(word) == TxnPhase::kCommitting)) {]==])
mutate(wrong "waiters of a deferred transaction are forgotten" ${f}
  [==[if (was_deferred) {]==] [==[if (was_deferred && !MUTANT) {]==])
mutate(wrong "the frontier is left silently" ${f}
  [==[        // A worker may have finished the frontier's transaction and found the role taken.
        progress_.advance();]==]
  [==[        if (!MUTANT) { progress_.advance(); }]==])
mutate(wrong "two workers hold the frontier" ${f}
  [==[return !frontier_held_.exchange(true, std::memory_order_acquire);]==]
  [==[return !frontier_held_.exchange(true, std::memory_order_acquire) || MUTANT;]==])
mutate(harmless "claims run ahead of the window" ${f}
  [==[if (seen >= size_ || seen >= frontier() + options_.window) {]==]
  [==[if (seen >= size_ || (!MUTANT && seen >= frontier() + options_.window)) {]==])
set(f scheduler/progress.hpp)
mutate(wrong "sleep without a last look" ${f}
  [==[if (!has_work()) {]==] [==[if (MUTANT || !has_work()) {]==])
mutate(wrong "sleepers are not notified" ${f}
  [==[if (sleepers_.load(std::memory_order_seq_cst) != 0) {]==]
  [==[if (sleepers_.load(std::memory_order_seq_cst) != 0 && !MUTANT) {]==])

# ---- multi-version memory -----------------------------------------------------------------------
set(f scheduler/version.hpp)
mutate(wrong "additions outlive the version they are relative to" ${f}
  [==[return based && base == current && applied;]==]
  [==[return based && (base == current || MUTANT) && applied;]==])
mutate(harmless "predictions of sums are torn" ${f}
  [==[return make_int128(hint_high.load(std::memory_order_relaxed),]==]
  [==[return make_int128(hint_high.load(std::memory_order_relaxed) + (MUTANT ? 1U : 0U),]==])
set(f engine/speculative_view.hpp)
mutate(wrong "a version is published before its value" ${f}
  [==[        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;]==]
  [==[        if (MUTANT) { entry.own->publish(); }
        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;]==])

# ---- validation, commit, settlement -------------------------------------------------------------
set(f engine/parallel_executor.hpp)
mutate(wrong "validation is skipped" ${f}
  [==[if (!noted_ && !record.checks_numbers) {]==]
  [==[if (MUTANT || (!noted_ && !record.checks_numbers)) {]==])
mutate(rare "versions taken back are not noted" ${f}
  [==[noted_ = noted_ || record.replaced;]==]
  [==[noted_ = noted_ || (record.replaced && !MUTANT);]==])
mutate(wrong "undeclared writes are not noted" ${f}
  [==[noted_ = noted_ || (entry.written && !entry.placeholder) ||]==]
  [==[noted_ = noted_ || (entry.written && !entry.placeholder && !MUTANT) ||]==])
mutate(wrong "values read are not compared" ${f}
  [==[return now == entry.seen || same_value(entry, now);]==]
  [==[return MUTANT || now == entry.seen || same_value(entry, now);]==])
mutate(wrong "the range of a number is not checked" ${f}
  [==[(entry.number->lower <= number && number <= entry.number->upper);]==]
  [==[(entry.number->lower <= number && number <= entry.number->upper) || MUTANT;]==])
mutate(wrong "presence is not checked" ${f}
  [==[if (entry.presence_checked && entry.present_seen != present) {]==]
  [==[if (entry.presence_checked && entry.present_seen != present && !MUTANT) {]==])
mutate(wrong "old versions stay when an incarnation is replaced" ${f}
  [==[            old.own->drop();]==] [==[            if (!MUTANT) { old.own->drop(); }]==])
mutate(wrong "estimates stay where an incarnation did not write" ${f}
  [==[                entry.own->drop();]==] [==[                if (!MUTANT) { entry.own->drop(); }]==])
mutate(wrong "the receipt of the first incarnation stays" ${f}
  [==[        result_.receipts[txn] = receipt;]==]
  [==[        if (!MUTANT || result_.receipts[txn].disposition == Disposition::kSkipped) {
            result_.receipts[txn] = receipt;
        }]==])
mutate(wrong "settlement keeps writes behind the weight limit" ${f}
  [==[slot.newest.load(std::memory_order_relaxed), committed_);]==]
  [==[slot.newest.load(std::memory_order_relaxed), MUTANT ? kNoTxn : committed_);]==])
mutate(wrong "the weight of a block is not summed" ${f}
  [==[weight_used_ += receipt.weight;]==] [==[weight_used_ += MUTANT ? 0 : receipt.weight;]==])
mutate(wrong "settlement starts while workers execute" ${f}
  [==[arrived(executing_) == 0; });]==] [==[MUTANT || arrived(executing_) == 0; });]==])
mutate(wrong "a cancelled block is settled" ${f}
  [==[keep_ = failure_ == nullptr && !cancelled_;]==]
  [==[keep_ = (failure_ == nullptr && !cancelled_) || MUTANT;]==])
mutate(wrong "the last committed version outlives its block" ${f}
  [==[        slot.committed = nullptr;]==]
  [==[        slot.committed = MUTANT ? slot.committed : nullptr;]==])
mutate(harmless "versions of an aborted incarnation are no estimates" ${f}
  [==[            old.own->make_estimate();]==]
  [==[            if (!MUTANT) { old.own->make_estimate(); }]==])
mutate(harmless "early validation finds everything stale" ${f}
  [==[if (!looks_stale(record, txn) || ]==] [==[if ((!MUTANT && !looks_stale(record, txn)) || ]==])
mutate(harmless "nothing stands at the frontier" ${f}
  [==[} else if (!stands(worker, record, txn)) {]==]
  [==[} else if (MUTANT || !stands(worker, record, txn)) {]==])
mutate(harmless "equal versions are replaced" ${f}
  [==[if (entry.key == old.key && entry.written && !entry.linked &&]==]
  [==[if (!MUTANT && entry.key == old.key && entry.written && !entry.linked &&]==])
mutate(harmless "every read searches" ${f}
  [==[mode_.search = mode_.search || ]==] [==[mode_.search = MUTANT || mode_.search || ]==])
mutate(harmless "values are compared though everything was declared" ${f}
  [==[        noted_ = false;]==] [==[        noted_ = MUTANT;]==])

foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER "${header}" id)
  file(WRITE "${OUT_DIR}/${header}" "${text_${id}}")
endforeach()
file(WRITE "${OUT_DIR}/mutation_table.hpp"
  "// Made by tests/explorer/mutations.cmake.\nconstexpr Mutation kMutations[] = {\n${rows}};\n")
