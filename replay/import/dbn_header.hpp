#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "replay/format/byte_source.hpp"

namespace lockstep {

/// What the head of a Databento Binary Encoding file tells: which symbols the instrument numbers
/// of its records stand for. Versions 1 to 3, as the format's documentation describes them.
class DbnHeader {
  public:
    /// Reads the head; the source then stands at the first record. Errors: kCorrupt.
    [[nodiscard]] static Result<DbnHeader, Error> read(ByteSource& source);

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// Of an instrument at a time, in nanoseconds since 1970; empty when it is not told.
    [[nodiscard]] std::string_view symbol(std::uint64_t instrument, std::uint64_t time_ns) const;

  private:
    struct Name {
        std::int64_t first_day = 0;  ///< since 1970
        std::int64_t end_day = 0;    ///< the first day on which it does not stand
        std::string symbol;
    };
    std::uint64_t bytes_ = 0;
    std::map<std::uint64_t, std::vector<Name>> names_;
};

}  // namespace lockstep
