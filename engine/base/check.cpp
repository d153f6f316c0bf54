#include "engine/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace lockstep::internal {

void check_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "lockstep: broken invariant: %s (%s:%d)\n", condition, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace lockstep::internal
