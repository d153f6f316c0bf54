#include "replay/command/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <system_error>

namespace lockstep {
namespace {

constexpr std::size_t kPendingMax = std::size_t{1} << 16;

/// A handler, unlike an ignored signal, does not reach the commands that this one starts.
void do_nothing(int /*signal*/) {}

void handle(int signal) {
    struct sigaction action = {};
    action.sa_handler = do_nothing;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

StandardStreams::StandardStreams() {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
        if (::fcntl(descriptor, F_GETFD) < 0) {
            // Takes the lowest free number, which is this one. The wrong direction is meant.
            (void)::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
    handle(SIGPIPE);
    handle(SIGXFSZ);
    before_ = std::cout.rdbuf(this);
}

StandardStreams::~StandardStreams() {
    std::cout.rdbuf(before_);
}

StandardStreams::int_type StandardStreams::overflow(int_type character) {
    const char text = traits_type::to_char_type(character);
    return xsputn(&text, 1) == 1 ? traits_type::not_eof(character) : traits_type::eof();
}

std::streamsize StandardStreams::xsputn(const char* text, std::streamsize size) {
    pending_.append(text, static_cast<std::size_t>(size));
    return pending_.size() < kPendingMax || sync() == 0 ? size : 0;
}

int StandardStreams::sync() {
    std::size_t done = 0;
    while (first_error_ == 0 && done < pending_.size()) {
        const ssize_t count =
            ::write(STDOUT_FILENO, pending_.data() + done, pending_.size() - done);
        if (count >= 0) {
            done += static_cast<std::size_t>(count);
        } else if (errno != EINTR) {
            first_error_ = errno;
        }
    }
    pending_.clear();
    return first_error_ == 0 ? 0 : -1;
}

Result<void, Error> StandardStreams::finish() {
    if (sync() != 0) {
        return failure(
            Error{.message = "cannot write: " + std::generic_category().message(first_error_),
                  .file = "standard output"});
    }
    return {};
}

}  // namespace lockstep
