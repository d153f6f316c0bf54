#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/base/arena.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/hash_positions.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/machine.hpp"
#include "engine/planned/changer_index.hpp"
#include "engine/planned/planned_record.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// Why PlannedCells refuses an answer.
enum class Refusal : std::uint8_t {
    kNone,
    kWait,       ///< a transaction below has to finish first
    kFrontier,   ///< all transactions below have to be committed first
    kUnguarded,  ///< the block has to be run with guarded cells
    kStale,      ///< what was read has been changed below since, undeclared
    kUnplanned,  ///< the block cannot go on as planned
};

/// Cells by key for a transaction of a planned block.
///
/// Role:    gives InPlaceView the cells that the transaction declared, which are its own while it
///          runs: as a whole for writes, with other readers for reads, with other adders for
///          additions. What it did not declare it may read all the same, when everybody below who
///          changes it has finished and nobody above has begun to; and change, when it rolls the
///          change back, or when nobody above declared to change the cell: the cell then stays as
///          it is until the end of the block, and a version holds the new value. Such an addition
///          waits for the frontier, since it is probably to a sum that others add to as well; a
///          write does where blocks have failed because it did not. All else is refused.
/// Threads: one worker; the plan does not change meanwhile.
/// Invariants
///   [PC1] a cell changes only while the transaction runs that declared to write it.
///   [PC2] a reader who did not declare a cell that somebody above writes looks at it with the
///         guard held, and only while no such writer has begun; a writer says that it has begun
///         before it passes the guard, and passes it before its first change. So either the reader
///         sees the value below, whole, or it sees that the writer has begun.
///   [PC3] whoever reads a cell that he did not declare, or finds a version in one that he did,
///         leaves to his commit which version he found. Where somebody below has announced at his
///         commit that he changed the cell undeclared, the newest version below has to be the one
///         found, each time that the cell was read.
template <Machine M, class Sync>
class PlannedCells {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Store = StateStore<M, Sync>;
    using Cell = typename Store::Cell;
    using Entry = PlannedAccess<M, Sync>;
    using Sum = SharedSum<M, Sync>;
    using Undeclared = UndeclaredRead<M, Sync>;
    using Changed = UndeclaredChange<M, Sync>;

    static constexpr bool kShared = true;

    PlannedCells(Store& store, const PlannedBlock<M, Sync>& plan, const Scheduler<Sync>& scheduler,
                 Arena& arena)
        : store_(store), plan_(plan), scheduler_(scheduler), arena_(arena) {}

    /// Before the first execution of a block.
    void prepare() noexcept {
        changers_.clear();
        copies_.clear();
    }
    /// For the next execution. `frontier`: how far the block is committed; `notes`: somebody wants
    /// to know what the transaction touches.
    void begin(TxnIndex txn, TxnIndex frontier, bool notes) noexcept {
        notes_ = notes;
        noted_.clear();
        entries_ = plan_.txns[txn].accesses();
        found_ = nullptr;
        places_ = plan_.txns[txn].places;
        touched_.assign(notes ? entries_.size() : 0, {});
        txn_ = txn;
        frontier_ = frontier;
        undeclared_.clear();
        read_in_place_ = 0;
        changes_.clear();
        last_ = 0;
        refusal_ = Refusal::kNone;
        copies_used_ = 0;
        privates_.clear();
        sums_.clear();
        expected_.clear();
        next_expected_ = 0;
    }

    // ---- what InPlaceView asks ------------------------------------------------------------------

