#include "replay/format/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace lockstep {
namespace {

/// Makes a rename in the folder of `path` durable. Folders that cannot be opened are left alone.
bool sync_folder(const std::string& path) {
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (folder.empty()) {
        folder = ".";
    }
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return true;
    }
    const bool ok = ::fsync(descriptor) == 0 || errno == EINVAL;
    ::close(descriptor);
    return ok;
}

}  // namespace

void OutputFile::Discard::operator()(std::FILE* file) const noexcept {
    if (file == stdout) {
        return;
    }
    std::fclose(file);
    if (!partial.empty()) {
        std::remove(partial.c_str());
    }
}

Result<OutputFile, Error> OutputFile::create(const std::string& path) {
    if (path == "-") {
        return OutputFile("standard output", {stdout, Discard{}});
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return failure(Error{.message = "is a directory", .file = path});
    }
    const std::string partial = path + ".partial";
    std::FILE* const file = std::fopen(partial.c_str(), "wb");
    if (file == nullptr) {
        return failure(Error{.message = "cannot create: " + std::generic_category().message(errno),
                             .file = path});
    }
    return OutputFile(path, {file, Discard{partial}});
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

Result<void, Error> OutputFile::commit() {
    if (first_error_ != 0 || file_ == nullptr || std::fflush(file_.get()) != 0) {
        return failure(error("cannot write"));
    }
    if (file_.get() == stdout) {
        return {};
    }
    std::string& partial = file_.get_deleter().partial;
    // Devices such as /dev/full have nothing to synchronise; they answer EINVAL.
    if (::fdatasync(::fileno(file_.get())) != 0 && errno != EINVAL) {
        return failure(error("cannot synchronise"));
    }
    if (std::rename(partial.c_str(), path_.c_str()) != 0) {
        return failure(error("cannot rename"));
    }
    partial.clear();
    file_.reset();
    if (!sync_folder(path_)) {
        return failure(error("cannot synchronise the folder"));
    }
    return {};
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
