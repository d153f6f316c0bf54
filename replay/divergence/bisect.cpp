#include "replay/divergence/bisect.hpp"

#include <sys/wait.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <vector>

namespace lockstep {
namespace {

constexpr std::size_t kOutputMax = std::size_t{16} << 20;

/// What the command prints on standard output.
Result<std::string, Error> output_of(const std::string& command) {
    const auto failed = [&](const char* what) {
        return failure(Error{.code = ErrorCode::kEnvironment, .message = what, .file = command});
    };
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) {
        return failed("the command cannot be started");
    }
    std::string out;
    std::array<char, 4096> part{};
    while (out.size() < kOutputMax) {
        const std::size_t got = std::fread(part.data(), 1, part.size(), pipe);
        if (got == 0) {
            break;
        }
        out.append(part.data(), got);
    }
    const int status = ::pclose(pipe);
    if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return failed("the command failed");
    }
    return out;
}

/// The words of 32 hexadecimal digits in a text.
std::vector<Digest> digests_in(const std::string& text) {
    std::vector<Digest> out;
    std::string word;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0) {
            word += text[i];
            continue;
        }
        if (const auto digest = Digest::from_hex(word)) {
            out.push_back(*digest);
        }
        word.clear();
    }
    return out;
}

}  // namespace

Result<Bisection, Error> bisect(std::span<const HeightDigests> own, const AgreementOracle& agrees) {
    Bisection out;
    if (own.empty()) {
        return out;
    }
    std::size_t equal = 0;             // so many blocks from the front are known to agree
    std::size_t unequal = own.size();  // this block, counted from 1, does not
    auto answer = agrees(own.back());
    ++out.questions;
    if (answer && *answer) {
        return out;
    }
    while (answer && unequal - equal > 1) {
        const std::size_t middle = equal + (unequal - equal) / 2;
        answer = agrees(own[middle - 1]);
        ++out.questions;
        if (answer) {
            (*answer ? equal : unequal) = middle;
        }
    }
    if (!answer) {
        return failure(std::move(answer.error()));
    }
    out.block = own[unequal - 1].height;
    return out;
}

AgreementOracle command_oracle(std::string command) {
    return [command = std::move(command)](const HeightDigests& own) -> Result<bool, Error> {
        const std::string line = command + ' ' + std::to_string(own.height);
        const auto text = output_of(line);
        if (!text) {
            return failure(text.error());
        }
        const std::vector<Digest> digests = digests_in(*text);
        if (digests.empty()) {
            return failure(Error{.code = ErrorCode::kEnvironment,
                                 .message = "the command prints no digest of 32 hexadecimal digits",
                                 .file = line});
        }
        for (const Digest& digest : digests) {
            if (digest == own.state || digest == own.block) {
                return true;
            }
        }
        return false;
    };
}

}  // namespace lockstep
