#pragma once

#include <cstdint>

#include "tests/support/random_blocks.hpp"

namespace lockstep::test {

/// What the blocks of a session consist of, beside random programs (`random_block`).
enum class Flavour : std::uint8_t {
    kAny,       ///< random programs
    kDoubtful,  ///< transactions that change their minds after others have read from them
    kRepeated,  ///< transactions that ask for the same cell again while others change it
};

/// Writes hang on predictions of numbers, and others read those writes.
[[nodiscard]] Block<Program> doubtful_block(Random& random, std::uint32_t universe,
                                            std::uint64_t height);

/// Few cells, each read, compared, added to and rolled back several times by one transaction, while
/// others add to it, announced or not; what is announced is not always done.
[[nodiscard]] Block<Program> repeated_block(Random& random, std::uint32_t universe,
                                            std::uint64_t height);

}  // namespace lockstep::test
