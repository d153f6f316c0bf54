#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/machine.hpp"
#include "engine/speculative/access_record.hpp"
#include "engine/speculative/scan_notes.hpp"

namespace lockstep {

/// Collects what transactions touched while a block runs in parallel.
///
/// Role:    each incarnation that is published leaves its accesses; those of the last one, which is
///          the committed one, go out at the end of the block. Idle when nobody asked.
/// Threads: note by the holder of the transaction; the others by the leader.
template <Machine M, class Sync>
class AccessNotes {
  public:
    using Key = typename M::Key;
    using Access = CellAccess<Key>;
    using Entry = AccessEntry<M, Sync>;

    void begin(const AccessOptions<Key>& options, std::size_t transactions) {
        options_ = options;
        options_.begin();
        notes_.assign(options_.records() ? transactions : 0, {});
    }
    [[nodiscard]] const AccessList<Key>* known() const noexcept { return options_.known; }
    [[nodiscard]] bool active() const noexcept { return options_.records(); }

    /// Takes what the incarnation in `view` did. REQUIRES: active(); it has ended, and its record
    /// is not complete yet.
    template <class View>
    void note(const View& view, std::uint32_t transaction, Arena& arena,
              std::vector<Access>& scratch) {
        scratch.clear();
        view.for_each_access([&scratch](const Entry& entry) {
            const Access access = access_of(entry);
            if (access.dependence != Dependence::kNone || access.effect != Effect::kNone) {
                scratch.push_back(access);
            }
        });
        if (!std::is_sorted(scratch.begin(), scratch.end(), by_key)) {
            std::sort(scratch.begin(), scratch.end(), by_key);
        }
        keep(transaction, arena, scratch);
    }
    /// The same of a planned transaction, by what its cells have noted.
    template <class Cells>
    void note(Cells& cells, std::uint32_t transaction, Arena& arena) {
        if (options_.known != nullptr) {
            if (const auto listed = options_.known->of(transaction); cells.touched_as(listed)) {
                notes_[transaction] = listed;
                return;
            }
        }
        std::vector<Access>& noted = cells.noted();
        std::sort(noted.begin(), noted.end(), by_key);
        std::size_t kept = 0;
        for (const Access& access : noted) {
            if (kept != 0 && noted[kept - 1].key == access.key) {
                Access& same = noted[kept - 1];
                same.dependence = std::max(same.dependence, access.dependence);
                same.effect = std::max(same.effect, access.effect);
            } else {
                noted[kept++] = access;
            }
        }
        noted.resize(kept);
        keep(transaction, arena, noted);
    }
    /// `committed`: the transactions behind are skipped.
    /// `scans`: of each transaction, or empty.
    void finish(std::uint64_t block, std::size_t committed,
                std::span<const std::span<const ScanRecord<Key>>> scans) {
        if (!active()) {
            return;
        }
        for (std::size_t i = 0; i < notes_.size(); ++i) {
            ranges_.clear();
            if (i < committed && i < scans.size()) {
                for (const ScanRecord<Key>& scan : scans[i]) {
                    ranges_.push_back(scan.range);
                }
            }
            options_.take(block, i, i < committed ? notes_[i] : std::span<const Access>(), ranges_);
        }
        options_.finish(block, notes_.size());
    }

  private:
    [[nodiscard]] static bool by_key(const Access& a, const Access& b) { return a.key < b.key; }
    /// Keeps what a transaction touched, ascending by key; the list that is known, where it says
    /// the same.
    void keep(std::uint32_t transaction, Arena& arena, const std::vector<Access>& touched) {
        if (options_.known != nullptr) {
            const auto listed = options_.known->of(transaction);
            if (std::equal(touched.begin(), touched.end(), listed.begin(), listed.end())) {
                notes_[transaction] = listed;
                return;
            }
        }
        Access* const kept = arena.template make_array<Access>(touched.size());
        std::copy(touched.begin(), touched.end(), kept);
        notes_[transaction] = {kept, touched.size()};
    }
    [[nodiscard]] static Access access_of(const Entry& entry) {
        Access access{.key = entry.key};
        if constexpr (kScans<M>) {
            access.dependence = entry.asked;  // scans also read cells that they pass over
        } else if (entry.read) {
            access.dependence = Dependence::kValue;
        } else if (entry.presence_checked || (entry.number != nullptr && entry.number->checked)) {
            access.dependence = Dependence::kPredicate;
        }
        if (entry.written) {
            access.effect = Effect::kWrite;
        } else if (entry.adds()) {
            access.effect = Effect::kAdd;
        }
        return access;
    }

    AccessOptions<Key> options_;
    std::vector<KeyRange<Key>> ranges_;
    std::vector<std::span<const Access>> notes_;  ///< per transaction; into an arena or the list
};

}  // namespace lockstep
