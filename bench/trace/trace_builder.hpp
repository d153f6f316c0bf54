#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "bench/trace/trace.hpp"

namespace lockstep::bench {

/// Follows the values of a trace while it is read, so that what does not fit together is found.
class TraceBuilder {
  public:
    [[nodiscard]] Trace& trace() noexcept { return trace_; }

    /// Opens a block. `follows`: it is the successor of the one before, so no value may have
    /// changed between them.
    TraceBlock& begin_block(std::uint64_t number, bool follows) {
        follows_ = follows;
        ++block_count_;
        trace_.blocks.push_back({.number = number});
        return trace_.blocks.back();
    }
    /// Takes an access of the current block; false when its start contradicts what came before.
    /// Several of one transaction to one key become one.
    [[nodiscard]] bool take(std::vector<TraceAccess>& list, const TraceAccess& access) {
        const auto [place, first] = last_.try_emplace(access.key);
        Known& known = place->second;
        if (first) {
            trace_.initial.push_back({.key = access.key, .start = access.start});
        } else if (known.value != access.start) {
            if (follows_ || known.block == block_count_) {
                return false;
            }
            trace_.blocks.back().corrections.push_back(
                {.key = access.key, .writes = true, .end = access.start});
        }
        const bool may_repeat = !first && known.block == block_count_;
        known = {.value = access.writes ? access.end : access.start, .block = block_count_};
        if (may_repeat) {
            const auto same = [&](const TraceAccess& old) { return old.key == access.key; };
            const auto earlier = std::find_if(list.begin(), list.end(), same);
            if (earlier != list.end()) {
                if (access.writes) {
                    earlier->writes = true;
                    earlier->end = access.end;
                }
                return true;
            }
        }
        list.push_back(access);
        return true;
    }
    /// The last known value of a key, zero when there is none.
    [[nodiscard]] Word256 value_of(const TraceKey& key) const {
        const auto found = last_.find(key);
        return found == last_.end() ? Word256{} : found->second.value;
    }
    [[nodiscard]] Trace finish() { return std::move(trace_); }

  private:
    struct Known {
        Word256 value = {};
        std::uint64_t block = 0;  ///< in which it was met last
    };
    Trace trace_;
    std::map<TraceKey, Known> last_;
    std::uint64_t block_count_ = 0;
    bool follows_ = false;
};

}  // namespace lockstep::bench
