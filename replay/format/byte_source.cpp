#include "replay/format/byte_source.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace lockstep {
namespace {

std::string reason(int error_number) {
    return std::generic_category().message(error_number);
}

}  // namespace

Result<std::unique_ptr<FileSource>, Error> FileSource::open(const std::string& path) {
    const bool standard_input = path == "-";
    std::string name = standard_input ? "standard input" : path;
    std::FILE* const file = standard_input ? stdin : std::fopen(path.c_str(), "rb");
    if (file == nullptr) {
        return failure(Error{.message = "cannot open: " + reason(errno), .file = name});
    }
    std::unique_ptr<FileSource> source(new FileSource(file, std::move(name), std::nullopt));
    struct stat status = {};
    if (::fstat(::fileno(file), &status) != 0) {
        return failure(Error{.message = "cannot stat: " + reason(errno), .file = source->name_});
    }
    if (S_ISDIR(status.st_mode)) {
        return failure(Error{.message = "is a directory", .file = source->name_});
    }
    if (S_ISREG(status.st_mode) && !standard_input) {
        source->size_ = static_cast<std::uint64_t>(status.st_size);
    }
    return source;
}

Result<void, Error> ByteSource::skip(std::uint64_t count) {
    std::vector<std::byte> dropped(std::size_t{1} << 16);
    for (std::uint64_t left = count; left > 0;) {
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, dropped.size()));
        const auto got = read(std::span(dropped).first(want));
        if (!got) {
            return failure(got.error());
        }
        if (*got < want) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "ends before the place where it was to be read on",
                                 .file = name()});
        }
        left -= want;
    }
    return {};
}

FileSource::~FileSource() {
    if (file_ != stdin) {
        std::fclose(file_);
    }
}

Result<std::size_t, Error> FileSource::read(std::span<std::byte> out) {
    const std::size_t count = std::fread(out.data(), 1, out.size(), file_);
    if (count < out.size() && std::ferror(file_) != 0) {
        return failure(Error{
            .message = "cannot read: " + reason(errno), .file = name_, .offset = taken_ + count});
    }
    taken_ += count;
    return count;
}

Result<void, Error> FileSource::skip(std::uint64_t count) {
    const auto left = remaining();
    // What is no regular file, or too short, is read through.
    if (!left || count > *left || ::fseeko(file_, static_cast<off_t>(count), SEEK_CUR) != 0) {
        return ByteSource::skip(count);
    }
    taken_ += count;
    return {};
}

std::optional<std::uint64_t> FileSource::remaining() const {
    if (!size_) {
        return std::nullopt;
    }
    return *size_ > taken_ ? *size_ - taken_ : 0;
}

Result<std::size_t, Error> MemorySource::read(std::span<std::byte> out) {
    const std::size_t count = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), count, out.begin());
    rest_ = rest_.subspan(count);
    return count;
}

}  // namespace lockstep
