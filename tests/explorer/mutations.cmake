# Makes changed copies of headers of scheduler/ and engine/: each change sits behind a switch.
#   cmake -D SOURCE_DIR=... -D OUT_DIR=... -P mutations.cmake
# A pattern that is not found exactly once is reported by the mutation test, not here, so that work
# on the headers is not stopped by it.

set(number 0)
set(rows "")
file(GLOB headers RELATIVE "${SOURCE_DIR}" "${SOURCE_DIR}/scheduler/*.hpp" "${SOURCE_DIR}/engine/*.hpp")
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER "${header}" id)
  file(READ "${SOURCE_DIR}/${header}" text_${id})
endforeach()

# mutate(<kind> <name> <pattern> <replacement>)
# `kind`: wrong (a schedule must show it), rare (the same, among many more schedules) or harmless
# (results must not change). The pattern stands exactly once in all headers. MUTANT in the
# replacement is the switch.
macro(mutate kind name pattern replacement)
  math(EXPR number "${number} + 1")
  string(REPLACE "MUTANT" "::lockstep::test::mutant(${number})" changed "${replacement}")
  set(hits 0)
  foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER "${header}" id)
    string(FIND "${text_${id}}" "${pattern}" first)
    string(FIND "${text_${id}}" "${pattern}" last REVERSE)
    if(first EQUAL -1)
      continue()
    endif()
    math(EXPR hits "${hits} + 1")
    if(first EQUAL last)
      string(REPLACE "${pattern}" "${changed}" text_${id} "${text_${id}}")
      list(APPEND changed_headers "${header}")
    else()
      math(EXPR hits "${hits} + 1")
    endif()
  endforeach()
  set(applies false)
  if(hits EQUAL 1)
    set(applies true)
  endif()
  string(APPEND rows "    {${number}, \"${kind}\", \"${name}\", ${applies}},\n")
endmacro()

# ---- the scheduler ------------------------------------------------------------------------------
mutate(wrong "only the last waiter is woken"
  [==[state.next_waiter = head;]==]
  [==[state.next_waiter = MUTANT ? kNoTxn : head;]==])
