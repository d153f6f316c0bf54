#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/format/block_codec.hpp"

namespace lockstep::bench {

/// A venue that can be put back to where a log began: a block without transactions and with weight
/// limit 0 does it in its first phase. So a short log can be measured over and over.
class RewindingVenue : public Venue {
  public:
    /// Every cell that the log touches, and its value at the start of the log; absent ones too.
    struct Start {
        Venue::Key key;
        Venue::Value value;
        bool present = false;
    };

    RewindingVenue() = default;
    explicit RewindingVenue(std::shared_ptr<const std::vector<Start>> start)
        : start_(std::move(start)) {}

    [[nodiscard]] static bool rewinds(const BlockHeader& header) noexcept {
        return header.weight_limit == 0;
    }
    template <class View>
    [[nodiscard]] Context begin_block(View& view, const BlockHeader& header,
                                      std::span<const Transaction> transactions) const {
        if (!rewinds(header)) {
            return Venue::begin_block(view, header, transactions);
        }
        for (const Start& cell : *start_) {
            if (cell.present) {
                view.write(cell.key, cell.value);
            } else {
                view.erase(cell.key);
            }
        }
        return {};
    }
    template <class View>
    void end_block(View& view, const BlockHeader& header, const Context& context) const {
        if (!rewinds(header)) {
            Venue::end_block(view, header, context);
        }
    }
    [[nodiscard]] const std::vector<Start>& start() const noexcept { return *start_; }

  private:
    std::shared_ptr<const std::vector<Start>> start_;
};

/// The blocks of a log, over and over; each pass begins with a rewinding block.
struct RewoundLogWorkload {
    using Machine = RewindingVenue;
    struct Source {
        std::shared_ptr<const std::vector<LogBlock>> blocks;
        std::size_t at = 0;
        [[nodiscard]] LogBlock next() {
            const std::size_t place = at++ % (blocks->size() + 1);
            return place == 0 ? LogBlock{.header = {.weight_limit = 0}} : (*blocks)[place - 1];
        }
    };

    std::string name;
    Machine machine;
    std::shared_ptr<const std::vector<LogBlock>> blocks;

    /// Makes room; the first block fills the cells.
    void populate(auto& state) const {
        for (const RewindingVenue::Start& cell : machine.start()) {
            state.set(cell.key, nullptr);
        }
    }
    [[nodiscard]] Source source() const { return {.blocks = blocks}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

/// The blocks behind the first `prelude`, which make the state that each pass starts from.
/// Errors: those of executing all of them.
[[nodiscard]] Result<RewoundLogWorkload, Error> rewound_log(std::string name,
                                                            std::vector<LogBlock> blocks,
                                                            std::size_t prelude);

}  // namespace lockstep::bench
