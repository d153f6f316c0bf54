#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz_target.hpp"

namespace lockstep::fuzz {

/// Imports a file of recorded data and executes the log. What must hold: bad data end the import
/// with an error and a reason; else the same file gives the same log, the venue applies every
/// transaction of it, there is one trade event per trade, and the invariants hold.
/// `symbol` is for layouts that take it from the name of the file.
void check_import(std::string_view format, std::span<const std::byte> file,
                  std::string_view symbol = {});

}  // namespace lockstep::fuzz
