#pragma once

#include <tl/expected.hpp>
#include <utility>

namespace lockstep {

/// A value or the reason why there is none; the member names are those of std::expected.
///
/// Used for conditions that a caller must handle. Bugs of ours go through LOCKSTEP_CHECK, outcomes
/// of transactions through receipts.
template <class T, class E>
using Result = tl::expected<T, E>;

/// Makes the failing side of a Result.
template <class E>
[[nodiscard]] constexpr tl::unexpected<std::decay_t<E>> failure(E&& error) {
    return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace lockstep
