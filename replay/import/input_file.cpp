#include "replay/import/input_file.hpp"

#include <zip.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace lockstep {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr zip_int64_t kZipMembersMax = 100'000;

Error corrupt_error(const std::string& path, std::uint64_t offset, const std::string& reason) {
    return {.code = ErrorCode::kCorrupt, .message = reason, .file = path, .offset = offset};
}

/// Inflates a sequence of gzip streams.
class GzipSource final : public ByteSource {
  public:
    explicit GzipSource(std::unique_ptr<ByteSource> compressed)
        : compressed_(std::move(compressed)) {
        constexpr int kGzipOnly = 15 + 16;
        ready_ = inflateInit2(&stream_, kGzipOnly) == Z_OK;
    }
    ~GzipSource() override {
        if (ready_) {
            inflateEnd(&stream_);
        }
    }

    Result<std::size_t, Error> read(std::span<std::byte> out) override {
        if (!ready_) {
            return failure(Error{.message = "out of memory", .file = name()});
        }
        std::size_t made = 0;
        while (made < out.size()) {
            if (stream_.avail_in == 0) {
                const Result<std::size_t, Error> got = refill();
                if (!got) {
                    return failure(got.error());
                }
                if (*got == 0) {
                    break;
                }
            }
            const Result<std::size_t, Error> count = inflate_some(out.subspan(made));
            if (!count) {
                return count;
            }
            made += *count;
        }
        return made;
    }
    std::optional<std::uint64_t> remaining() const override { return std::nullopt; }
    const std::string& name() const override { return compressed_->name(); }

  private:
    Result<std::size_t, Error> refill() {
        const Result<std::size_t, Error> got = compressed_->read(buffer_);
        if (!got) {
            return got;
        }
        if (*got == 0 && inside_stream_) {
            return failure(corrupt_error(name(), consumed_, "the gzip data end too early"));
        }
        consumed_ += *got;
        // tidy: allow(raw_bytes) bytes as zlib and files name them
        stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_in = static_cast<uInt>(*got);
        return got;
    }

    Result<std::size_t, Error> inflate_some(std::span<std::byte> out) {
        if (!inside_stream_) {
            inflateReset(&stream_);
            inside_stream_ = true;
        }
        const auto room = static_cast<uInt>(std::min<std::size_t>(out.size(), 1U << 30));
        // tidy: allow(raw_bytes) bytes as zlib and files name them
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = room;
        const int code = inflate(&stream_, Z_NO_FLUSH);
        if (code == Z_STREAM_END) {
            inside_stream_ = false;
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            const char* reason = stream_.msg != nullptr ? stream_.msg : "unknown reason";
            return failure(corrupt_error(name(), consumed_ - stream_.avail_in,
                                         std::string("the gzip data are damaged: ") + reason));
        }
        return static_cast<std::size_t>(room - stream_.avail_out);
    }

    std::unique_ptr<ByteSource> compressed_;
    std::array<std::byte, kChunkBytes> buffer_{};
    z_stream stream_{};
    std::uint64_t consumed_ = 0;  ///< compressed bytes handed to zlib
    bool ready_ = false;
    bool inside_stream_ = false;
};

struct ArchiveCloser {
    void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
using ArchiveHandle = std::unique_ptr<zip_t, ArchiveCloser>;

Result<ArchiveHandle, Error> open_archive(const std::string& path) {
    int code = 0;
    ArchiveHandle archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (!archive) {
        zip_error_t reason;
        zip_error_init_with_code(&reason, code);
        Error error = corrupt_error(
            path, 0, std::string("not a readable zip archive: ") + zip_error_strerror(&reason));
        zip_error_fini(&reason);
        return failure(std::move(error));
    }
    return archive;
}

class ZipMemberSource final : public ByteSource {
  public:
    ZipMemberSource(std::string name, ArchiveHandle archive, zip_file_t* file)
        : name_(std::move(name)), archive_(std::move(archive)), file_(file) {}
    ~ZipMemberSource() override { zip_fclose(file_); }

