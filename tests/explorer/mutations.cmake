# The changes to the code under test that mutation_test switches on, one at a time.
# Kinds: wrong (a schedule must show it), rare (the same, among many more schedules) or harmless
# (results must not change).

include(${CMAKE_CURRENT_LIST_DIR}/../support/mutate.cmake)

# ---- the scheduler ------------------------------------------------------------------------------
mutate(wrong "only the last waiter is woken"
  [==[next_waiter = head;]==]
  [==[next_waiter = MUTANT ? kNoTxn : head;]==])
mutate(wrong "a refused waiter parks all the same"
  [==[if (head == kClosed) {]==]
  [==[if (head == kClosed && MUTANT) { return true; }
            if (head == kClosed) {]==])
mutate(wrong "the waiter list closes after others may abort"
  [==[        wake_waiters(txn, worker);
        states_[txn].finish(TxnPhase::kExecuted, hint);]==]
  [==[        if (!MUTANT) { wake_waiters(txn, worker); }
        states_[txn].finish(TxnPhase::kExecuted, hint);
        if (MUTANT) { wake_waiters(txn, worker); }]==])
mutate(wrong "the frontier passes a transaction that waits"
  [==[if (phase != TxnPhase::kExecuted && phase != TxnPhase::kDeferred) {]==]
  [==[if (phase != TxnPhase::kExecuted && phase != TxnPhase::kDeferred &&
            !(MUTANT && phase == TxnPhase::kBlocked)) {]==])
mutate(wrong "done one transaction early"
  [==[return frontier() >= end_.load(]==]
  [==[return frontier() + (MUTANT ? 1U : 0U) >= end_.load(]==])
mutate(wrong "a committing transaction is taken back"
  [==[if (phase_of(seen) != TxnPhase::kExecuted) {]==]
  [==[if (phase_of(seen) != TxnPhase::kExecuted &&
            !(MUTANT && phase_of(seen) == TxnPhase::kCommitting)) {]==])
mutate(wrong "waiters of a deferred transaction are forgotten"
  [==[if (was_deferred) {]==] [==[if (was_deferred && !MUTANT) {]==])
mutate(wrong "the frontier is left silently"
  [==[        // A worker may have finished the frontier's transaction and found the role taken.
        progress_.advance();]==]
  [==[        if (!MUTANT) { progress_.advance(); }]==])
mutate(wrong "two workers hold the frontier"
  [==[return !frontier_held_.exchange(true, std::memory_order_acquire);]==]
  [==[return !frontier_held_.exchange(true, std::memory_order_acquire) || MUTANT;]==])
mutate(wrong "claims run ahead of the window"
  [==[if (seen >= size_ || !depth_.reaches(seen, frontier())) {]==]
  [==[if (seen >= size_ || (!MUTANT && !depth_.reaches(seen, frontier()))) {]==])
mutate(harmless "all workers leave when they are without work"
  [==[                    // relaxed: a worker that sees it late leaves late.
                    if (index >= needed_]==]
  [==[                    if (MUTANT || index >= needed_]==])
mutate(wrong "sleep without a last look"
  [==[if (!has_work()) {]==] [==[if (MUTANT || !has_work()) {]==])
mutate(wrong "sleepers are not notified"
  [==[if (sleepers_.load(std::memory_order_seq_cst) != 0) {]==]
  [==[if (sleepers_.load(std::memory_order_seq_cst) != 0 && !MUTANT) {]==])

# ---- multi-version memory -----------------------------------------------------------------------
mutate(wrong "additions outlive the version they are relative to"
  [==[return based && base == current && applied;]==]
  [==[return based && (base == current || MUTANT) && applied;]==])
mutate(harmless "predictions of sums are wrong"
  [==[return RoundedNumber::unpack(hint.load(std::memory_order_relaxed));]==]
  [==[return RoundedNumber::unpack(hint.load(std::memory_order_relaxed) ^ (MUTANT ? 70U : 0U));]==])
mutate(wrong "a version is published before its value"
  [==[        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;]==]
  [==[        if (MUTANT) { entry.own->publish(); }
        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;]==])

# ---- validation, commit, install ----------------------------------------------------------------
mutate(harmless "every read searches"
  [==[if (target_.is_unknown(i)) {]==]
  [==[if (MUTANT || target_.is_unknown(i)) {]==])
mutate(wrong "old versions stay when an incarnation is replaced"
  [==[            old.own->drop();]==] [==[            if (!MUTANT) { old.own->drop(); }]==])
mutate(wrong "estimates stay where an incarnation did not write"
  [==[                entry.own->drop();]==] [==[                if (!MUTANT) { entry.own->drop(); }]==])
mutate(wrong "the receipt of the first incarnation stays"
  [==[        shared_.result.receipts[txn] = receipt;]==]
  [==[        if (!MUTANT || shared_.result.receipts[txn].disposition == Disposition::kSkipped) {
            shared_.result.receipts[txn] = receipt;
        }]==])
mutate(harmless "equal versions are replaced"
  [==[if (entry.key == old.key && entry.written && !entry.linked &&]==]
  [==[if (!MUTANT && entry.key == old.key && entry.written && !entry.linked &&]==])
mutate(wrong "an incarnation sees two values of a cell"
  [==[        if (entry.read) {
            return observed(entry);]==]
  [==[        if (entry.read && !MUTANT) {
            return observed(entry);]==])
mutate(wrong "validation is skipped"
  [==[if (exact && !record.checks_numbers) {]==]
  [==[if (MUTANT || (exact && !record.checks_numbers)) {]==])
mutate(rare "versions taken back are not noted"
  [==[for (const CellId cell : record.retractions()) {]==]
  [==[for (const CellId cell : MUTANT ? std::span<const CellId>{} : record.retractions()) {]==])
mutate(wrong "undeclared writes are not noted"
  [==[        if (!entry.placeholder) {]==]
  [==[        if (!entry.placeholder && !MUTANT) {]==])
mutate(wrong "undeclared additions are not noted"
  [==[        if (!entry.declared_add()) {]==]
  [==[        if (!entry.declared_add() && !MUTANT) {]==])
mutate(wrong "values read are not compared"
  [==[        if (seen == now) {]==]
  [==[        if (MUTANT || seen == now) {]==])
mutate(wrong "the range of a number is not checked"
  [==[(entry.number->lower <= number && number <= entry.number->upper);]==]
  [==[(entry.number->lower <= number && number <= entry.number->upper) || MUTANT;]==])
mutate(wrong "presence is not checked"
  [==[if (entry.presence_checked && entry.present_seen != present) {]==]
  [==[if (entry.presence_checked && entry.present_seen != present && !MUTANT) {]==])
mutate(rare "phantoms are not looked for"
  [==[if (seen == scan.fresh.end() || *key < *seen) {]==]
  [==[if (!MUTANT && (seen == scan.fresh.end() || *key < *seen)) {]==])
mutate(wrong "absent cells in a scanned range are not validated"
  [==[            if (value == nullptr) {
                continue;]==]
  [==[            if (value == nullptr) {
                if (MUTANT) { entry.read = false; }
                continue;]==])
mutate(wrong "a scan that ends early depends on its whole range"
  [==[        scans_[scan].range.to = key;
        scans_[scan].range.closed = true;]==]
  [==[        if (!MUTANT) { scans_[scan].range.to = key; }
        scans_[scan].range.closed = !MUTANT;]==])
mutate(wrong "links are taken for exact after undeclared commits"
  [==[links_are_exact_ = !final_ && !mode.search && record.effects_seen == 0;]==]
  [==[links_are_exact_ = !final_ && !mode.search && (MUTANT || record.effects_seen == 0);]==])
mutate(wrong "commits take everything for declared"
  [==[if (record.as_declared && run_.undeclared.count() == 0) {]==]
  [==[if (MUTANT || (record.as_declared && run_.undeclared.count() == 0)) {]==])
mutate(wrong "the weight of a block is not summed"
  [==[weight_used_ += weight;]==] [==[weight_used_ += MUTANT ? 0 : weight;]==])
mutate(wrong "the weight of a plain transaction is lost"
  [==[return static_cast<std::uint32_t>(weight) << 1 | 1U;]==]
  [==[return static_cast<std::uint32_t>(MUTANT ? 0 : weight) << 1 | 1U;]==])
mutate(wrong "transactions that check numbers count as plain"
  [==[record.as_declared && !record.checks_numbers &&]==]
  [==[record.as_declared && (MUTANT || !record.checks_numbers) &&]==])
mutate(wrong "undeclared effects count as plain"
  [==[const bool plain = record.as_declared &&]==]
  [==[const bool plain = (MUTANT || record.as_declared) &&]==])
mutate(wrong "plain transactions stand in any company"
  [==[        const bool plain = Hint::is_plain(candidate.hint) && way.trusts_hints();]==]
  [==[        const bool plain = Hint::is_plain(candidate.hint) && (MUTANT || way.trusts_hints());]==])
mutate(wrong "a gap in a group goes unnoticed"
  [==[if (worker.group == kNoTxn || txn != worker.group + worker.hinted) {]==]
  [==[if (MUTANT && worker.group != kNoTxn && txn - worker.group < group_size_) {
            worker.hinted = txn - worker.group;
        }
        if (worker.group == kNoTxn || txn != worker.group + worker.hinted) {]==])
mutate(wrong "what has something to check is noted in its group"
  [==[        if (hint == 0) {
            worker.group = kNoTxn;]==]
  [==[        hint = MUTANT && hint == 0 ? 1 : hint;
        if (hint == 0) {
            worker.group = kNoTxn;]==])
mutate(wrong "a group stands although its transactions can be retaken"
  [==[if (options_.revalidate || at % options_.chunk != 0 ||]==]
  [==[if ((options_.revalidate && !MUTANT) || at % options_.chunk != 0 ||]==])
mutate(wrong "a group stands in any company"
  [==[if (hints == 0 || !way.trusts_hints() ||]==]
  [==[if (hints == 0 || !(MUTANT || way.trusts_hints()) ||]==])
mutate(wrong "a block may pass the weight limit"
  [==[if (weight > run_.result.header.weight_limit - weight_used_) {]==]
  [==[if (!MUTANT && weight > run_.result.header.weight_limit - weight_used_) {]==])
mutate(harmless "no group is hinted"
  [==[if (++worker.hinted == group_size_) {]==]
  [==[if (++worker.hinted == group_size_ && !MUTANT) {]==])
mutate(harmless "no transaction is plain"
  [==[return plain ? Hint::of(receipt.weight)]==]
  [==[return plain && !MUTANT ? Hint::of(receipt.weight)]==])
mutate(wrong "commits stay hidden when the frontier is left"
  [==[if (published_ != committed_) {]==]
  [==[if (published_ != committed_ && !MUTANT) {]==])
mutate(harmless "every commit is made visible at once"
  [==[committed_ - published_ >= kBatch]==]
  [==[committed_ - published_ >= (MUTANT ? 1U : kBatch)]==])
mutate(harmless "nothing is valid at the frontier"
  [==[} else if (Sync::suspects() || !validator_.is_valid(]==]
  [==[} else if (MUTANT || Sync::suspects() || !validator_.is_valid(]==])
mutate(harmless "values are compared though everything was declared"
  [==[const bool exact = record.effects_seen == run_.undeclared.count();]==]
  [==[const bool exact = !MUTANT && record.effects_seen == run_.undeclared.count();]==])
mutate(wrong "two workers finalize receipts"
  [==[held_.exchange(true, std::memory_order_acquire)) {  // acquire: pairs with the release]==]
  [==[(held_.exchange(true, std::memory_order_acquire) && !MUTANT)) {]==])
mutate(wrong "receipts are finalized before their commit"
  [==[        finalize(way, run_.scheduler.frontier());]==]
  [==[        finalize(way, std::min(run_.size(), run_.scheduler.frontier() + (MUTANT ? 1U : 0U)));]==])
mutate(wrong "events behind the first batch are forgotten"
  [==[        const bool emitted = run_.emitted.load(std::memory_order_relaxed);]==]
  [==[        const bool emitted = run_.emitted.load(std::memory_order_relaxed) && !(MUTANT && begin > 0);]==])
mutate(harmless "no receipt is finalized before the end"
  [==[        held_.store(false, std::memory_order_release);  // release: hands the role on]==]
  [==[        held_.store(MUTANT, std::memory_order_release);]==])
mutate(wrong "writes behind the weight limit are installed"
  [==[slot.newest.load(std::memory_order_relaxed), shared_.committed);]==]
  [==[slot.newest.load(std::memory_order_relaxed), MUTANT ? kNoTxn : shared_.committed);]==])
mutate(wrong "the last committed version outlives its block"
  [==[        slot.committed = nullptr;]==]
  [==[        slot.committed = MUTANT ? slot.committed : nullptr;]==])
mutate(wrong "values are installed while workers execute"
  [==[executing_.load(std::memory_order_seq_cst) == 0; });]==] [==[MUTANT || executing_.load(std::memory_order_seq_cst) == 0; });]==])
mutate(harmless "a cancelled block is taken back behind its end phase only"
  [==[way.close(run_.failure == nullptr && !cancelled_);]==]
  [==[way.close((run_.failure == nullptr && !cancelled_) || MUTANT);]==])
mutate(harmless "versions of an aborted incarnation are no estimates"
  [==[            old.own->make_estimate();]==]
  [==[            if (!MUTANT) { old.own->make_estimate(); }]==])
mutate(harmless "early validation finds everything stale"
  [==[if (!(Sync::suspects() || validator_.looks_stale(record, txn)) || ]==]
  [==[if (!(MUTANT || Sync::suspects() || validator_.looks_stale(record, txn)) || ]==])

# ---- planned blocks -----------------------------------------------------------------------------
mutate(wrong "a planned transaction does not wait for those below"
  [==[if (!scheduler_.has_finished(below)) {]==]
  [==[if (!MUTANT && !scheduler_.has_finished(below)) {]==])
mutate(wrong "a writer waits for the newest reader only"
  [==[at = is(at, Access::kWrite) ? kNoAccess : run_.plan.at(at).older()) {]==]
  [==[at = MUTANT || is(at, Access::kWrite) ? kNoAccess : run_.plan.at(at).older()) {]==])
mutate(wrong "a reader does not wait for sums"
  [==[if (is(entry.below, Access::kAdd)) {]==]
  [==[if (!MUTANT && is(entry.below, Access::kAdd)) {]==])
mutate(wrong "a writer forgets what was added below"
  [==[worker.cells.fold_sum(*entry.cell);]==]
  [==[if (!MUTANT) { worker.cells.fold_sum(*entry.cell); }]==])
mutate(wrong "a lone addition waits for nobody"
  [==[            entry.below = newest;
            entry.set_lone_addition();]==]
  [==[            entry.below = MUTANT ? kNoAccess : newest;
            entry.set_lone_addition();]==])
mutate(wrong "an addition does not wait for those that the one beside it waits for"
  [==[entry.below = at(newest).below;]==]
  [==[entry.below = MUTANT ? kNoAccess : at(newest).below;]==])
mutate(harmless "every addition stands alone"
  [==[txn - below <= near_ &&]==] [==[!MUTANT && txn - below <= near_ &&]==])
mutate(wrong "what was added last is not folded"
  [==[                worker.cells.fold_sum(*cell);]==]
  [==[                if (!MUTANT) { worker.cells.fold_sum(*cell); }]==])
mutate(wrong "cells are summed up before all sums are folded"
  [==[await<Sync>([this] { return folding_.is_finished(); });]==]
  [==[await<Sync>([this] { return MUTANT || folding_.is_finished(); });]==])
mutate(wrong "what was added is folded twice"
  [==[additions->restart();]==] [==[if (!MUTANT) { additions->restart(); }]==])
mutate(wrong "a reader's copies of the last transaction are its own"
  [==[        copies_used_ = 0;]==]
  [==[        if (!MUTANT) { copies_used_ = 0; }]==])
mutate(wrong "a transaction reads what it did not declare"
  [==[        if (!use.declared_as(Access::kRead)) [[unlikely]] {]==]
  [==[        if (MUTANT && use.entry == nullptr) { return nullptr; }
        if (!use.declared_as(Access::kRead)) [[unlikely]] {]==])
mutate(wrong "a sum in progress is read"
  [==[        if (!use.declared_as(Access::kRead)) [[unlikely]] {]==]
  [==[        if (MUTANT && use.declared_as(Access::kAdd)) { return use.get(); }
        if (!use.declared_as(Access::kRead)) [[unlikely]] {]==])
mutate(wrong "what was declared to be read is changed"
  [==[        if (use.declared_as(Access::kWrite)) [[likely]] {
            return made(key, use);]==]
  [==[        if (use.declared_as(Access::kWrite) || (MUTANT && use.entry != nullptr)) [[likely]] {
            return made(key, use);]==])
mutate(wrong "keys are not declared under their unit"
  [==[const typename M::Key key = unit_of<M>(named);]==]
  [==[const typename M::Key key = MUTANT ? named : unit_of<M>(named);]==])
mutate(wrong "a cell of a unit is used without the unit's access"
  [==[        Entry* const entry = search(unit);
        if (entry == nullptr) {
            return {};
        }
        const CellId]==]
  [==[        static Cell nobody;
        static Entry any;
        any.cell = &nobody;
        any.set_access(Access::kWrite);
        Entry* const entry = MUTANT && search(unit) == nullptr ? &any : search(unit);
        if (entry == nullptr) {
            return {};
        }
        const CellId]==])
mutate(harmless "the first way to use a key counts"
  [==[            known->access = Access::kWrite;]==]
  [==[            known->access = MUTANT ? known->access : Access::kWrite;]==])
mutate(wrong "sums of a unit's cells are not folded for writers"
  [==[            fold_sum(cell);  // [PC2]]==]
  [==[            if (!MUTANT) { fold_sum(cell); }]==])
mutate(rare "sums of a unit's cells are not shown to readers"
  [==[use.cell != nullptr && has_sum(*use.cell) ?]==]
  [==[use.cell != nullptr && !MUTANT && has_sum(*use.cell) ?]==])
mutate(harmless "cells of units are not remembered"
  [==[        return members_.remember({&entry, &cell});]==]
  [==[        if (MUTANT) { members_.clear(); }
        return members_.remember({&entry, &cell});]==])
mutate(wrong "cells of units of the last transaction are remembered"
  [==[            members_.clear();]==] [==[            if (!MUTANT) { members_.clear(); }]==])
mutate(wrong "a transaction that was stopped counts"
  [==[if (worker.cells.stopped()) [[unlikely]] {]==]
  [==[if (!MUTANT && worker.cells.stopped()) [[unlikely]] {]==])
mutate(wrong "what was assumed of sums is not checked"
  [==[if (number < sum.lower || sum.upper < number) {]==]
  [==[if (!MUTANT && (number < sum.lower || sum.upper < number)) {]==])
mutate(wrong "a planned block that the weight limit cuts goes on"
  [==[void exceed_weight(TxnIndex /*txn*/) noexcept { abandon_plan(); }]==]
  [==[void exceed_weight(TxnIndex txn) noexcept {
        if (MUTANT) { scheduler_.stop_at(txn); shared_.committed = shared_.size(); } else { abandon_plan(); }
    }]==])
mutate(wrong "a block whose plan was abandoned leaves its changes"
  [==[            } else {
                commit.restore_cells();]==]
  [==[            } else if (!MUTANT) {
                commit.restore_cells();]==])
mutate(wrong "a block that is run again reports its commits again"
  [==[if (run_.options->on_commit && txn >= reported_) {]==]
  [==[if (run_.options->on_commit && (MUTANT || txn >= reported_)) {]==])
mutate(harmless "no block is planned"
  [==[return options_.plan && ]==] [==[return !MUTANT && options_.plan && ]==])

write_mutated()
