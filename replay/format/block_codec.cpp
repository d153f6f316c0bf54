#include "replay/format/block_codec.hpp"

#include <algorithm>
#include <string>

#include "replay/format/limits.hpp"
#include "replay/format/schema_digest.hpp"
#include "replay/format/transaction_wire.hpp"
#include "replay/format/verified_payload.hpp"

namespace lockstep {
namespace {

constexpr const char* kLogBlockIdentifier = "LSB1";
constexpr const char* kLogHeaderIdentifier = "LSH1";

Error block_error(ErrorCode code, std::string message, std::uint64_t height,
                  std::optional<std::uint64_t> transaction = {}) {
    return {.code = code,
            .message = std::move(message),
            .file = {},
            .offset = {},
            .block = height,
            .transaction = transaction};
}

}  // namespace

Digest log_schema_digest() {
    return *Digest::from_hex(kSchemaDigestHex);
}

Result<std::vector<std::byte>, Error> encode_block(const LogBlock& block) {
    const std::uint64_t height = block.header.height;
    if (block.transactions.size() > kBlockTransactionsMax) {
        return failure(
            block_error(ErrorCode::kUsage, "too many transactions for one block", height));
    }
    flatbuffers::FlatBufferBuilder builder(
        std::min<std::size_t>(1 << 20, 256 + 256 * block.transactions.size()));
    std::vector<flatbuffers::Offset<wire::Transaction>> offsets;
    offsets.reserve(block.transactions.size());
    for (std::size_t i = 0; i < block.transactions.size(); ++i) {
        if (longest_list(block.transactions[i]) > kListMax) {
            return failure(block_error(ErrorCode::kUsage,
                                       "a list is longer than the limit of the format", height, i));
        }
        offsets.push_back(encode_transaction(builder, block.transactions[i]));
        if (builder.GetSize() > kFramePayloadMax) {
            return failure(
                block_error(ErrorCode::kUsage, "the block is too large for one frame", height, i));
        }
    }
    const auto transactions = builder.CreateVector(offsets);
    builder.Finish(wire::CreateBlock(builder, height, block.header.time_ms,
                                     block.header.weight_limit, transactions),
                   kLogBlockIdentifier);
    return bytes_of(builder);
}

Result<LogBlock, Error> decode_block(std::span<const std::byte> payload) {
    const auto decode = [&](const wire::Block& in) -> Result<LogBlock, Error> {
        LogBlock out;
        out.header = {
            .height = in.height(), .time_ms = in.time_ms(), .weight_limit = in.weight_limit()};
        const auto& transactions = *in.transactions();
        DecodeBudget budget(payload.size());
        if (transactions.size() > kBlockTransactionsMax) {
            return failure(block_error(ErrorCode::kCorrupt, "too many transactions for one block",
                                       in.height()));
        }
        out.transactions.reserve(
            std::min<std::size_t>(transactions.size(), payload.size() / sizeof(wire::Envelope)));
        for (flatbuffers::uoffset_t i = 0; i < transactions.size(); ++i) {
            auto transaction = decode_transaction(*transactions.Get(i), budget);
            if (!transaction) {
                return failure(
                    block_error(ErrorCode::kCorrupt, transaction.error(), in.height(), i));
            }
            out.transactions.push_back(std::move(*transaction));
        }
        return out;
    };
    return with_verified<wire::Block>(payload, kLogBlockIdentifier, "not a well-formed block",
                                      decode);
}

Result<std::vector<std::byte>, Error> encode_log_header(const LogHeader& header) {
    for (const std::string* text :
         {&header.chain_id, &header.creator, &header.genesis, &header.source}) {
        if (text->size() > kHeaderTextMax) {
            return failure(Error{.code = ErrorCode::kUsage,
                                 .message = "a text of the log header is longer than " +
                                            std::to_string(kHeaderTextMax) + " bytes"});
        }
    }
    flatbuffers::FlatBufferBuilder builder;
    const auto chain_id = builder.CreateString(header.chain_id);
    const auto creator = builder.CreateString(header.creator);
    const auto genesis = builder.CreateString(header.genesis);
    const auto source = builder.CreateString(header.source);
    const Digest schema = log_schema_digest();
    const wire::Digest wire_schema(schema.low, schema.high);
    builder.Finish(wire::CreateLogHeader(builder, &wire_schema, chain_id, creator, genesis, source),
                   kLogHeaderIdentifier);
    return bytes_of(builder);
}

Result<LogHeader, Error> decode_log_header(std::span<const std::byte> payload) {
    const auto decode = [](const wire::LogHeader& in) -> Result<LogHeader, Error> {
        const Digest schema{.high = in.schema()->high(), .low = in.schema()->low()};
        if (schema != log_schema_digest()) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "the log was written with schema " + schema.hex() +
                                            "; this build reads schema " +
                                            log_schema_digest().hex()});
        }
        for (const flatbuffers::String* text :
             {in.chain_id(), in.creator(), in.genesis(), in.source()}) {
            if (text->size() > kHeaderTextMax) {
                return failure(Error{.code = ErrorCode::kCorrupt,
                                     .message = "a text of the log header is too long"});
            }
        }
        return LogHeader{.chain_id = in.chain_id()->str(),
                         .creator = in.creator()->str(),
                         .genesis = in.genesis()->str(),
                         .source = in.source()->str()};
    };
    return with_verified<wire::LogHeader>(payload, kLogHeaderIdentifier,
                                          "not a well-formed log header", decode);
}

}  // namespace lockstep
