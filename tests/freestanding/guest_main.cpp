// The program of the bare machine: replays the blocks, prints a line for each.

#include "tests/freestanding/guest_blocks.hpp"
#include "tests/freestanding/guest_executor.hpp"
#include "tests/freestanding/guest_report.hpp"

extern "C" void guest_put(const char* text, unsigned long size);
extern "C" void guest_main() {
    lockstep::test::GuestExecutor executor;
    lockstep::test::for_each_guest_block([&](const lockstep::LogBlock& block) {
        const auto line = lockstep::test::guest_line(executor.execute(block));
        guest_put(line.data(), line.size());
    });
}
