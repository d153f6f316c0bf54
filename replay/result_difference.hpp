#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/error.hpp"
#include "engine/contract/block.hpp"

namespace lockstep {

/// The first place where two runs differ, for people and for tests.
struct Difference {
    std::uint64_t block = 0;                   ///< height
    std::optional<std::uint64_t> transaction;  ///< index, when one transaction can be named
    std::string what;                          ///< which quantity differs, and both values

    /// As an error of class kDivergence.
    [[nodiscard]] Error error(std::string file = {}) const;

    friend bool operator==(const Difference&, const Difference&) = default;
};

/// The first difference of two results of the same block, in the order of the specification: begin
/// phase, transactions (receipt, then events), end phase, state, block digest. Nothing when the
/// results are equal byte for byte.
[[nodiscard]] std::optional<Difference> first_difference(const BlockResult& expected,
                                                         const BlockResult& actual);

}  // namespace lockstep
