#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>

namespace lockstep {

/// Where the name of a file leads, symbolic links followed.
///
/// Role: outputs are made there, and two names are compared by it. A name may lead to something
///       that is not there yet, or to an open descriptor: "-", /dev/stdout, /dev/fd/3.
struct FilePlace {
    std::filesystem::path path = {};         ///< no symbolic link; empty for "-"
    std::optional<int> descriptor = {};      ///< of this process
    std::optional<struct stat> status = {};  ///< nothing: nothing is there
    int error = 0;                           ///< errno when it cannot be looked at
};

/// `dash`: the descriptor that "-" stands for.
[[nodiscard]] FilePlace find_place(const std::string& name, int dash);

/// True for "-", /dev/stdout and its like.
[[nodiscard]] bool is_standard_output(const std::string& name);

/// True when what is written to one is seen in, or damages, the other. Terminals, sockets and other
/// character devices keep nothing, so two names of one are no clash, unless they are one
/// descriptor.
[[nodiscard]] bool same_place(const FilePlace& a, const FilePlace& b);

}  // namespace lockstep
