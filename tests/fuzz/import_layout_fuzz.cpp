#include "tests/fuzz/import_check.hpp"
#include "tests/fuzz/zip_archive.hpp"
#include "tests/import/layout_samples.hpp"

namespace lockstep::fuzz {
namespace {

const std::vector<test::LayoutSample>& samples() {
    static const std::vector<test::LayoutSample> kSamples = test::layout_samples();
    return kSamples;
}

}  // namespace

/// The first byte of an input is the number of a layout, the rest a file of it.
std::vector<Bytes> fuzz_seeds() {
    std::vector<Bytes> seeds;
    for (std::size_t i = 0; i < samples().size(); ++i) {
        Bytes& seed = seeds.emplace_back(as_bytes(samples()[i].content));
        seed.insert(seed.begin(), static_cast<std::byte>(i));
    }
    return seeds;
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    if (size == 0) {
        return 0;
    }
    const auto& sample = samples()[data[0] % samples().size()];
    const std::string content(as_text(input_bytes(data + 1, size - 1)));
    // In an archive, so that it has the name that some layouts read.
    check_import(sample.layout, zip_archive({{sample.file, content}}), sample.symbol);
    return 0;
}