    [[nodiscard]] const Value* read(const Key& key) {
        Entry* const entry = find(key);
        if (entry != nullptr && entry->is(Access::kWrite)) [[likely]] {
            return entry->cell->get();
        }
        if (privates_.size() != 0) [[unlikely]] {
            if (const Cell* const cell = private_of(key)) {
                return cell->get();
            }
        }
        if (entry == nullptr) {
            return read_undeclared(key);
        }
        if (entry->is(Access::kAdd)) [[unlikely]] {
            return refuse(Refusal::kUnplanned);
        }
        const std::uint64_t bit = std::uint64_t{1} << place_of(*entry) % 64;
        if (const auto* const version = entry->cell->slot.find(txn_)) [[unlikely]] {
            if ((read_in_place_ & bit) == 0) {
                undeclared_.append({.hash = M::hash(key), .cell = entry->cell, .version = version});
            }
            return version->get();  // somebody below has changed it undeclared
        }
        read_in_place_ |= bit;
        return is(entry->below, Access::kAdd) ? copy(*entry->cell) : entry->cell->get();
    }
    /// The cell of a key that was declared to be written. For any other one a private cell with
    /// the same contents, see judge_private_changes.
    [[nodiscard]] Cell* to_change(const Key& key) {
        if (Entry* const entry = find(key); entry != nullptr && entry->is(Access::kWrite))
            [[likely]] {
            return entry->cell;
        }
        return to_change_privately(key);
    }
    /// What the transaction adds to a cell that it declared to add to; null for any other.
    [[nodiscard]] Sum* shared_sum(const Key& key) {
        Entry* const entry = find(key);
        if (entry == nullptr || !entry->is(Access::kAdd)) {
            return nullptr;
        }
        for (Sum& sum : sums_.items()) {
            if (sum.cell == entry->cell) {
                return &sum;
            }
        }
        Sum& sum = sums_.append(Sum{});
        sum.cell = entry->cell;
        return &sum;
    }
    [[nodiscard]] std::span<Sum> shared_sums() noexcept { return sums_.items(); }
    [[nodiscard]] std::uint32_t place_of(const Sum& sum) noexcept {
        return static_cast<std::uint32_t>(&sum - sums_.items().data());
    }
    /// Whether the committed number plus `delta` will lie in the bounds: a prediction.
    [[nodiscard]] static bool ask_fits(Sum& sum, Int128 delta, const Bounds& bounds) {
        // Without bounds nearly any sum fits: no need to ask for a hot line.
        const Int128 guess = bounds != Bounds{} ? guess_of(sum) : sum.cell->number();
        return sum.ask_fits(guess, delta, bounds);
    }
    [[nodiscard]] static bool ask_at_least(Sum& sum, Int128 amount) {
        return sum.ask_at_least(guess_of(sum), sum.delta, amount);
    }
    /// Passes the guard of a cell that the transaction is going to change for the first time [PC2].
    void before_change(Cell& cell) const {
        if (plan_.options.guards) {
            lock(cell);
            unlock(cell);
        }
    }
    /// Fetches cells that the transaction is going to read and did not declare.
    template <class Name>
    void expect(Name&& name) {
        expected_.clear();
        next_expected_ = 0;
        name([this](const Key& key) {
            const std::uint64_t hash = M::hash(key);
            store_.prefetch_index_of(hash);
            expected_.append({hash, nullptr});
        });
        for (Expected& expected : expected_.items()) {
            if (const CellId id = store_.candidate_of(expected.hash); id != kNoCell) {
                expected.cell = &store_.cell(id);
                prefetch_lines<Prefetch::kToRead>(expected.cell, sizeof(Cell));
            }
        }
    }
    /// Nobody declares a range.
    void refuse_scan() noexcept { refuse(Refusal::kUnplanned); }
    /// The cell that the transaction changes under the key that was asked for last; null when there
    /// is none yet.
    [[nodiscard]] const Cell* own(const Key& key) noexcept {
        return found_ != nullptr && found_->is(Access::kWrite) ? found_->cell : private_of(key);
    }
    [[nodiscard]] bool notes() const noexcept { return notes_; }
    /// Notes what an answer depended on, where somebody wants to know; for the key that was asked
    /// for last.
    void note(const Key& key, Dependence dependence) {
        if (!notes_) {
            return;
        }
        if (found_ != nullptr) {
            Dependence& known = touched_[place_of(*found_)].dependence;
            known = std::max(known, dependence);
        } else {
            noted_.push_back({.key = key, .dependence = dependence});
        }
    }
    [[nodiscard]] bool refused() const noexcept { return refusal_ != Refusal::kNone; }

    // ---- what the executor asks afterwards ------------------------------------------------------

