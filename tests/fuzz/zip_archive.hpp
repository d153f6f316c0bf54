#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/bytes.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace lockstep::fuzz {

/// A member of an archive: name and content.
using ZipMember = std::pair<std::string, std::string>;

/// A zip archive whose members are stored as they are.
[[nodiscard]] inline Bytes zip_archive(const std::vector<ZipMember>& members) {
    ByteWriter out;
    ByteWriter directory;
    const auto fields = [](ByteWriter& into, const ZipMember& member) {
        const auto& [name, content] = member;
        const auto size = static_cast<std::uint32_t>(content.size());
        into.put(std::uint16_t{20});           // version needed
        into.put(std::uint16_t{0});            // flags
        into.put(std::uint16_t{0});            // method: stored
        into.put(std::uint32_t{0x5a21'0000});  // date and time
        into.put(static_cast<std::uint32_t>(   // check
            crc32(0, reinterpret_cast<const Bytef*>(content.data()), size)));
        into.put(size);  // compressed
        into.put(size);
        into.put(static_cast<std::uint16_t>(name.size()));
        into.put(std::uint16_t{0});  // extra field
    };
    for (const ZipMember& member : members) {
        const auto offset = static_cast<std::uint32_t>(out.size());
        out.put(std::uint32_t{0x0403'4b50});
        fields(out, member);
        out.append(std::as_bytes(std::span(member.first)));
        out.append(std::as_bytes(std::span(member.second)));
        directory.put(std::uint32_t{0x0201'4b50});
        directory.put(std::uint16_t{20});  // version made by
        fields(directory, member);
        directory.put(std::uint16_t{0});  // comment
        directory.put(std::uint16_t{0});  // disk
        directory.put(std::uint16_t{0});  // internal attributes
        directory.put(std::uint32_t{0});  // external attributes
        directory.put(offset);
        directory.append(std::as_bytes(std::span(member.first)));
    }
    const auto begin = static_cast<std::uint32_t>(out.size());
    out.append(directory.bytes());
    out.put(std::uint32_t{0x0605'4b50});
    out.put(std::uint32_t{0});  // disks
    out.put(static_cast<std::uint16_t>(members.size()));
    out.put(static_cast<std::uint16_t>(members.size()));
    out.put(static_cast<std::uint32_t>(directory.size()));
    out.put(begin);
    out.put(std::uint16_t{0});  // comment
    return {out.bytes().begin(), out.bytes().end()};
}

/// One gzip stream.
[[nodiscard]] inline Bytes gzip_stream(std::string_view content) {
    z_stream stream{};
    require(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK,
            "zlib is there");
    std::string in(content);
    Bytes out(deflateBound(&stream, static_cast<uLong>(in.size())));
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib compresses");
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace lockstep::fuzz
