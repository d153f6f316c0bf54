#include "replay/format/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace lockstep {
namespace {

constexpr mode_t kNewFileMode = 0666;  // less the umask

std::string folder_of(const FilePlace& place) {
    return place.path.has_parent_path() ? place.path.parent_path().string() : ".";
}

/// A name in the same folder that nobody else comes upon.
std::string own_name(const FilePlace& place) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
    std::array<unsigned char, 16> random{};
    (void)::getrandom(random.data(), random.size(), 0);  // a name that is taken is refused
    std::string name = ".lockstep-";
    for (const unsigned char byte : random) {
        name += kLetters[byte % kLetters.size()];
    }
    return folder_of(place) + '/' + name;
}

std::string entry_of(int descriptor) {
    return "/proc/self/fd/" + std::to_string(descriptor);
}

int open_folder(const FilePlace& place) {
    return ::open(folder_of(place).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/// Makes a rename in the folder durable. Folders that cannot be opened are left alone.
bool sync_folder(const FilePlace& place) {
    const int descriptor = open_folder(place);
    if (descriptor < 0) {
        return true;
    }
    const bool ok = ::fsync(descriptor) == 0 || errno == EINVAL;
    ::close(descriptor);
    return ok;
}

}  // namespace

void OutputFile::Discard::operator()(std::FILE* file) const noexcept {
    std::fclose(file);
    if (!partial.empty()) {
        ::unlink(partial.c_str());
    }
}

/// What is there and is no regular file. errno says why there is none.
OutputFile::File OutputFile::open_existing(const FilePlace& place) {
    const int descriptor = place.descriptor
                               ? ::fcntl(*place.descriptor, F_DUPFD_CLOEXEC, 0)
                               : ::open(place.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
        return nullptr;
    }
    std::FILE* const file = ::fdopen(descriptor, "wb");
    if (file == nullptr) {
        ::close(descriptor);
        errno = EBADF;  // what write says of a descriptor that is open for reading only
    }
    return File(file);
}

/// A new file in the folder of `place`. errno says why there is none.
OutputFile::File OutputFile::open_unnamed(const FilePlace& place) {
    if (!place.path.has_filename()) {
        errno = EISDIR;
        return nullptr;
    }
    if (place.status && ::access(place.path.c_str(), W_OK) != 0) {
        return nullptr;
    }
    Discard discard;
    int descriptor = -1;
    if (::access(entry_of(0).c_str(), F_OK) == 0) {
        descriptor =
            ::open(folder_of(place).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, kNewFileMode);
    }
    if (descriptor < 0) {  // not on every file system
        discard.partial = own_name(place);
        descriptor =
            ::open(discard.partial.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kNewFileMode);
    }
    return {descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb"), std::move(discard)};
}

Result<OutputFile, Error> OutputFile::create(const std::string& path) {
    FilePlace place = find_place(path, STDOUT_FILENO);
    std::string name = path == "-" ? "standard output" : path;
    if (place.status && S_ISDIR(place.status->st_mode)) {
        return failure(Error{.message = "is a directory", .file = name});
    }
    const bool named = !place.descriptor && (!place.status || S_ISREG(place.status->st_mode));
    errno = place.error;
    File file;
    if (place.error == 0) {
        file = named ? open_unnamed(place) : open_existing(place);
    }
    if (file == nullptr) {
        return failure(Error{.message = "cannot create: " + std::generic_category().message(errno),
                             .file = name});
    }
    return OutputFile(std::move(name), std::move(place), named, std::move(file));
}

Error OutputFile::error(const char* what) {
    if (first_error_ == 0) {
        first_error_ = errno == 0 ? EIO : errno;
    }
    return {.message = std::string(what) + ": " + std::generic_category().message(first_error_),
            .file = path_};
}

Result<void, Error> OutputFile::write(std::span<const std::byte> bytes) {
    if (first_error_ != 0 || file_ == nullptr ||
        std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
        return failure(error("cannot write"));
    }
    return {};
}

/// Gives the new file the permissions, and where allowed the owner, of the one that it replaces.
bool OutputFile::take_mode() const {
    if (!place_.status) {
        return true;
    }
    const int descriptor = ::fileno(file_.get());
    const bool owned = ::fchown(descriptor, place_.status->st_uid, place_.status->st_gid) == 0;
    const mode_t mode = place_.status->st_mode & (owned ? 07777U : 0777U);
    return ::fchmod(descriptor, mode) == 0;
}

bool OutputFile::take_name() {
    std::string& partial = file_.get_deleter().partial;
    if (partial.empty()) {
        const std::string name = own_name(place_);
        if (::linkat(AT_FDCWD, entry_of(::fileno(file_.get())).c_str(), AT_FDCWD, name.c_str(),
                     AT_SYMLINK_FOLLOW) != 0) {
            return false;
        }
        partial = name;
    }
    if (::rename(partial.c_str(), place_.path.c_str()) != 0) {
        return false;
    }
    partial.clear();
    return true;
}

Result<void, Error> OutputFile::commit() {
    if (first_error_ != 0 || file_ == nullptr || std::fflush(file_.get()) != 0) {
        return failure(error("cannot write"));
    }
    if (!named_) {
        file_.reset();
        return {};
    }
    if (!take_mode()) {
        return failure(error("cannot set its permissions"));
    }
    if (::fsync(::fileno(file_.get())) != 0) {
        return failure(error("cannot synchronise"));
    }
    if (!take_name()) {
        return failure(error("cannot rename"));
    }
    file_.reset();
    if (!sync_folder(place_)) {
        return failure(error("cannot synchronise the folder"));
    }
    return {};
}

FolderLock::FolderLock(const std::string& path)
    : descriptor_(open_folder(find_place(path, STDOUT_FILENO))) {
    (void)::flock(descriptor_, LOCK_EX);
}

FolderLock::~FolderLock() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Result<void, Error> write_file(const std::string& path, std::string_view text) {
    Result<OutputFile, Error> file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    if (auto written = file->write(text); !written) {
        return written;
    }
    return file->commit();
}

}  // namespace lockstep
