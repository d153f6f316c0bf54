#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// What this side has after one block.
struct HeightDigests {
    std::uint64_t height = 0;
    Digest state;
    Digest block;
};

/// Asks the other side about one height: does it have these digests? The other side may know its
/// state digests only, or only those of some blocks that it re-executes on demand.
using AgreementOracle = std::function<Result<bool, Error>(const HeightDigests&)>;

struct Bisection {
    std::optional<std::uint64_t> block;  ///< height of the divergent block; nothing: all agree
    std::uint64_t questions = 0;
};

/// Finds a block before which the other side agrees and after which it does not, by binary search:
/// 1 + ceil(log2(blocks)) questions, the first one about the last block.
///
/// Chained block digests stay different once they are, so the block is then the first divergent
/// one; states may become equal again, and the block is then one of those that made them differ.
/// REQUIRES ascending heights. Errors: the oracle's.
[[nodiscard]] Result<Bisection, Error> bisect(std::span<const HeightDigests> own,
                                              const AgreementOracle& agrees);

/// An oracle that runs `command` in a shell with the height as one more word, and looks for the
/// state digest or the block digest of that height among the words of 32 hexadecimal digits that
/// the command prints.
/// Errors: kEnvironment when the command fails or prints no digest at all.
[[nodiscard]] AgreementOracle command_oracle(std::string command);

}  // namespace lockstep
