// Prints what the bare machine must print, from the serial executor.

#include <cstdio>

#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"
#include "tests/freestanding/guest_blocks.hpp"
#include "tests/freestanding/guest_report.hpp"

int main() {
    using lockstep::Venue;
    const Venue venue;
    lockstep::StateStore<Venue> store;
    lockstep::SerialExecutor<Venue> executor(venue, store);
    bool ok = true;
    lockstep::test::for_each_guest_block([&](const lockstep::LogBlock& block) {
        const auto result = executor.execute(block);
        ok = ok && result.has_value();
        if (result) {
            std::fputs(lockstep::test::guest_line(*result).c_str(), stdout);
        }
    });
    return ok ? 0 : 1;
}
