#include "bench/trace/rlp.hpp"

#include <string>
#include <utility>

namespace lockstep::bench {
namespace {

class Decoder {
  public:
    explicit Decoder(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    [[nodiscard]] std::size_t position() const noexcept { return at_; }

    Error error(const char* reason) const {
        return {.code = ErrorCode::kCorrupt, .message = reason, .offset = at_};
    }
    /// The item at the position, which must end before `end`.
    Result<RlpItem, Error> item(std::size_t end, int depth) {
        if (depth > kRlpDepthMax) {
            return failure(error("lists are nested too deeply"));
        }
        if (at_ == end) {
            return failure(error("an item is missing"));
        }
        const std::uint8_t head = bytes_[at_];
        if (head < 0x80) {
            return RlpItem{.bytes = bytes_.subspan(at_++, 1)};
        }
        const bool is_list = head >= 0xc0;
        const auto short_length = static_cast<std::uint8_t>(head - (is_list ? 0xc0 : 0x80));
        const auto length = payload_length(short_length, end);
        if (!length) {
            return failure(length.error());
        }
        RlpItem out{.is_list = is_list};
        if (!is_list) {
            out.bytes = bytes_.subspan(at_, *length);
            if (*length == 1 && out.bytes[0] < 0x80) {
                return failure(error("a small byte is not encoded as itself"));
            }
            at_ += *length;
            return out;
        }
        for (const std::size_t list_end = at_ + *length; at_ < list_end;) {
            auto element = item(list_end, depth + 1);
            if (!element) {
                return element;
            }
            out.items.push_back(std::move(*element));
        }
        return out;
    }

  private:
    /// Moves behind the head; the payload lies before `end`.
    Result<std::size_t, Error> payload_length(std::uint8_t short_length, std::size_t end) {
        std::size_t length = short_length;
        std::size_t payload = at_ + 1;
        if (short_length > 55) {
            const std::size_t digits = short_length - 55U;
            if (digits > end - payload) {
                return failure(error("the length of an item is cut off"));
            }
            length = 0;
            for (std::size_t i = 0; i < digits; ++i) {
                if (length > (std::size_t{1} << 48)) {
                    return failure(error("an item is longer than the data"));
                }
                length = length << 8 | bytes_[payload++];
            }
            if (length < 56 || bytes_[at_ + 1] == 0) {
                return failure(error("a length is not encoded in the shortest way"));
            }
        }
        if (length > end - payload) {
            return failure(error("an item is longer than the data"));
        }
        at_ = payload;
        return length;
    }

    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

}  // namespace

Result<RlpItem, Error> decode_rlp(std::span<const std::uint8_t> bytes) {
    Decoder decoder(bytes);
    auto item = decoder.item(bytes.size(), 0);
    if (item && decoder.position() != bytes.size()) {
        return failure(decoder.error("bytes stand behind the item"));
    }
    return item;
}

}  // namespace lockstep::bench
