#include "replay/command/report_error.hpp"

#include <iostream>

#include "replay/command/terminal_text.hpp"

namespace lockstep {
namespace {

const char* kind_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::kUsage:
            return "usage";
        case ErrorCode::kDivergence:
            return "divergence";
        case ErrorCode::kCorrupt:
            return "invalid input";
        case ErrorCode::kInvariant:
            return "invariant broken";
        case ErrorCode::kEnvironment:
            return "environment";
    }
    return "error";
}

}  // namespace

int report_error(const Error& error) {
    std::cerr << "lockstep: " << kind_name(error.code) << ": " << terminal_text(error.describe())
              << '\n';
    return static_cast<int>(error.code);
}

}  // namespace lockstep
