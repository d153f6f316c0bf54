#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// One input through the target; returns 0. A finding aborts the process. Every target is one file
/// that defines this function and fuzz_seeds(); libFuzzer or replay_corpus.cpp brings the main.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lockstep::fuzz {

using Bytes = std::vector<std::byte>;

/// Inputs that a corpus starts from: made by the project's own generators, the same in every run.
[[nodiscard]] std::vector<Bytes> fuzz_seeds();

[[noreturn]] inline void finding(std::string_view what) {
    std::fprintf(stderr, "finding: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

/// What must hold for every input.
inline void require(bool holds, std::string_view what) {
    if (!holds) {
        finding(what);
    }
}

[[nodiscard]] inline std::span<const std::byte> input_bytes(const std::uint8_t* data,
                                                            std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

}  // namespace lockstep::fuzz
