#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.hpp"
#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/generate/workload.hpp"

namespace lockstep::bench {

/// The derivatives venue on a generated workload whose set-up has been done once: every contestant
/// starts from a copy of the cells. Kinds of the generator that have markets set up alike, so they
/// can share one set-up.
class PreparedVenue {
  public:
    using Machine = Venue;
    using Source = Workload;
    using Cells = std::vector<std::pair<Venue::Key, Venue::Value>>;

    /// REQUIRES: `shared`, when given, comes from options with the same accounts and markets.
    PreparedVenue(std::string name_, const WorkloadOptions& options,
                  std::shared_ptr<const Cells> shared = nullptr)
        : name(std::move(name_)), ready_(options), cells_(std::move(shared)) {
        const bool fills = cells_ == nullptr;
        StateStore<Venue> store;
        SerialExecutor<Venue> executor(machine, store);
        for (std::uint64_t i = ready_.setup_blocks(); i > 0; --i) {
            const LogBlock block = ready_.next();
            if (fills) {
                LOCKSTEP_CHECK(executor.execute(block).has_value());
            }
        }
        if (fills) {
            auto cells = std::make_shared<Cells>();
            cells->reserve(store.size());
            store.for_each([&](const Venue::Key& key, const Venue::Value& value) {
                cells->emplace_back(key, value);
            });
            cells_ = std::move(cells);
        }
    }

    std::string name;
    Machine machine;

    void populate(auto& state) const {
        for (const auto& [key, value] : *cells_) {
            state.set(key, &value);
        }
    }
    [[nodiscard]] Source source() const { return ready_; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
    [[nodiscard]] const std::shared_ptr<const Cells>& cells() const noexcept { return cells_; }

  private:
    Workload ready_;  ///< its set-up blocks are taken
    std::shared_ptr<const Cells> cells_;
};

}  // namespace lockstep::bench
