#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/serial/serial_view.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// Applies what a serial view collected to the store, and can take a whole block back.
///
/// Role:    every change of the serial executor; the phases of the parallel one.
/// Threads: one.
template <Machine M, class Sync = StdSync>
class SerialCommit {
  public:
    using View = SerialView<M, Sync>;

    explicit SerialCommit(StateStore<M, Sync>& store) : store_(store) {}

    /// Starts a block: what was applied before can no longer be rolled back.
    void begin_block() {
        before_.clear();
        store_.begin_block();
    }

    /// Applies the view's changes, appends its events, completes the receipt, empties the view.
    Receipt apply(View& view, std::uint32_t index, Receipt receipt,
                  std::vector<std::byte>& events_out) {
        using Change = typename View::Change;
        effects_.begin(index, receipt.disposition, receipt.status, receipt.weight);
        for (const auto& [key, entry] : view.entries()) {
            if (entry.change == Change::kAdd && entry.added == 0) {
                continue;  // additions that cancel out leave no trace
            }
            remember(key);
            const bool erases = entry.change == Change::kErase;
            const Digest* const written = store_.set(key, erases ? nullptr : &entry.value);
            if (entry.change == Change::kAdd) {
                effects_.add(key, entry.added);
            } else if (written != nullptr) {
                effects_.write(*written);
            } else {
                effects_.erase(key);
            }
        }
        const std::span<const std::byte> events = view.events().encoded();
        receipt.effects = effects_.finish(events);
        receipt.events_begin = events_out.size();
        events_out.insert(events_out.end(), events.begin(), events.end());
        receipt.events_end = events_out.size();
        view.reset();
        return receipt;
    }

    /// Takes everything since begin_block back.
    void restore() {
        for (const auto& [key, value] : before_) {
            store_.set(key, value ? &*value : nullptr);
        }
        before_.clear();
    }

    /// Tells a diff what changed since begin_block.
    void describe(BlockDiff<M>& diff) const {
        for (const auto& [key, value] : before_) {
            diff.add(key, value ? &*value : nullptr, store_.get(key));
        }
    }

  private:
    void remember(const typename M::Key& key) {
        const auto [kept, fresh] = before_.try_emplace(key);
        if (const typename M::Value* const value = fresh ? store_.get(key) : nullptr) {
            kept->second = *value;
        }
    }

    StateStore<M, Sync>& store_;
    EffectDigest<M> effects_;
    std::map<typename M::Key, std::optional<typename M::Value>> before_;
};

}  // namespace lockstep
