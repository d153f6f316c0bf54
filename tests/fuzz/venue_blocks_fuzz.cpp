#include "engine/base/random.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/venue_stream.hpp"

namespace lockstep::fuzz {

/// Random bytes are as good as any: every input means something.
std::vector<Bytes> fuzz_seeds() {
    std::vector<Bytes> out;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        Random random(seed);
        Bytes& input = out.emplace_back();
        for (std::uint64_t i = 0; i < 300 * (seed + 1); ++i) {
            input.push_back(static_cast<std::byte>(random.next()));
        }
    }
    return out;
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    FuzzInput in(input_bytes(data, size));
    check_venue_stream(in, false);
    return 0;
}
