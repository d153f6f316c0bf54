#include "replay/format/end_frame.hpp"

#include <string>
#include <utility>

namespace lockstep {

Result<void, Error> write_end(FrameWriter& frames, std::initializer_list<std::uint64_t> totals) {
    ByteWriter payload;
    for (const std::uint64_t total : totals) {
        payload.put(total);
    }
    if (auto written = frames.append(FrameType::kEnd, payload.bytes()); !written) {
        return written;
    }
    return frames.commit();
}

Result<void, Error> check_end(FrameReader& frames, const Frame& end,
                              std::initializer_list<std::uint64_t> totals, std::string_view kind) {
    const auto corrupt = [&frames](std::string message, std::uint64_t offset) {
        return failure(Error{.code = ErrorCode::kCorrupt,
                             .message = std::move(message),
                             .file = frames.name(),
                             .offset = offset});
    };
    ByteReader in(end.payload);
    bool equal = true;
    for (const std::uint64_t total : totals) {
        const auto stated = in.get<std::uint64_t>();
        equal = equal && stated == total;
    }
    if (!in.ok() || in.remaining() != 0 || !equal) {
        return corrupt("the totals of the end frame do not match the " + std::string(kind),
                       end.offset);
    }
    const std::uint64_t offset = frames.offset();
    const auto more = frames.next();
    if (more ? more->has_value() : more.error().error.code == ErrorCode::kCorrupt) {
        return corrupt("data after the end frame", offset);
    }
    if (!more) {
        return failure(more.error().error);
    }
    return {};
}

}  // namespace lockstep
