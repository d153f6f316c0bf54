#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/result.hpp"

namespace lockstep {

/// What went wrong outside the state machine; the classes are the exit codes of the command.
enum class ErrorCode : std::uint8_t {
    kUsage = 1,        ///< the caller's options or arguments
    kDivergence = 2,   ///< two executions differ
    kCorrupt = 3,      ///< input is damaged, hostile or of another version
    kInvariant = 4,    ///< an invariant of the venue does not hold
    kEnvironment = 5,  ///< I/O, memory, threads
};

/// An environment error with everything a user needs to find its place.
struct Error {
    ErrorCode code = ErrorCode::kEnvironment;
    std::string message;                            ///< reason, in words
    std::string file = {};                          ///< path as the user gave it; empty when none
    std::optional<std::uint64_t> offset = {};       ///< byte offset in the (decompressed) file
    std::optional<std::uint64_t> block = {};        ///< block height
    std::optional<std::uint64_t> transaction = {};  ///< index in the block

    /// One line: `file: offset N: block N: transaction N: message`, absent parts left out.
    [[nodiscard]] std::string describe() const;
};

}  // namespace lockstep
