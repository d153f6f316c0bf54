#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/effects.hpp"
#include "instruments/venue.hpp"

namespace lockstep::test {

/// The venue's state and its serial execution without exceptions, run-time type information,
/// threads and an operating system: what a guest of a proving machine would run.
///
/// Role:    shows that the state transition asks for nothing more. Block results equal those of
///          SerialExecutor for blocks without faults, byte for byte.
/// Threads: one.
class GuestExecutor {
  public:
    [[nodiscard]] BlockResult execute(const Block<Transaction>& block);
    [[nodiscard]] std::size_t cells() const noexcept { return state_.size(); }

  private:
    using State = std::map<StateKey, Cell>;

    enum class Change : std::uint8_t { kWrite, kErase, kAdd };
    struct Entry {
        Change change = Change::kAdd;
        Int128 added = 0;
        Cell value{};
    };

    /// Collects the changes of one transaction or phase over the state.
    class View {
      public:
        struct Savepoint {
            std::map<StateKey, Entry> entries;
            std::size_t event_bytes = 0;
        };

        explicit View(const State& state) : state_(state) {}

        [[nodiscard]] const Cell* read(const StateKey& key) const;
        [[nodiscard]] bool exists(const StateKey& key) const { return read(key) != nullptr; }
        [[nodiscard]] bool at_least(const StateKey& key, Int128 amount) const;
        [[nodiscard]] Cell* change(const StateKey& key);
        void write(const StateKey& key, const Cell& value);
        void erase(const StateKey& key);
        [[nodiscard]] bool add(const StateKey& key, Int128 amount, const Bounds& bounds = {});
        void emit(std::uint16_t type, std::span<const std::byte> bytes);
        [[nodiscard]] Savepoint savepoint() const { return {entries_, events_.size()}; }
        void rollback(const Savepoint& savepoint);
        [[nodiscard]] bool consume(std::uint64_t) const noexcept { return true; }
        [[nodiscard]] bool stopped() const noexcept { return false; }

        [[nodiscard]] const std::map<StateKey, Entry>& entries() const noexcept { return entries_; }
        [[nodiscard]] const EventLog& events() const noexcept { return events_; }
        void reset();

      private:
        const State& state_;
        std::map<StateKey, Entry> entries_;
        EventLog events_;
    };

    [[nodiscard]] Receipt commit(View& view, std::uint32_t index, Receipt receipt,
                                 BlockResult& result);
    void set(const StateKey& key, const Cell* value);

    State state_;
    EffectDigest<Venue> effects_;
    ByteWriter scratch_;
    Digest sum_;
    std::vector<Digest> modules_ = std::vector<Digest>(Venue::kModules.size());
    Digest previous_;
};

}  // namespace lockstep::test
