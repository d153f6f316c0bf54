#pragma once

#include <string>

#include "engine/base/digest.hpp"

namespace lockstep {

/// What a log says of itself. The genesis state is empty: the first blocks create everything.
struct LogHeader {
    std::string chain_id;  ///< names the chain or data set
    std::string creator;   ///< program and version that wrote the log
    std::string genesis;   ///< description of what the first blocks set up
    /// Where the transactions come from, and which of their parts are synthetic.
    std::string source;

    friend bool operator==(const LogHeader&, const LogHeader&) = default;
};

/// First half of the SHA-256 of log.fbs without comments and with white space collapsed. A log
/// written with another schema is refused.
[[nodiscard]] Digest log_schema_digest();

}  // namespace lockstep
