#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep::bench {

/// One item of RLP: bytes, or a list of items. Views into the decoded bytes.
struct RlpItem {
    bool is_list = false;
    std::span<const std::uint8_t> bytes = {};  ///< of a string
    std::vector<RlpItem> items = {};           ///< of a list
};

/// Decodes exactly one item.
/// Errors: kCorrupt with the offset when the bytes end early, go on behind the item, nest deeper
/// than kRlpDepthMax, or encode a length in another than the shortest way.
[[nodiscard]] Result<RlpItem, Error> decode_rlp(std::span<const std::uint8_t> bytes);

inline constexpr int kRlpDepthMax = 16;

}  // namespace lockstep::bench
