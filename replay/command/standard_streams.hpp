#pragma once

#include <streambuf>
#include <string>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// Standard output as the command needs it: what cannot be printed is an error with a reason.
///
/// Role: one object in main(). While it lives, std::cout writes through it; a reader that went away
///       and a file that may not grow are errors of the write and end no process. Descriptors 0 to
///       2 that were closed refuse to be read or written, and no file that is opened gets them.
class StandardStreams final : private std::streambuf {
  public:
    StandardStreams();
    StandardStreams(const StandardStreams&) = delete;
    StandardStreams& operator=(const StandardStreams&) = delete;
    ~StandardStreams() override;

    /// Prints what is left. Errors: kEnvironment when any of it could not be printed.
    [[nodiscard]] Result<void, Error> finish();

  private:
    int_type overflow(int_type character) override;
    std::streamsize xsputn(const char* text, std::streamsize size) override;
    int sync() override;

    std::streambuf* before_;
    std::string pending_;
    int first_error_ = 0;
};

}  // namespace lockstep
