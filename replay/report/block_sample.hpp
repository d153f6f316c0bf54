#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/contract/access_list.hpp"
#include "replay/format/block_codec.hpp"
#include "replay/stress/recorded_blocks.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {

/// Some consecutive blocks of a log, from its second half where it is long, with the cells that
/// they need: enough to execute them again, in other ways, after the replay.
///
/// Method: a window opens at the first block, and again behind blocks 2^n. It keeps the state and
///         the next blocks. When it is full, of the cells of accounts only those remain that its
///         transactions touched. Works on pipes, whose length nobody knows.
/// Cost:   one copy of the state while a window fills, a small part of it after that.
class BlockSample {
  public:
    static constexpr std::size_t kBlocksMax = 22;
    static constexpr std::size_t kTransactionsMax = 100'000;

    BlockSample() { open_window(nullptr); }

    /// What the next block touched.
    void add_accesses(const AccessList<StateKey>& accesses);
    /// The next block; `store` is the state behind it.
    void add(const LogBlock& block, const BlockResult& result, const StateStore<Venue>& store);
    /// The sample, which leaves this object. Empty when there was no block.
    [[nodiscard]] RecordedBlocks take();

  private:
    struct Window {
        RecordedBlocks recorded;
        std::vector<StateKey> touched;
        std::size_t transactions = 0;
        bool full = false;
    };
    void open_window(const StateStore<Venue>* store);
    static void close(Window& window);

    std::uint64_t blocks_ = 0;
    std::vector<StateKey> touched_;  ///< by the next block
    Window window_;
    std::optional<Window> before_;  ///< the one before, until this one is long enough
};

}  // namespace lockstep