mutate(wrong "a refused waiter parks all the same"
  [==[if (head == TxnState<Sync>::kClosed) {]==]
  [==[if (head == TxnState<Sync>::kClosed && MUTANT) { return true; }
            if (head == TxnState<Sync>::kClosed) {]==])
mutate(rare "the waiter list closes after others may abort"
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
mutate(wrong "the frontier passes a transaction that waits"
  [==[if (phase != TxnPhase::kExecuted && phase != TxnPhase::kDeferred) {]==]
  [==[if (phase != TxnPhase::kExecuted && phase != TxnPhase::kDeferred &&
            !(MUTANT && phase == TxnPhase::kBlocked)) {]==])
mutate(wrong "done one transaction early"
  [==[return frontier() >= end_.load(]==]
  [==[return frontier() + (MUTANT ? 1U : 0U) >= end_.load(]==])
mutate(rare "a committing transaction is taken back"
  [==[if (TxnState<Sync>::phase_of(word) != TxnPhase::kExecuted) {]==]
  [==[if (TxnState<Sync>::phase_of(word) != TxnPhase::kExecuted &&
            !(MUTANT && TxnState<Sync>::phase_of(word) == TxnPhase::kCommitting)) {]==])
mutate(wrong "waiters of a deferred transaction are forgotten"
  [==[if (was_deferred) {]==] [==[if (was_deferred && !MUTANT) {]==])
mutate(wrong "the frontier is left silently"
  [==[        // A worker may have finished the frontier's transaction and found the role taken.
        progress_.advance();]==]
  [==[        if (!MUTANT) { progress_.advance(); }]==])
mutate(wrong "two workers hold the frontier"
  [==[return !frontier_held_.exchange(true, std::memory_order_acquire);]==]
  [==[return !frontier_held_.exchange(true, std::memory_order_acquire) || MUTANT;]==])
mutate(harmless "claims run ahead of the window"
  [==[if (seen >= size_ || seen >= frontier() + options_.window) {]==]
  [==[if (seen >= size_ || (!MUTANT && seen >= frontier() + options_.window)) {]==])
mutate(wrong "sleep without a last look"
  [==[if (!has_work()) {]==] [==[if (MUTANT || !has_work()) {]==])
mutate(wrong "sleepers are not notified"
  [==[if (sleepers_.load(std::memory_order_seq_cst) != 0) {]==]
  [==[if (sleepers_.load(std::memory_order_seq_cst) != 0 && !MUTANT) {]==])

# ---- multi-version memory -----------------------------------------------------------------------
mutate(wrong "additions outlive the version they are relative to"
  [==[return based && base == current && applied;]==]
  [==[return based && (base == current || MUTANT) && applied;]==])
mutate(harmless "predictions of sums are torn"
  [==[return make_int128(hint_high.load(std::memory_order_relaxed),]==]
  [==[return make_int128(hint_high.load(std::memory_order_relaxed) + (MUTANT ? 1U : 0U),]==])
mutate(wrong "a version is published before its value"
  [==[        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;]==]
  [==[        if (MUTANT) { entry.own->publish(); }
        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;]==])

# ---- validation, commit, settlement -------------------------------------------------------------
mutate(harmless "every read searches"
  [==[run_.mode.search = run_.mode.search || ]==] [==[run_.mode.search = MUTANT || run_.mode.search || ]==])
mutate(wrong "old versions stay when an incarnation is replaced"
  [==[            old.own->drop();]==] [==[            if (!MUTANT) { old.own->drop(); }]==])
mutate(wrong "estimates stay where an incarnation did not write"
  [==[                entry.own->drop();]==] [==[                if (!MUTANT) { entry.own->drop(); }]==])
mutate(wrong "the receipt of the first incarnation stays"
  [==[        run_.result.receipts[txn] = receipt;]==]
  [==[        if (!MUTANT || run_.result.receipts[txn].disposition == Disposition::kSkipped) {
            run_.result.receipts[txn] = receipt;
        }]==])
mutate(harmless "equal versions are replaced"
  [==[if (entry.key == old.key && entry.written && !entry.linked &&]==]
  [==[if (!MUTANT && entry.key == old.key && entry.written && !entry.linked &&]==])
mutate(wrong "validation is skipped"
  [==[if (!noted_ && !record.checks_numbers) {]==]
  [==[if (MUTANT || (!noted_ && !record.checks_numbers)) {]==])
mutate(rare "versions taken back are not noted"
  [==[noted_ = noted_ || record.replaced;]==]
  [==[noted_ = noted_ || (record.replaced && !MUTANT);]==])
mutate(wrong "undeclared writes are not noted"
  [==[noted_ = noted_ || (entry.written && !entry.placeholder) ||]==]
  [==[noted_ = noted_ || (entry.written && !entry.placeholder && !MUTANT) ||]==])
mutate(wrong "values read are not compared"
  [==[return now == entry.seen || run_.same_value(entry, now);]==]
  [==[return MUTANT || now == entry.seen || run_.same_value(entry, now);]==])
mutate(wrong "the range of a number is not checked"
  [==[(entry.number->lower <= number && number <= entry.number->upper);]==]
  [==[(entry.number->lower <= number && number <= entry.number->upper) || MUTANT;]==])
mutate(wrong "presence is not checked"
  [==[if (entry.presence_checked && entry.present_seen != present) {]==]
  [==[if (entry.presence_checked && entry.present_seen != present && !MUTANT) {]==])
mutate(wrong "the weight of a block is not summed"
  [==[weight_used_ += receipt.weight;]==] [==[weight_used_ += MUTANT ? 0 : receipt.weight;]==])
mutate(harmless "nothing stands at the frontier"
  [==[} else if (!stands(worker, record, txn)) {]==]
  [==[} else if (MUTANT || !stands(worker, record, txn)) {]==])
mutate(harmless "values are compared though everything was declared"
  [==[        noted_ = false;]==] [==[        noted_ = MUTANT;]==])
mutate(wrong "settlement keeps writes behind the weight limit"
  [==[slot.newest.load(std::memory_order_relaxed), run_.committed);]==]
  [==[slot.newest.load(std::memory_order_relaxed), MUTANT ? kNoTxn : run_.committed);]==])
mutate(wrong "the last committed version outlives its block"
  [==[        slot.committed = nullptr;]==]
  [==[        slot.committed = MUTANT ? slot.committed : nullptr;]==])
mutate(wrong "settlement starts while workers execute"
  [==[executing_.load(std::memory_order_acquire) == 0; });]==] [==[MUTANT || executing_.load(std::memory_order_acquire) == 0; });]==])
mutate(wrong "a cancelled block is settled"
  [==[settlement_.list(run_.failure == nullptr && !cancelled_);]==]
  [==[settlement_.list((run_.failure == nullptr && !cancelled_) || MUTANT);]==])
mutate(harmless "versions of an aborted incarnation are no estimates"
  [==[            old.own->make_estimate();]==]
  [==[            if (!MUTANT) { old.own->make_estimate(); }]==])
mutate(harmless "early validation finds everything stale"
  [==[if (!looks_stale(record, txn) || ]==] [==[if ((!MUTANT && !looks_stale(record, txn)) || ]==])

list(REMOVE_DUPLICATES changed_headers)
foreach(header IN LISTS changed_headers)
  string(MAKE_C_IDENTIFIER "${header}" id)
  file(WRITE "${OUT_DIR}/${header}" "${text_${id}}")
endforeach()
file(WRITE "${OUT_DIR}/mutation_table.hpp"
  "// Made by tests/explorer/mutations.cmake.\nconstexpr Mutation kMutations[] = {\n${rows}};\n")
file(READ "${SOURCE_DIR}/tests/explorer/mutant.hpp" switch)
file(WRITE "${OUT_DIR}/mutant.hpp" "${switch}")
