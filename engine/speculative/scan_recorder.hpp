#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/contract/access_list.hpp"

namespace lockstep {

/// What one scan of an incarnation covered, beside the cells that it read.
template <class Key>
struct ScanRecord {
    KeyRange<Key> range = {};
    std::span<const Key> fresh = {};  ///< keys in the range that the block had made by then
};

/// Scans of the running incarnation, kept in its worker's view.
template <class Key>
class ScanRecorder {
  public:
    /// Starts a scan; returns its number.
    [[nodiscard]] std::size_t open(const Key& from, const Key& to) {
        if (count_ == scans_.size()) {
            scans_.emplace_back();
        }
        Open& scan = scans_[count_];
        scan.range = {.from = from, .to = to};
        scan.fresh.clear();
        return count_++;
    }
    void pass_fresh(std::size_t scan, const Key& key) { scans_[scan].fresh.push_back(key); }
    /// The scan ended early: it depends on nothing behind `key`.
    void end_at(std::size_t scan, const Key& key) {
        scans_[scan].range.to = key;
        scans_[scan].range.closed = true;
    }
    void clear() noexcept { count_ = 0; }

    /// The scans, as data that lives until the end of the block.
    [[nodiscard]] std::span<const ScanRecord<Key>> keep(Arena& arena) const {
        ScanRecord<Key>* const kept = arena.make_array<ScanRecord<Key>>(count_);
        for (std::size_t i = 0; i < count_; ++i) {
            const std::vector<Key>& fresh = scans_[i].fresh;
            Key* const keys = arena.make_array<Key>(fresh.size());
            std::copy(fresh.begin(), fresh.end(), keys);
            kept[i] = {.range = scans_[i].range, .fresh = {keys, fresh.size()}};
        }
        return {kept, count_};
    }

  private:
    struct Open {
        KeyRange<Key> range;
        std::vector<Key> fresh;
    };
    std::vector<Open> scans_;  ///< the first count_ are in use; the others keep their memory
    std::size_t count_ = 0;
};

/// Cells that committed transactions of the block may have brought into being without having
/// declared them.
///
/// Role:    a scan that was under way before such a cell was known has not looked at it: a phantom.
/// Threads: the holder of the frontier.
/// Invariants
///   [RS1] holds the key of every undeclared write or addition, of a committed transaction, to a
///         cell that was absent when the block started.
template <class Key>
class Newcomers {
  public:
    void clear() noexcept { keys_.clear(); }
    void add(const Key& key) { keys_.insert(key); }

    /// Whether a scan looked at all newcomers in its range.
    [[nodiscard]] bool all_seen_by(const ScanRecord<Key>& scan) const {
        auto seen = scan.fresh.begin();
        for (auto key = keys_.lower_bound(scan.range.from);
             key != keys_.end() && !scan.range.ends_before(*key); ++key) {
            while (seen != scan.fresh.end() && *seen < *key) {
                ++seen;
            }
            if (seen == scan.fresh.end() || *key < *seen) {
                return false;
            }
        }
        return true;
    }

  private:
    std::set<Key> keys_;
};

}  // namespace lockstep
