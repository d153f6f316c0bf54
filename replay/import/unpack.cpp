#include "replay/import/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

#include "replay/import/gzip_source.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kUnpackBytes = 64 * 1024;
constexpr std::size_t kHeadBytes = 2;

/// A source whose first bytes were looked at.
class HeadedSource final : public ByteSource {
  public:
    HeadedSource(std::unique_ptr<ByteSource> rest, std::string name)
        : rest_(std::move(rest)), name_(std::move(name)) {}

    /// Looks at the first bytes. Call once, first.
    Result<bool, Error> is_gzip() {
        const Result<std::size_t, Error> count = rest_->read(head_);
        if (!count) {
            return failure(count.error());
        }
        left_ = std::span(head_).first(*count);
        return *count == kHeadBytes && head_[0] == std::byte{0x1f} && head_[1] == std::byte{0x8b};
    }

    Result<std::size_t, Error> read(std::span<std::byte> out) override {
        const std::size_t mine = std::min(out.size(), left_.size());
        std::copy_n(left_.begin(), mine, out.begin());
        left_ = left_.subspan(mine);
        const Result<std::size_t, Error> count = rest_->read(out.subspan(mine));
        return count ? Result<std::size_t, Error>(mine + *count) : count;
    }
    std::optional<std::uint64_t> remaining() const override { return std::nullopt; }
    const std::string& name() const override { return name_; }

  private:
    std::unique_ptr<ByteSource> rest_;
    std::string name_;
    std::array<std::byte, kHeadBytes> head_{};
    std::span<std::byte> left_;
};

struct ArchiveCloser {
    void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<archive, ArchiveCloser>;

class LibarchiveSource final : public Unpacked {
  public:
    explicit LibarchiveSource(std::string name)
        : handle_(archive_read_new()), name_(std::move(name)) {}

    /// Takes a file, in which it may seek, or a source.
    Result<void, Error> open(const std::string& path, std::unique_ptr<ByteSource> source,
                             bool archives) {
        archive* const handle = handle_.get();
        if (handle == nullptr) {
            return failure(Error{.message = "out of memory", .file = name_});
        }
        // Named one by one: the rest would start programs.
        archive_read_support_filter_gzip(handle);
        archive_read_support_filter_bzip2(handle);
        archive_read_support_filter_xz(handle);
        archive_read_support_filter_zstd(handle);
        archive_read_support_filter_lz4(handle);
        if (archives) {
            archive_read_support_format_zip(handle);
            archive_read_support_format_tar(handle);
        }
        archive_read_support_format_raw(handle);
        archive_read_support_format_empty(handle);
        source_ = std::move(source);
        const int code =
            source_ ? archive_read_open(handle, this, nullptr, &LibarchiveSource::give, nullptr)
                    : archive_read_open_filename(handle, path.c_str(), kUnpackBytes);
        return code == ARCHIVE_OK ? Result<void, Error>() : failure(error("cannot be opened"));
    }

    Result<bool, Error> next() override {
        while (true) {
            archive_entry* entry = nullptr;
            const int code = archive_read_next_header(handle_.get(), &entry);
            if (code == ARCHIVE_EOF) {
                return false;
            }
            if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
                return failure(error("damaged archive or compression"));
            }
            position_ = 0;
            const bool plain =
                (archive_format(handle_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_RAW;
            if (!plain && archive_entry_filetype(entry) != AE_IFREG) {
                continue;
            }
            const char* member = plain ? "" : archive_entry_pathname_utf8(entry);
            if (member == nullptr) {  // neither UTF-8 nor told to be
                member = archive_entry_pathname(entry);
            }
            if (member == nullptr) {
                return failure(error("a member has no readable name"));
            }
            member_ = member;
            return true;
        }
    }
    const std::string& member() const override { return member_; }

    Result<std::size_t, Error> read(std::span<std::byte> out) override {
        std::size_t made = 0;
        while (made < out.size()) {
            const la_ssize_t count =
                archive_read_data(handle_.get(), out.data() + made, out.size() - made);
            if (count < 0) {
                return failure(error("damaged archive or compression"));
            }
            if (count == 0) {
                break;
            }
            made += static_cast<std::size_t>(count);
            position_ += static_cast<std::uint64_t>(count);
        }
        return made;
    }
    std::optional<std::uint64_t> remaining() const override { return std::nullopt; }
    const std::string& name() const override { return name_; }

  private:
    static la_ssize_t give(archive* handle, void* self, const void** bytes) {
        auto& source = *static_cast<LibarchiveSource*>(self);
        const Result<std::size_t, Error> count = source.source_->read(source.buffer_);
        if (!count) {
            source.cause_ = count.error();
            archive_set_error(handle, EIO, "cannot be read");
            return -1;
        }
        *bytes = source.buffer_.data();
        return static_cast<la_ssize_t>(*count);
    }

    /// What the source below said, else what libarchive says.
    Error error(const std::string& what) const {
        if (cause_) {
            return *cause_;
        }
        const char* const reason = archive_error_string(handle_.get());
        return {.code = ErrorCode::kCorrupt,
                .message = what + ": " + (reason != nullptr ? reason : "unknown reason"),
                .file = name_,
                .offset = position_};
    }

    ArchiveHandle handle_;
    std::string name_;
    std::string member_;
    std::unique_ptr<ByteSource> source_;
    std::array<std::byte, kUnpackBytes> buffer_{};
    std::optional<Error> cause_;
    std::uint64_t position_ = 0;  ///< in the member
};

Result<std::unique_ptr<Unpacked>, Error> open_libarchive(const std::string& path,
                                                         std::unique_ptr<ByteSource> source,
                                                         const std::string& name, bool archives) {
    auto unpacked = std::make_unique<LibarchiveSource>(name);
    if (auto opened = unpacked->open(path, std::move(source), archives); !opened) {
        return failure(opened.error());
    }
    return unpacked;
}

}  // namespace

Result<std::unique_ptr<Unpacked>, Error> unpack_file(const std::string& path,
                                                     const std::string& name) {
    Result<std::unique_ptr<FileSource>, Error> file = FileSource::open(path);
    if (!file) {
        file.error().file = name;
        return failure(file.error());
    }
    auto headed = std::make_unique<HeadedSource>(std::move(*file), name);
    const Result<bool, Error> gzip = headed->is_gzip();
    if (!gzip) {
        return failure(gzip.error());
    }
    return open_libarchive(path, *gzip ? inflate_gzip(std::move(headed)) : nullptr, name, true);
}

Result<std::unique_ptr<ByteSource>, Error> decompress(std::unique_ptr<ByteSource> source) {
    const std::string name = source->name();
    auto headed = std::make_unique<HeadedSource>(std::move(source), name);
    const Result<bool, Error> gzip = headed->is_gzip();
    if (!gzip) {
        return failure(gzip.error());
    }
    if (*gzip) {
        return inflate_gzip(std::move(headed));
    }
    auto unpacked = open_libarchive("", std::move(headed), name, false);
    if (!unpacked) {
        return failure(unpacked.error());
    }
    if (const auto some = (*unpacked)->next(); !some) {
        return failure(some.error());
    }
    return std::unique_ptr<ByteSource>(std::move(*unpacked));
}

}  // namespace lockstep
