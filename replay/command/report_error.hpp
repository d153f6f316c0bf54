#pragma once

#include "engine/base/error.hpp"

namespace lockstep {

/// Prints `lockstep: <kind>: <place>: <reason>` on stderr and returns the exit code of the class.
int report_error(const Error& error);

}  // namespace lockstep
