#include "replay/format/file_place.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>

namespace lockstep {
namespace {

constexpr int kLinksMax = 40;  // as the kernel follows

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : ".";
}

/// The number of an entry of /proc/self/fd, under whatever name of that folder.
std::optional<int> descriptor_of(const std::filesystem::path& path) {
    const std::string name = path.filename();
    int number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (name.empty() || failed != std::errc() || end != name.data() + name.size() || number < 0) {
        return std::nullopt;
    }
    std::error_code ignored;
    const std::string folder = std::filesystem::canonical(folder_of(path), ignored);
    const bool own = folder.starts_with("/proc/" + std::to_string(::getpid()) + "/");
    return own && folder.ends_with("/fd") ? std::optional(number) : std::nullopt;
}

}  // namespace

FilePlace find_place(const std::string& name, int dash) {
    FilePlace out;
    if (name == "-") {
        out.descriptor = dash;
    } else {
        out.path = name;
        for (int links = 0; links < kLinksMax; ++links) {
            std::error_code failed;
            out.descriptor = descriptor_of(out.path);
            const auto target = std::filesystem::read_symlink(out.path, failed);
            if (out.descriptor || failed) {
                break;
            }
            out.path = out.path.parent_path() / target;
        }
    }
    struct stat status = {};
    if ((out.descriptor ? ::fstat(*out.descriptor, &status) : ::stat(out.path.c_str(), &status)) ==
        0) {
        out.status = status;
    } else if (out.descriptor || errno != ENOENT) {
        out.error = errno;
    }
    return out;
}

bool is_standard_output(const std::string& name) {
    return find_place(name, STDOUT_FILENO).descriptor == STDOUT_FILENO;
}

bool same_place(const FilePlace& a, const FilePlace& b) {
    if (a.descriptor && a.descriptor == b.descriptor) {
        return true;
    }
    if (a.status && b.status) {
        return a.status->st_dev == b.status->st_dev && a.status->st_ino == b.status->st_ino &&
               !S_ISCHR(a.status->st_mode) && !S_ISSOCK(a.status->st_mode);
    }
    std::error_code ignored;
    return !a.status && !b.status && a.error == 0 && b.error == 0 &&
           a.path.filename() == b.path.filename() &&
           std::filesystem::equivalent(folder_of(a.path), folder_of(b.path), ignored);
}

}  // namespace lockstep
