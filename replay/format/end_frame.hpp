#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "replay/format/frame.hpp"

namespace lockstep {

/// Appends the end frame and gives the file its name. The frame holds totals of what stands before
/// it, so that a cut between two frames is seen.
[[nodiscard]] Result<void, Error> write_end(FrameWriter& frames,
                                            std::initializer_list<std::uint64_t> totals);

/// Checks an end frame against what was read, and that the file ends with it. `kind` is what the
/// file is called in messages. Errors: kCorrupt; those of the source.
[[nodiscard]] Result<void, Error> check_end(FrameReader& frames, const Frame& end,
                                            std::initializer_list<std::uint64_t> totals,
                                            std::string_view kind);

}  // namespace lockstep
