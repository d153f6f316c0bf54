# What the simulations run on: copies of the headers in which shared plain data is watched for
# races, and in which one memory order at a time can be weakened.
# Kinds: wrong (a simulation must show it) or unshown (the simulations here do not reach it yet).

include(${CMAKE_CURRENT_LIST_DIR}/../support/mutate.cmake)

# watch(<declaration> <type>): shared plain data that Relacy checks for races.
macro(watch pattern type rest)
  string(REPLACE "${type} " "::lockstep::test::Plain<${type}> " watched_text "${pattern}")
  replace_once("${pattern}" "${watched_text}")
  math(EXPR number "${number} + 1")
  string(APPEND rows "    {${number}, \"watch\", \"${rest}\", ${applies}},\n")
endmacro()

watch("    TxnIndex next_waiter = kNoTxn;" "TxnIndex" "next_waiter")
watch("    Incarnation waiting_incarnation = 0;" "Incarnation" "waiting_incarnation")
watch("    bool erased = false;
    std::uint32_t depth" "bool" "Version::erased")
watch("    const Node* committed = nullptr;" "const Node*" "VersionSlot::committed")
watch("    bool applied = false; " "bool" "Additions::applied")
watch("    bool based = false; " "bool" "Additions::based")
watch("    bool checks_numbers = false;" "bool" "TxnRecord::checks_numbers")
watch("    std::uint64_t weight_used_ = 0;" "std::uint64_t" "Committer::weight_used_")
watch("alignas(kCacheLineSize) TxnIndex committed = 0;" "TxnIndex" "BlockRun::committed")
watch("    bool keep = false; " "bool" "BlockRun::keep")
watch("TxnIndex committed_ = 0;" "TxnIndex" "Scheduler::committed_")

set(mo "std::memory_order_")
# weaken(<kind> <name> <pattern> <from> <to>): the pattern with the order `from` replaced by `to`.
macro(weaken kind name pattern from to)
  string(REPLACE "${mo}${from}" "(MUTANT ? ${mo}${to} : ${mo}${from})" weakened "${pattern}")
  mutate(${kind} "${name}" "${pattern}" "${weakened}")
endmacro()

# ---- version publication ------------------------------------------------------------------------
weaken(wrong "publish: release -> relaxed"
  "state.store(VersionState::kReady, ${mo}release)" release relaxed)
weaken(wrong "Version::current: acquire -> relaxed"
  "return state.load(${mo}acquire);" acquire relaxed)
weaken(wrong "insert: release -> relaxed"
  "if (link->compare_exchange_strong(next, node, ${mo}release," release relaxed)
weaken(wrong "find: acquire -> relaxed"
  "Node* top = newest.load(${mo}acquire);" acquire relaxed)
weaken(wrong "drop: release -> relaxed"
  "state.store(VersionState::kDropped, ${mo}release);" release relaxed)
# ---- additions ----------------------------------------------------------------------------------
weaken(wrong "additions_or_make: acq_rel -> relaxed"
  "if (additions.compare_exchange_strong(found, fresh, ${mo}acq_rel," acq_rel relaxed)
weaken(wrong "additions_or_make: acquire -> relaxed"
  "Additions<Value, Sync>* found = additions.load(${mo}acquire);" acquire relaxed)
# ---- hand-off -----------------------------------------------------------------------------------
weaken(wrong "park: release -> relaxed"
  "if (blocker.waiters.compare_exchange_weak(head, self, ${mo}release," release relaxed)
weaken(unshown "park: acquire -> relaxed"
  "TxnIndex head = blocker.waiters.load(${mo}acquire);" acquire relaxed)
mutate(wrong "wake_waiters: acq_rel -> acquire"
  "exchange(TxnState<Sync>::kClosed, ${mo}acq_rel)"
  "exchange(TxnState<Sync>::kClosed, MUTANT ? ${mo}acquire : (${mo}acq_rel))")
mutate(wrong "wake_waiters: acq_rel -> release"
  "(${mo}acq_rel)" "(MUTANT ? ${mo}release : ${mo}acq_rel)")
weaken(wrong "finish: release -> relaxed"
  "word.store(pack(phase, incarnation(), hint), ${mo}release);" release relaxed)
weaken(wrong "try_retake: acquire -> relaxed"
  "pack(TxnPhase::kExecuting, incarnation_of(seen)),
                                            ${mo}acquire, " acquire relaxed)
weaken(unshown "restart: release -> relaxed"
  "waiters.store(kNoTxn, ${mo}release);" release relaxed)
# ---- the frontier -------------------------------------------------------------------------------
weaken(wrong "begin_commit: acquire -> relaxed"
  "std::uint32_t word = state.word.load(${mo}acquire);" acquire relaxed)
weaken(wrong "GroupHints::add: release -> relaxed"
  "sums_[txn / group_size_].store(worker.hints, ${mo}release);" release relaxed)
weaken(wrong "GroupHints::of: acquire -> relaxed"
  "return sums_[first / group_size_].load(${mo}acquire);" acquire relaxed)
weaken(wrong "publish_frontier: release -> relaxed"
  "frontier_.store(committed_, ${mo}release);" release relaxed)
weaken(wrong "frontier: acquire -> relaxed"
  "return frontier_.load(${mo}acquire);" acquire relaxed)
weaken(wrong "leave_frontier: release -> relaxed"
  "frontier_held_.store(false, ${mo}release);" release relaxed)
weaken(wrong "try_hold_frontier: acquire -> relaxed"
  "return !frontier_held_.exchange(true, ${mo}acquire);" acquire relaxed)
# ---- claims -------------------------------------------------------------------------------------
mutate(wrong "claim: the RMW is a load and a store"
  "const TxnIndex first = claimed_.fetch_add(chunk, ${mo}relaxed);"
  "const TxnIndex first = MUTANT ? claimed_.load(${mo}relaxed)
                                      : claimed_.fetch_add(chunk, ${mo}relaxed);
        if (MUTANT) { claimed_.store(first + chunk, ${mo}relaxed); }")
# ---- wake-ups -----------------------------------------------------------------------------------
weaken(unshown "advance: seq_cst -> acq_rel on count_"
  "count_.fetch_add(1, ${mo}seq_cst);" seq_cst acq_rel)
weaken(wrong "advance: seq_cst -> acquire on sleepers_"
  "if (sleepers_.load(${mo}seq_cst) != 0) {" seq_cst acquire)
weaken(wrong "wait: seq_cst -> acq_rel on sleepers_"
  "sleepers_.fetch_add(1, ${mo}seq_cst);" seq_cst acq_rel)
weaken(wrong "wait: seq_cst -> relaxed on count_"
  "count_.load(${mo}seq_cst);" seq_cst relaxed)
mutate(unshown "ready queue: pop without the lock"
  "        const std::lock_guard lock(mutex_);
        if (heap_.empty()) {"
  "        std::unique_lock<typename Sync::Mutex> lock(mutex_);
        if (MUTANT) { lock.unlock(); }
        if (heap_.empty()) {")
# ---- stages -------------------------------------------------------------------------------------
weaken(unshown "enter_execution: seq_cst -> relaxed"
  "executing_.fetch_add(1, ${mo}seq_cst);" seq_cst relaxed)
weaken(wrong "stage: seq_cst -> relaxed"
  "return stage_.load(${mo}seq_cst);" seq_cst relaxed)
weaken(unshown "install: seq_cst -> release"
  "stage_.store(Stage::kInstall, ${mo}seq_cst);" seq_cst release)
weaken(wrong "execute: seq_cst -> relaxed"
  "stage_.store(Stage::kExecute, ${mo}seq_cst);" seq_cst relaxed)
weaken(wrong "leave execution: release -> relaxed"
  "            // release: hands everything this worker did to the leader.
            executing_.fetch_sub(1, ${mo}release);" release relaxed)
weaken(wrong "await executing: seq_cst -> relaxed"
  "executing_.load(${mo}seq_cst) == 0" seq_cst relaxed)
weaken(wrong "open: release -> relaxed"
  "total_.store(total, ${mo}release);" release relaxed)
weaken(wrong "is_open: acquire -> relaxed"
  "total_.load(${mo}acquire) != kClosed" acquire relaxed)
weaken(wrong "resolve_next: release -> relaxed"
  "resolved_[chunk].store(true, ${mo}release);" release relaxed)
weaken(wrong "take_part: release -> relaxed"
  "finished_.fetch_add(last - first, ${mo}release);" release relaxed)
weaken(wrong "is_finished: acquire -> relaxed"
  "return finished_.load(${mo}acquire) ==" acquire relaxed)
# ---- planned blocks -----------------------------------------------------------------------------
weaken(wrong "has_finished: acquire -> relaxed"
  "return waiters.load(${mo}acquire) == kClosed;" acquire relaxed)

write_mutated()
