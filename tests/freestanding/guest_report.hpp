#pragma once

#include <string>

#include "engine/contract/block.hpp"

namespace lockstep::test {

/// One line per block: state digest and block digest.
[[nodiscard]] inline std::string guest_line(const BlockResult& result) {
    return "state " + result.state.hex() + " block " + result.block.hex() + "\n";
}

}  // namespace lockstep::test
