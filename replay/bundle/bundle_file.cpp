#include "replay/bundle/bundle_file.hpp"

#include "replay/digest/digest_text.hpp"
#include "replay/format/end_frame.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kBundleVersion = 2;

}  // namespace

Result<BundleWriter, Error> BundleWriter::create(const std::string& path,
                                                 const DigestHeader& header) {
    auto file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    ByteWriter out;
    out.put(kBundleVersion);
    out.put_text(header.chain_id);
    put(out, header.genesis);
    put(out, header.log);
    out.put(static_cast<std::uint32_t>(header.modules.size()));
    for (const std::string& name : header.modules) {
        out.put_text(name);
    }
    BundleWriter writer(FrameWriter(std::move(*file)));
    if (auto written = writer.frames_.append(FrameType::kBundleHeader, out.bytes()); !written) {
        return failure(std::move(written.error()));
    }
    return writer;
}

Result<void, Error> BundleWriter::append(const BundleBlock& block) {
    const auto payload = encode_bundle_block(block);
    if (!payload) {
        return failure(payload.error());
    }
    ++blocks_;
    return frames_.append(FrameType::kBundleBlock, *payload);
}

Result<void, Error> BundleWriter::close() {
    return write_end(frames_, {blocks_});
}

Result<void, Error> write_bundle_file(const std::string& path, const DigestHeader& header,
                                      const BundleBlock& block) {
    auto writer = BundleWriter::create(path, header);
    if (!writer) {
        return failure(std::move(writer.error()));
    }
    if (auto written = writer->append(block); !written) {
        return written;
    }
    return writer->close();
}

Result<BundleReader, Error> BundleReader::open(const std::string& path) {
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    return open(std::move(*source));
}

Result<BundleReader, Error> BundleReader::open(std::unique_ptr<ByteSource> source) {
    BundleReader reader(std::move(source));
    if (auto read = reader.read_header(); !read) {
        return failure(std::move(read.error()));
    }
    return reader;
}

Error BundleReader::corrupt(std::string message, std::uint64_t offset) const {
    return {.code = ErrorCode::kCorrupt,
            .message = std::move(message),
            .file = frames_.name(),
            .offset = offset};
}

Result<Frame, Error> BundleReader::next_frame() {
    const std::uint64_t offset = frames_.offset();
    auto frame = frames_.next();
    if (!frame) {
        return failure(std::move(frame.error().error));
    }
    if (!*frame) {
        return failure(corrupt("the bundle ends before its last frame", offset));
    }
    return **frame;
}

Result<void, Error> BundleReader::read_header() {
    const auto frame = next_frame();
    if (!frame) {
        return failure(frame.error());
    }
    if (frame->type != FrameType::kBundleHeader) {
        return failure(corrupt("not a bundle", 0));
    }
    ByteReader in(frame->payload);
    const auto version = in.get<std::uint32_t>();
    if (version != kBundleVersion) {
        return failure(corrupt("bundle version " + std::to_string(version) +
                                   " is not supported; this build reads version " +
                                   std::to_string(kBundleVersion),
                               0));
    }
    header_.chain_id = in.get_text();
    header_.genesis = get_digest(in);
    header_.log = get_digest(in);
    const auto modules = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < modules && in.ok() && modules <= kModulesMax; ++i) {
        header_.modules.push_back(in.get_text());
    }
    if (!in.ok() || in.remaining() != 0 || header_.modules.size() != modules) {
        return failure(corrupt("the header of the bundle is malformed", 0));
    }
    return {};
}

Result<std::optional<BundleBlock>, Error> BundleReader::next() {
    if (ended_) {
        return std::nullopt;
    }
    const auto frame = next_frame();
    if (!frame) {
        return failure(frame.error());
    }
    if (frame->type == FrameType::kEnd) {
        if (auto ends = check_end(frames_, *frame, {blocks_}, "bundle"); !ends) {
            return failure(std::move(ends.error()));
        }
        ended_ = true;
        return std::nullopt;
    }
    if (frame->type != FrameType::kBundleBlock) {
        return failure(corrupt("unexpected type of frame in a bundle", frame->offset));
    }
    auto block = decode_bundle_block(frame->payload, header_.modules.size());
    if (!block) {
        block.error().file = frames_.name();
        block.error().offset = frame->offset;
        return failure(std::move(block.error()));
    }
    const std::uint64_t height = block->block.header.height;
    if (height_ && height <= *height_) {
        return failure(corrupt("the heights of the bundle do not rise", frame->offset));
    }
    height_ = height;
    ++blocks_;
    return std::move(*block);
}

bool looks_like_bundle(std::span<const std::byte> bytes) {
    ByteReader in(bytes);
    const auto magic = in.get<std::uint32_t>();
    (void)in.get<std::uint16_t>();
    const auto type = in.get<std::uint16_t>();
    return in.ok() && magic == kFrameMagic &&
           static_cast<FrameType>(type) == FrameType::kBundleHeader;
}

}  // namespace lockstep