    Result<std::size_t, Error> read(std::span<std::byte> out) override {
        std::size_t made = 0;
        while (made < out.size()) {
            const zip_int64_t count = zip_fread(file_, out.data() + made, out.size() - made);
            if (count < 0) {
                return failure(
                    corrupt_error(name_, position_,
                                  std::string("damaged zip member: ") + zip_file_strerror(file_)));
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
    std::string name_;
    ArchiveHandle archive_;
    zip_file_t* file_;
    std::uint64_t position_ = 0;
};

std::string plain_member_name(const std::string& path) {
    std::string name = path.substr(path.find_last_of('/') + 1);
    if (name.size() > 3 && name.ends_with(".gz")) {
        name.resize(name.size() - 3);
    }
    return name;
}

Result<std::vector<InputMember>, Error> list_archive(const std::string& path) {
    Result<ArchiveHandle, Error> archive = open_archive(path);
    if (!archive) {
        return failure(archive.error());
    }
    const zip_int64_t count = zip_get_num_entries(archive->get(), 0);
    if (count > kZipMembersMax) {
        return failure(corrupt_error(path, 0, "the zip archive has too many members"));
    }
    std::vector<InputMember> members;
    for (zip_int64_t i = 0; i < count; ++i) {
        const auto index = static_cast<zip_uint64_t>(i);
        const char* name = zip_get_name(archive->get(), index, 0);
        if (name == nullptr) {
            return failure(corrupt_error(path, 0, "a zip member has no name"));
        }
        if (const std::string_view text = name; !text.empty() && text.back() != '/') {
            members.push_back({.name = name, .index = index});
        }
    }
    if (members.empty()) {
        return failure(corrupt_error(path, 0, "the zip archive has no members"));
    }
    return members;
}

Result<std::unique_ptr<ByteSource>, Error> open_zip_member(const InputFile& file,
                                                           const InputMember& member) {
    const std::string name =
        file.members().size() > 1 ? file.path() + "/" + member.name : file.path();
    Result<ArchiveHandle, Error> archive = open_archive(file.path());
    if (!archive) {
        return failure(archive.error());
    }
    zip_file_t* const opened = zip_fopen_index(archive->get(), member.index, 0);
    if (opened == nullptr) {
        return failure(corrupt_error(
            name, 0, std::string("cannot open the zip member: ") + zip_strerror(archive->get())));
    }
    return std::unique_ptr<ByteSource>(
        std::make_unique<ZipMemberSource>(name, std::move(*archive), opened));
}

}  // namespace

Result<InputFile, Error> InputFile::open(const std::string& path) {
    Result<std::unique_ptr<FileSource>, Error> source = FileSource::open(path);
    if (!source) {
        return failure(source.error());
    }
    std::array<std::byte, 4> head{};
    const Result<std::size_t, Error> count = (*source)->read(head);
    if (!count) {
        return failure(count.error());
    }
    // tidy: allow(raw_bytes) bytes as zlib and files name them
    const std::string_view magic(reinterpret_cast<const char*>(head.data()), *count);
    InputFile file;
    file.path_ = path;
    if (magic == std::string_view("PK\x03\x04", 4) || magic == std::string_view("PK\x05\x06", 4)) {
        Result<std::vector<InputMember>, Error> members = list_archive(path);
        if (!members) {
            return failure(members.error());
        }
        file.container_ = Container::kZip;
        file.members_ = std::move(*members);
        return file;
    }
    if (magic.starts_with("\x1f\x8b")) {
        file.container_ = Container::kGzip;
    }
    file.members_.push_back({.name = plain_member_name(path)});
    return file;
}

Result<std::unique_ptr<ByteSource>, Error> InputFile::open_member(const InputMember& member) const {
    if (container_ == Container::kZip) {
        return open_zip_member(*this, member);
    }
    Result<std::unique_ptr<FileSource>, Error> plain = FileSource::open(path_);
    if (!plain) {
        return failure(plain.error());
    }
    if (container_ == Container::kPlain) {
        return std::unique_ptr<ByteSource>(std::move(*plain));
    }
    return std::unique_ptr<ByteSource>(std::make_unique<GzipSource>(std::move(*plain)));
}

}  // namespace lockstep
