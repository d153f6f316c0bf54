#include "replay/import/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "replay/import/unpack.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kMembersMax = 100'000;
constexpr std::size_t kCopyBytes = 64 * 1024;

/// An open file, closed at the end.
class OpenFile {
  public:
    explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
    ~OpenFile() {
        if (descriptor_ > STDERR_FILENO) {
            ::close(descriptor_);
        }
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

Error system_error(const std::string& path, const std::string& what) {
    return {.message = what + ": " + std::strerror(errno), .file = path};
}

Result<void, Error> copy_bytes(int from, int to, const std::string& path) {
    std::array<char, kCopyBytes> buffer{};
    while (true) {
        const ssize_t count = ::read(from, buffer.data(), buffer.size());
        if (count == 0) {
            return {};
        }
        if (count < 0 && errno != EINTR) {
            return failure(system_error(path, "cannot be read"));
        }
        for (ssize_t done = 0; done < count;) {
            const ssize_t written =
                ::write(to, buffer.data() + done, static_cast<std::size_t>(count - done));
            if (written < 0 && errno != EINTR) {
                return failure(system_error(path, "cannot be copied to a temporary file"));
            }
            done += std::max<ssize_t>(written, 0);
        }
    }
}

/// Reads a pipe to its end into a file that has no name.
Result<std::shared_ptr<OpenFile>, Error> copy_of(int pipe, const std::string& path) {
    const char* const named = std::getenv("TMPDIR");
    const std::string folder = named != nullptr && *named != '\0' ? named : "/tmp";
    auto copy = std::make_shared<OpenFile>(
        ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (copy->get() < 0) {
        return failure(system_error(folder, "no temporary file can be made for a pipe"));
    }
    if (auto copied = copy_bytes(pipe, copy->get(), path); !copied) {
        return failure(copied.error());
    }
    return copy;
}

bool is_standard_input(const std::string& path) {
    return path == "-" || path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0";
}

/// The file to open in place of `path`: a copy when it is a pipe.
Result<std::shared_ptr<OpenFile>, Error> copy_unless_file(const std::string& path) {
    struct stat what {};
    const bool standard = is_standard_input(path);
    if ((standard ? ::fstat(STDIN_FILENO, &what) : ::stat(path.c_str(), &what)) != 0) {
        return failure(system_error(path, "cannot be opened"));
    }
    if (S_ISDIR(what.st_mode)) {
        return failure(Error{.message = "is a folder", .file = path});
    }
    if (S_ISREG(what.st_mode) && path != "-") {
        return std::shared_ptr<OpenFile>();
    }
    const OpenFile pipe(standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (pipe.get() < 0) {
        return failure(system_error(path, "cannot be opened"));
    }
    if (S_ISBLK(what.st_mode) || (S_ISCHR(what.st_mode) && ::isatty(pipe.get()) == 0)) {
        return failure(Error{.message = "is a device, not a file or a pipe", .file = path});
    }
    return copy_of(pipe.get(), path);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

/// True for what archives hold beside data.
bool holds_no_records(std::string_view path) {
    if (path.find("__MACOSX/") != std::string_view::npos) {
        return true;
    }
    const std::string name = lower(path.substr(path.find_last_of('/') + 1));
    const auto starts = [&](std::string_view part) { return name.starts_with(part); };
    const auto ends = [&](std::string_view part) { return name.ends_with(part); };
    return starts(".") || starts("readme") || starts("license") || starts("licence") ||
           name.find("checksum") != std::string::npos || ends(".md") || ends(".md5") ||
           ends(".sha1") || ends(".sha256") || ends(".sig") || ends(".asc");
}

/// A name without the ending of a compression.
std::string plain_name(std::string name) {
    for (const std::string_view suffix : {".gz", ".bz2", ".xz", ".zst", ".lz4"}) {
        if (name.size() > suffix.size() && name.ends_with(suffix)) {
            name.resize(name.size() - suffix.size());
            break;
        }
    }
    return name;
}

Error no_member(const std::string& path, const std::string& reason) {
    return {.code = ErrorCode::kCorrupt, .message = reason, .file = path, .offset = 0};
}

}  // namespace

Result<void, Error> InputFile::list() {
    const Result<std::unique_ptr<Unpacked>, Error> unpacked = unpack_file(place_, path_);
    if (!unpacked) {
        return failure(unpacked.error());
    }
    const std::string file_name = path_.substr(path_.find_last_of('/') + 1);
    bool archive = false;
    for (std::uint64_t index = 0;; ++index) {
        const Result<bool, Error> more = (*unpacked)->next();
        if (!more) {
            return failure(more.error());
        }
        if (!*more) {
            break;
        }
        archive = !(*unpacked)->member().empty();
        if (members_.size() == kMembersMax) {
            return failure(no_member(path_, "the archive has too many members"));
        }
        const std::string& name = archive ? (*unpacked)->member() : path_;
        if (archive && holds_no_records(name)) {
            left_out_.push_back(name);
        } else {
            members_.push_back({.name = plain_name(archive ? name : file_name), .index = index});
        }
    }
    if (members_.empty() && !archive) {  // an empty file
        members_.push_back({.name = plain_name(file_name)});
    }
    return members_.empty() ? failure(no_member(path_, "the archive holds no data files"))
                            : Result<void, Error>();
}

Result<InputFile, Error> InputFile::open(const std::string& path) {
    InputFile file;
    file.path_ = path;
    const Result<std::shared_ptr<OpenFile>, Error> copy = copy_unless_file(path);
    if (!copy) {
        return failure(copy.error());
    }
    file.copy_ = *copy;
    file.place_ = *copy ? "/proc/self/fd/" + std::to_string((*copy)->get()) : path;
    if (auto listed = file.list(); !listed) {
        return failure(listed.error());
    }
    return file;
}

Result<std::unique_ptr<ByteSource>, Error> InputFile::open_member(const InputMember& member) const {
    const std::string name = members_.size() > 1 ? path_ + "/" + member.name : path_;
    Result<std::unique_ptr<Unpacked>, Error> unpacked = unpack_file(place_, name);
    if (!unpacked) {
        return failure(unpacked.error());
    }
    for (std::uint64_t index = 0; index <= member.index; ++index) {
        const Result<bool, Error> more = (*unpacked)->next();
        if (!more) {
            return failure(more.error());
        }
        if (!*more && index < member.index) {
            return failure(no_member(path_, "the file changed between two readings"));
        }
        if (!*more) {  // an empty file
            return std::make_unique<MemorySource>(std::span<const std::byte>(), name);
        }
    }
    const bool archive = !(*unpacked)->member().empty();
    return archive ? decompress(std::move(*unpacked))
                   : Result<std::unique_ptr<ByteSource>, Error>(std::move(*unpacked));
}

}  // namespace lockstep
