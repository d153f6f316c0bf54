#include "replay/import/gzip_source.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace lockstep {
namespace {

constexpr std::size_t kGzipChunkBytes = 64 * 1024;

Error gzip_error(const std::string& path, std::uint64_t offset, const std::string& reason) {
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
            return failure(gzip_error(name(), consumed_, "the gzip data end too early"));
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
            return failure(gzip_error(name(), consumed_ - stream_.avail_in,
                                      std::string("the gzip data are damaged: ") + reason));
        }
        return static_cast<std::size_t>(room - stream_.avail_out);
    }

    std::unique_ptr<ByteSource> compressed_;
    std::array<std::byte, kGzipChunkBytes> buffer_{};
    z_stream stream_{};
    std::uint64_t consumed_ = 0;  ///< compressed bytes handed to zlib
    bool ready_ = false;
    bool inside_stream_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> inflate_gzip(std::unique_ptr<ByteSource> compressed) {
    return std::make_unique<GzipSource>(std::move(compressed));
}

}  // namespace lockstep