    /// Whether there are private cells.
    [[nodiscard]] bool has_private_changes() const noexcept { return privates_.size() != 0; }
    /// Keeps the private cells whose changes remain; additions that cancel out do not. Refuses what
    /// has been done when there are some, and they may not.
    template <class Change>
    [[gnu::noinline]] void judge_private_changes(std::span<Change> changes) {
        std::size_t kept = 0;
        for (Cell* const cell : privates_.items()) {
            if (cell->journal == kNoChange || !changes[cell->journal].remains()) {
                continue;
            }
            const bool adds = changes[cell->journal].adds();
            if (txn_ != frontier_ && (adds || !plan_.options.early)) {
                refuse(Refusal::kFrontier);
            } else if (changed_above(cell->key)) {
                refuse(Refusal::kUnplanned);
            }
            privates_.items()[kept++] = cell;
        }
        privates_.truncate(kept);
    }
    /// Shows the private cells that were kept to everybody above, as versions, and lists their
    /// cells.
    [[gnu::noinline]] void publish_private_changes(AppendList<Cell*>& changed) {
        for (const Cell* const own : privates_.items()) {
            const std::uint64_t hash = M::hash(own->key);
            Cell& cell = store_.cell(store_.intern(own->key, hash));
            auto* const version = arena_.template make<Version<Value, Sync>>();
            version->txn = txn_;
            version->erased = !own->present;
            version->value = own->value;
            version->publish();
            changed.append(&cell);  // first: who cleans up finds it there, should memory run out
            static_cast<void>(cell.slot.insert(version));
            changes_.append({hash, read_above(cell) ? &cell : nullptr});
        }
    }
    /// Whether the commit has something to look at or to announce: sums, undeclared reads, changes.
    [[nodiscard]] bool concerns_commit() const noexcept {
        return sums_.size() != 0 || undeclared_.size() != 0 || changes_.size() != 0;
    }
    [[nodiscard]] std::span<const Undeclared> undeclared() const noexcept {
        return undeclared_.items();
    }
    [[nodiscard]] std::span<const Changed> changes() const noexcept { return changes_.items(); }
    /// Completes the notes; `effect_of(cell)` tells how the transaction has changed a cell.
    template <class EffectOf>
    void note_effects(EffectOf&& effect_of) {
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (entries_[i].is(Access::kWrite)) {
                touched_[i].effect = effect_of(*entries_[i].cell);
            }
        }
        for (const Sum& sum : sums_.items()) {
            if (sum.delta != 0) {
                touched_[place_of(*find(sum.cell->key))].effect = Effect::kAdd;
            }
        }
        for (const Cell* const cell : privates_.items()) {
            if (const Effect effect = effect_of(*cell); effect != Effect::kNone) {
                noted_.push_back({.key = cell->key, .effect = effect});
            }
        }
    }
    /// Whether the transaction touched what the list that the plan was made from says of it, and
    /// nothing else. The list may be wrong in any way: declared accesses are then fewer than
    /// listed.
    [[nodiscard]] bool touched_as(std::span<const CellAccess<Key>> listed) const noexcept {
        return noted_.empty() &&
               std::equal(touched_.begin(), touched_.end(), listed.begin(), listed.end(),
                          [](const Touched& touched, const CellAccess<Key>& access) {
                              return touched.dependence == access.dependence &&
                                     touched.effect == access.effect && touched.at_all();
                          });
    }
    /// What was noted, in no order, and in several items where it was asked in several ways.
    [[nodiscard]] std::vector<CellAccess<Key>>& noted() {
        for (std::size_t i = 0; i < touched_.size(); ++i) {
            if (touched_[i].at_all()) {
                noted_.push_back({.key = entries_[i].cell->key,
                                  .dependence = touched_[i].dependence,
                                  .effect = touched_[i].effect});
            }
        }
        touched_.clear();
        return noted_;
    }
    [[nodiscard]] Refusal refusal() const noexcept { return refusal_; }
    /// Whom a refusal to wait names.
    [[nodiscard]] TxnIndex blocker() const noexcept { return blocker_; }

  private:
    /// A cell as it was when it was read.
    struct Copy {
        const Cell* cell = nullptr;
        bool present = false;
        Value value{};

        [[nodiscard]] const Value* get() const noexcept { return present ? &value : nullptr; }
    };
    /// How the transaction has touched a cell that it declared.
    struct Touched {
        Dependence dependence = Dependence::kNone;
        Effect effect = Effect::kNone;

        [[nodiscard]] bool at_all() const noexcept {
            return dependence != Dependence::kNone || effect != Effect::kNone;
        }
    };
    struct Expected {
        std::uint64_t hash = 0;
        Cell* cell = nullptr;  ///< probably of the key with that hash
    };
    static constexpr std::size_t kExpectedSkips = 4;

    /// The number that is probably committed below the transaction, without its own additions.
    [[nodiscard]] static Int128 guess_of(const Sum& sum) {
        // acquire: pairs with additions_or_make.
        const auto* additions = sum.cell->slot.additions.load(std::memory_order_acquire);
        return wrapping_add(sum.cell->number(), additions->sum_hint(nullptr));
    }
    const Value* refuse(Refusal why) noexcept {
        if (refusal_ == Refusal::kNone) {
            refusal_ = why;
        }
        return nullptr;
    }
    /// The access that declared a key. Mostly the same as before, or the next one.
    [[nodiscard]] Entry* find(const Key& key) noexcept {
        if (last_ < entries_.size()) [[likely]] {
            if (Entry& entry = entries_[last_]; entry.cell->key == key) {
                return found_ = &entry;
            }
            const std::size_t next = last_ + 1 < entries_.size() ? last_ + 1 : 0;
            if (Entry& entry = entries_[next]; entry.cell->key == key) {
                last_ = next;
                return found_ = &entry;
            }
        }
        found_ = search(key);
        if (found_ != nullptr) {
            last_ = place_of(*found_);
        }
        return found_;
    }
    [[nodiscard]] std::size_t place_of(const Entry& entry) const noexcept {
        return static_cast<std::size_t>(&entry - entries_.data());
    }
    [[nodiscard]] [[gnu::noinline]] Entry* search(const Key& key) noexcept {
        const auto fits = [&](std::size_t place) { return entries_[place].cell->key == key; };
        std::size_t place = 0;
        if (places_.empty()) {
            while (place < entries_.size() && !fits(place)) {
                ++place;
            }
        } else {
            place = places_.find(entries_.size(), M::hash(key), fits);
        }
        return place < entries_.size() ? &entries_[place] : nullptr;
    }
    [[nodiscard]] Cell* private_of(const Key& key) noexcept {
        for (Cell* const cell : privates_.items()) {
            if (cell->key == key) {
                return cell;
            }
        }
        return nullptr;
    }
    [[nodiscard]] [[gnu::noinline]] Cell* to_change_privately(const Key& key) {
        if (Cell* const known = private_of(key)) {
            return known;
        }
        const Value* const value = read(key);
        if (refused()) {
            return nullptr;
        }
        Cell& cell = *privates_.append(arena_.template make<Cell>());
        cell.settled.store(plan_.number, std::memory_order_relaxed);  // relaxed: nobody else's
        cell.key = key;
        cell.present = value != nullptr;
        cell.value = value != nullptr ? *value : Value{};
        return &cell;
    }
    [[nodiscard]] [[gnu::noinline]] const Value* read_undeclared(const Key& key) {
        const std::uint64_t hash = M::hash(key);
        Cell* const cell = undeclared_cell(key, hash);
        const auto* const version = cell != nullptr ? cell->slot.find(txn_) : nullptr;
        const Undeclared read{.hash = hash, .cell = cell, .version = version};
        if (undeclared_.size() == 0 || undeclared_.items().back() != read) {
            undeclared_.append(read);
        }
        if (cell == nullptr) {
            return nullptr;
        }
        if (version != nullptr) {
            return version->get();
        }
        // What nobody declared stays as it is.
        return cell->planned_in != plan_.number ? cell->get() : read_planned_by_others(*cell);
    }
    [[nodiscard]] Cell* undeclared_cell(const Key& key, std::uint64_t hash) {
        const std::span<const Expected> all = expected_.items();
        const std::size_t last = std::min(next_expected_ + kExpectedSkips, all.size());
        for (std::size_t i = next_expected_; i < last; ++i) {
            if (all[i].cell != nullptr && all[i].cell->key == key) {
                next_expected_ = i + 1;
                return all[i].cell;
            }
        }
        const CellId id = store_.find_in_block(key, hash);
        return id != kNoCell ? &store_.cell(id) : nullptr;
    }
    [[nodiscard]] [[gnu::noinline]] const Value* read_planned_by_others(Cell& cell) {
        if (const Copy* const known = copy_of(cell)) {
            return known->get();
        }
        const NearestChangers nearest = changers_.nearest(plan_, cell, txn_);
        if (!await_change(nearest.below)) {
            return nullptr;
        }
        if (nearest.write_above == kNoAccess) {
            return make_copy(cell);
        }
        if (!plan_.options.guards) {
            return refuse(Refusal::kUnguarded);
        }
        lock(cell);
        // Whoever writes it above that one begins later.
        const bool early = !plan_.has_begun(plan_.txn_of(nearest.write_above));
        const Value* const value = early ? make_copy(cell) : refuse(Refusal::kUnplanned);
        unlock(cell);
        return value;
    }
    /// Whether a change below, and so all before it, has been made; else that is refused.
    bool await_change(AccessHandle access) {
        if (access == kNoAccess || plan_.txn_of(access) < frontier_) {
            return true;
        }
        if (is(access, Access::kAdd)) {
            refuse(Refusal::kFrontier);
            return false;
        }
        if (!scheduler_.has_finished(plan_.txn_of(access))) {
            blocker_ = plan_.txn_of(access);
            refuse(Refusal::kWait);
            return false;
        }
        return true;
    }
    /// Whether somebody above declared to change the key.
    [[nodiscard]] bool changed_above(const Key& key) const {
        const CellId id = store_.find_in_block(key, M::hash(key));
        if (id == kNoCell || store_.cell(id).planned_in != plan_.number) {
            return false;
        }
        const AccessHandle newest = store_.cell(id).newest_access;
        const AccessHandle change = is(newest, Access::kRead) ? plan_.at(newest).below : newest;
        return change != kNoAccess && plan_.txn_of(change) > txn_;
    }
    /// Whether somebody above declared to read the cell. REQUIRES: nobody to change it.
    [[nodiscard]] bool read_above(const Cell& cell) const noexcept {
        return cell.planned_in == plan_.number && plan_.txn_of(cell.newest_access) > txn_;
    }
    [[nodiscard]] const Copy* copy_of(const Cell& cell) const noexcept {
        for (const Copy* const known : copies_.items().first(copies_used_)) {
            if (known->cell == &cell) {
                return known;
            }
        }
        return nullptr;
    }
    /// The value with what was added to it in this block; stays as it is until the next begin.
    [[nodiscard]] [[gnu::noinline]] const Value* copy(const Cell& cell) {
        const Copy* const known = copy_of(cell);
        return known != nullptr ? known->get() : make_copy(cell);
    }
    /// The same, where there is no copy yet.
    [[nodiscard]] const Value* make_copy(const Cell& cell) {
        if (copies_used_ == copies_.size()) {
            copies_.append(arena_.template make<Copy>());
        }
        Copy& fresh = *copies_.items()[copies_used_++];
        fresh.cell = &cell;
        fresh.present = cell.present;
        fresh.value = cell.value;
        // acquire: pairs with additions_or_make.
        const auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr && additions->applies_to(nullptr)) {
            fresh.present = true;
            M::set_number(fresh.value, wrapping_add(cell.number(), additions->sum));
        }
        return fresh.get();
    }
    static void lock(Cell& cell) {
        // acquire: pairs with unlock.
        await<Sync>([&cell] { return !cell.guarded.exchange(true, std::memory_order_acquire); });
    }
    static void unlock(Cell& cell) noexcept {
        cell.guarded.store(false, std::memory_order_release);  // release: see Cell::guarded
    }

    Store& store_;
    const PlannedBlock<M, Sync>& plan_;
    const Scheduler<Sync>& scheduler_;
    Arena& arena_;
    ChangerIndex<M, Sync> changers_;
    std::span<Entry> entries_;
    TxnIndex txn_ = 0;
    TxnIndex frontier_ = 0;
    std::size_t last_ = 0;    ///< access used last
    Entry* found_ = nullptr;  ///< of the key that was asked for last; null: it is not declared
    HashPositions places_;    ///< of the declared accesses
    Refusal refusal_ = Refusal::kNone;
    TxnIndex blocker_ = kNoTxn;
    AppendList<Undeclared> undeclared_;  ///< reads, and those that found undeclared changes
    std::uint64_t read_in_place_ = 0;    ///< declared reads that found none: place modulo 64
    AppendList<Changed> changes_;
    AppendList<Cell*> privates_;
    AppendList<Copy*> copies_;     ///< in the arena, since the machine keeps pointers to values
    std::size_t copies_used_ = 0;  ///< by the execution
    AppendList<Sum> sums_;
    AppendList<Expected> expected_;
    std::size_t next_expected_ = 0;
    bool notes_ = false;
    std::vector<Touched> touched_;        ///< where it notes: of each declared access
    std::vector<CellAccess<Key>> noted_;  ///< beside those
};

}  // namespace lockstep
