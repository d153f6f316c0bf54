#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/contract/access_list.hpp"

namespace lockstep {

/// Collects what transactions touched while a block runs in parallel.
///
/// Role:    each incarnation that is published leaves its accesses; those of the last one, which is
///          the committed one, go out at the end of the block. Idle unless a list is wanted.
/// Threads: record and record_as_listed by the holder of the transaction; the others by the leader.
template <class Key>
class AccessRecorder {
  public:
    using Access = CellAccess<Key>;

    void begin(const AccessOptions<Key>& options, std::size_t transactions) {
        options_ = options;
        options_.begin();
        records_.assign(options_.records() ? transactions : 0, {});
    }
    [[nodiscard]] const AccessList<Key>* known() const noexcept { return options_.known; }
    [[nodiscard]] bool active() const noexcept { return options_.records(); }

    /// The transaction has touched what the known list says of it. REQUIRES: active().
    void record_as_listed(std::uint32_t transaction) {
        records_[transaction].accesses = options_.known->of(transaction);
    }
    /// The transaction has touched these cells and scanned these ranges; in any order, a cell as
    /// often as it was used in different ways. REQUIRES: active().
    void record(std::uint32_t transaction, Arena& arena, std::vector<Access>& touched,
                std::span<const KeyRange<Key>> scans) {
        if (!std::is_sorted(touched.begin(), touched.end(), by_key)) {
            std::sort(touched.begin(), touched.end(), by_key);
        }
        std::size_t kept = 0;
        for (const Access& access : touched) {
            if (kept != 0 && touched[kept - 1].key == access.key) {
                Access& same = touched[kept - 1];
                same.dependence = std::max(same.dependence, access.dependence);
                same.effect = std::max(same.effect, access.effect);
            } else {
                touched[kept++] = access;
            }
        }
        touched.resize(kept);
        records_[transaction] = {keep(transaction, arena, touched), scans};
    }
    /// `committed`: the transactions behind are skipped.
    void finish(std::uint64_t block, std::size_t committed) {
        if (!active()) {
            return;
        }
        for (std::size_t i = 0; i < records_.size(); ++i) {
            const Record record = i < committed ? records_[i] : Record{};
            options_.take(block, i, record.accesses, record.scans);
        }
        options_.finish(block, records_.size());
    }

  private:
    /// Of one transaction; in an arena or in the known list.
    struct Record {
        std::span<const Access> accesses;
        std::span<const KeyRange<Key>> scans;
    };

    [[nodiscard]] static bool by_key(const Access& a, const Access& b) { return a.key < b.key; }
    /// What a transaction touched, for the rest of the block; the known list itself, where that
    /// says the same.
    [[nodiscard]] std::span<const Access> keep(std::uint32_t transaction, Arena& arena,
                                               const std::vector<Access>& touched) {
        if (options_.known != nullptr) {
            const auto listed = options_.known->of(transaction);
            if (std::equal(touched.begin(), touched.end(), listed.begin(), listed.end())) {
                return listed;
            }
        }
        Access* const kept = arena.make_array<Access>(touched.size());
        std::copy(touched.begin(), touched.end(), kept);
        return {kept, touched.size()};
    }

    AccessOptions<Key> options_;
    std::vector<Record> records_;
};

}  // namespace lockstep
