#include "replay/import/dbn_header.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "engine/base/bytes.hpp"
#include "replay/import/decimal.hpp"
#include "replay/import/recorded_time.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kPrologueBytes = 8;
constexpr std::uint32_t kHeaderBytesMax = 1U << 28;
constexpr std::size_t kFixedBytes = 100;
constexpr std::size_t kOldSymbolBytes = 22;
constexpr std::size_t kSymbolBytesPlace = 45;  // from version 2 on
constexpr std::uint64_t kDayNs = 86'400'000'000'000;

/// Takes values from the front of the head; what is behind its end is 0 and remembered.
class HeadCursor {
  public:
    explicit HeadCursor(std::span<const std::byte> bytes) : rest_(bytes) {}

    std::uint32_t number() {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            value |= std::to_integer<std::uint32_t>(take(1).empty() ? std::byte{} : last_) << 8 * i;
        }
        return value;
    }
    std::string text(std::size_t bytes) {
        std::string out;
        for (const std::byte byte : take(bytes)) {
            if (byte == std::byte{}) {
                break;
            }
            out.push_back(static_cast<char>(byte));
        }
        return out;
    }
    std::span<const std::byte> take(std::size_t count) {
        if (count > rest_.size()) {
            short_ = true;
            rest_ = {};
            return {};
        }
        const auto out = rest_.first(count);
        rest_ = rest_.subspan(count);
        last_ = count > 0 ? out.back() : std::byte{};
        return out;
    }
    [[nodiscard]] bool ended() const { return short_; }

  private:
    std::span<const std::byte> rest_;
    std::byte last_{};
    bool short_ = false;
};

std::int64_t day_of(std::uint32_t date) {
    return parse_time(std::to_string(date), TimeUnit::kDate, {}).value_or(0) / kMillisecondsPerDay;
}

Error bad_head(const ByteSource& source, const std::string& reason) {
    return {.code = ErrorCode::kCorrupt,
            .message = "not a DBN file: " + reason,
            .file = source.name(),
            .offset = 0};
}

}  // namespace

Result<DbnHeader, Error> DbnHeader::read(ByteSource& source) {
    std::vector<std::byte> prologue(kPrologueBytes);
    Result<std::size_t, Error> count = source.read(prologue);
    if (!count) {
        return failure(count.error());
    }
    HeadCursor start(prologue);
    const auto version = std::to_integer<unsigned>(prologue[3]);
    if (*count < kPrologueBytes || start.text(3) != "DBN" || version < 1 || version > 3) {
        return failure(bad_head(source, "it does not begin with DBN and a version from 1 to 3"));
    }
    static_cast<void>(start.take(1));
    const std::uint32_t length = start.number();
    if (length < kFixedBytes || length > kHeaderBytesMax) {
        return failure(bad_head(source, "its head has an impossible length"));
    }
    std::vector<std::byte> bytes(length);
    count = source.read(bytes);
    if (!count) {
        return failure(count.error());
    }
    if (*count < length) {
        return failure(bad_head(source, "it ends within its head"));
    }
    const std::size_t symbol_bytes =
        version == 1 ? kOldSymbolBytes
                     : std::to_integer<std::size_t>(bytes[kSymbolBytesPlace]) |
                           std::to_integer<std::size_t>(bytes[kSymbolBytesPlace + 1]) << 8;
    HeadCursor cursor(bytes);
    static_cast<void>(cursor.take(kFixedBytes));
    static_cast<void>(cursor.take(cursor.number()));  // a schema of its own
    for (int list = 0; list < 3; ++list) {            // symbols asked for, partly found, not found
        static_cast<void>(cursor.take(cursor.number() * symbol_bytes));
    }
    DbnHeader header;
    header.bytes_ = kPrologueBytes + length;
    const std::uint32_t mappings = cursor.number();
    for (std::uint32_t i = 0; i < mappings && !cursor.ended(); ++i) {
        const std::string asked = cursor.text(symbol_bytes);
        const std::uint32_t intervals = cursor.number();
        for (std::uint32_t k = 0; k < intervals && !cursor.ended(); ++k) {
            const std::int64_t first = day_of(cursor.number());
            const std::int64_t end = day_of(cursor.number());
            const std::string given = cursor.text(symbol_bytes);
            // Either may be the number, as the file was asked for by names or by numbers.
            const auto number = parse_unsigned(given);
            const auto other = parse_unsigned(asked);
            if (number || other) {
                header.names_[number ? *number : *other].push_back(
                    {.first_day = first, .end_day = end, .symbol = number ? asked : given});
            }
        }
    }
    if (cursor.ended()) {
        return failure(bad_head(source, "the symbols go on behind its head"));
    }
    return header;
}

std::string_view DbnHeader::symbol(std::uint64_t instrument, std::uint64_t time_ns) const {
    const auto names = names_.find(instrument);
    if (names == names_.end()) {
        return {};
    }
    const auto day = static_cast<std::int64_t>(time_ns / kDayNs);
    for (const Name& name : names->second) {
        if (name.first_day <= day && day < name.end_day) {
            return name.symbol;
        }
    }
    // Trades of an evening belong to the next day at some venues.
    return names->second.size() == 1 ? std::string_view(names->second.front().symbol)
                                     : std::string_view();
}

}  // namespace lockstep
