#pragma once

namespace lockstep::internal {

/// Prints the failed condition with its place on stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace lockstep::internal

/// Aborts when `condition` is false, in every build. States an invariant of our own code; never
/// applied to state values inside a handler, which may see a mix of versions.
#define LOCKSTEP_CHECK(condition) \
    (static_cast<bool>(condition) \
         ? static_cast<void>(0)   \
         : ::lockstep::internal::check_failed(#condition, __FILE__, __LINE__))

/// LOCKSTEP_CHECK on paths too hot for release builds.
#ifdef NDEBUG
#define LOCKSTEP_DCHECK(condition) static_cast<void>(sizeof(static_cast<bool>(condition)))
#else
#define LOCKSTEP_DCHECK(condition) LOCKSTEP_CHECK(condition)
#endif
