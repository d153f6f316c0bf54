#include "replay/import/binary_records.hpp"

#include <algorithm>
#include <utility>

#include "replay/import/decimal.hpp"

namespace lockstep {
namespace {

std::string value_of(const BinaryField& field, std::span<const std::byte> bytes) {
    if (field.offset + field.bytes > bytes.size()) {
        return {};
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < field.bytes; ++i) {
        bits |= std::to_integer<std::uint64_t>(bytes[field.offset + i]) << 8 * i;
    }
    if (field.kind == BinaryField::Kind::kCharacter) {
        return bits == 0 ? std::string() : std::string(1, static_cast<char>(bits));
    }
    const std::uint64_t all = ~std::uint64_t{0} >> (64 - 8 * field.bytes);
    const bool is_signed = field.kind == BinaryField::Kind::kSigned;
    if (field.bytes == 8 && bits == (is_signed ? all >> 1 : all)) {
        return {};
    }
    const bool negative = is_signed && (bits >> (8 * field.bytes - 1)) != 0;
    const Int128 value = negative ? Int128{bits} - Int128{all} - 1 : Int128{bits};
    return Decimal{value, field.scale}.text();
}

}  // namespace

BinaryRecords::BinaryRecords(const TradeLayout& layout, ByteSource& source)
    : layout_(&layout),
      source_(&source),
      values_(layout.binary.size()),
      views_(layout.binary.size()) {
    for (const BinaryField& field : layout.binary) {
        columns_.push_back(field.name);
    }
}

Result<BinaryRecords, Error> BinaryRecords::open(const TradeLayout& layout, ByteSource& source) {
    BinaryRecords out(layout, source);
    if (layout.header_bytes) {
        out.bytes_.resize(*layout.header_bytes);
        const Result<std::size_t, Error> count = source.read(out.bytes_);
        if (!count) {
            return failure(count.error());
        }
    } else {
        Result<DbnHeader, Error> header = DbnHeader::read(source);
        if (!header) {
            return failure(header.error());
        }
        out.names_ = std::move(*header);
        out.place_.offset = out.names_.bytes();
    }
    return out;
}

Result<bool, Error> BinaryRecords::next() {
    place_.offset += bytes_.size();
    ++place_.number;
    bytes_.resize(1);
    Result<std::size_t, Error> count = source_->read(bytes_);
    if (!count || *count == 0) {
        return count ? Result<bool, Error>(false) : failure(count.error());
    }
    const std::size_t length = layout_->record_bytes != 0
                                   ? layout_->record_bytes
                                   : 4 * std::to_integer<std::size_t>(bytes_[0]);
    if (length == 0) {
        return failure(Error{.code = ErrorCode::kCorrupt, .message = "a record of length 0"});
    }
    bytes_.resize(length);
    count = source_->read(std::span(bytes_).subspan(1));
    if (!count) {
        return failure(count.error());
    }
    if (*count + 1 < length) {
        return failure(
            Error{.code = ErrorCode::kCorrupt, .message = "the file ends within a record"});
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
        values_[i] = value_of(layout_->binary[i], bytes_);
        views_[i] = values_[i];
    }
    return true;
}

std::uint64_t BinaryRecords::number(std::string_view column) const {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    return found == columns_.end()
               ? 0
               : parse_unsigned(values_[static_cast<std::size_t>(found - columns_.begin())])
                     .value_or(0);
}

std::string_view BinaryRecords::symbol() const {
    return names_.symbol(number("instrument_id"), number("ts_event"));
}

}  // namespace lockstep
