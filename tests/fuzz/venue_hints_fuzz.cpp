#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/random_seeds.hpp"
#include "tests/fuzz/venue_stream.hpp"

namespace lockstep::fuzz {

std::vector<Bytes> fuzz_seeds() {
    return random_seeds(6, 300);
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    FuzzInput in(input_bytes(data, size));
    check_venue_stream(in, true);
    return 0;
}
