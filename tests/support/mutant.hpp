#pragma once

namespace lockstep::test {

/// The change to the code under test that is switched on; 0: none. Included by force into what is
/// built from changed headers.
inline int active_mutant = 0;
inline bool mutant(int number) noexcept {
    return active_mutant == number;
}

}  // namespace lockstep::test
