#include "replay/format/access_codec.hpp"

#include <algorithm>
#include <optional>

#include "replay/format/access_list_generated.h"
#include "replay/format/limits.hpp"
#include "replay/format/schema_digest.hpp"
#include "replay/format/verified_payload.hpp"

namespace lockstep {
namespace {

constexpr const char* kAccessHeaderIdentifier = "LSA1";
constexpr const char* kAccessBlockIdentifier = "LSA2";

// One access in 32 bits: key index * 16 + dependence * 4 + effect.
constexpr std::uint32_t kKeyUnit = 16;
constexpr std::uint32_t kDependenceUnit = 4;
constexpr std::uint32_t kKinds = 3;  ///< of dependences, and of effects

Error access_error(ErrorCode code, std::string message, std::uint64_t height,
                   std::optional<std::uint64_t> transaction = {}) {
    return {.code = code,
            .message = std::move(message),
            .file = {},
            .offset = {},
            .block = height,
            .transaction = transaction};
}

std::vector<StateKey> keys_of(const AccessList<StateKey>& list) {
    std::vector<StateKey> keys;
    keys.reserve(list.total());
    for (std::size_t i = 0; i < list.size(); ++i) {
        for (const StateAccess& access : list.of(i)) {
            keys.push_back(access.key);
        }
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

bool ascends(std::span<const StateAccess> accesses) {
    for (std::size_t i = 1; i < accesses.size(); ++i) {
        if (!(accesses[i - 1].key < accesses[i].key)) {
            return false;
        }
    }
    return true;
}

bool says_nothing(const StateAccess& access) {
    return access.dependence == Dependence::kNone && access.effect == Effect::kNone;
}

/// Reads the accesses of one transaction; why they are malformed, null when they are not.
const char* decode_accesses(std::span<const std::uint32_t> packed, std::span<const StateKey> keys,
                            std::vector<StateAccess>& out) {
    out.clear();
    for (const std::uint32_t word : packed) {
        const std::uint32_t dependence = word / kDependenceUnit % kDependenceUnit;
        const std::uint32_t effect = word % kDependenceUnit;
        if (word / kKeyUnit >= keys.size()) {
            return "an access refers to a key that is not there";
        }
        if (dependence >= kKinds || effect >= kKinds) {
            return "an access is of no known kind";
        }
        out.push_back({.key = keys[word / kKeyUnit],
                       .dependence = static_cast<Dependence>(dependence),
                       .effect = static_cast<Effect>(effect)});
        if (says_nothing(out.back())) {
            return "an access says nothing";
        }
    }
    return ascends(out) ? nullptr : "the keys of a transaction do not ascend";
}

Result<BlockAccesses, Error> decode_lists(const wire::AccessBlock& in) {
    BlockAccesses out{.height = in.height(), .list = {}};
    const auto corrupt = [&](const char* message, std::optional<std::uint64_t> transaction = {}) {
        return failure(access_error(ErrorCode::kCorrupt, message, in.height(), transaction));
    };
    if (in.ends()->size() > kBlockTransactionsMax || in.keys()->size() > kBlockKeysMax) {
        return corrupt("too many transactions or keys for one block");
    }
    // The verifier looks at the alignment of a list's length, not of its elements. Of an empty list
    // nobody aligns them.
    if (in.keys()->size() != 0 &&
        // tidy: allow(raw_bytes) asks for the alignment only
        reinterpret_cast<std::uintptr_t>(in.keys()->Data()) % alignof(wire::AccessKey) != 0) {
        return corrupt("the keys of a block are not aligned");
    }
    std::vector<StateKey> keys;
    keys.reserve(in.keys()->size());
    for (const wire::AccessKey* key : *in.keys()) {
        keys.push_back(StateKey::from_words(key->tag(), key->owner()));
        if (keys.size() > 1 && !(keys[keys.size() - 2] < keys.back())) {
            return corrupt("the keys of a block do not ascend");
        }
    }
    std::vector<std::uint32_t> packed;
    std::vector<StateAccess> accesses;
    std::uint32_t begin = 0;
    for (flatbuffers::uoffset_t i = 0; i < in.ends()->size(); ++i) {
        const std::uint32_t end = in.ends()->Get(i);
        if (end < begin || end > in.accesses()->size()) {
            return corrupt("the accesses of a transaction do not lie in the block", i);
        }
        packed.clear();
        for (; begin < end; ++begin) {
            packed.push_back(in.accesses()->Get(begin));
        }
        if (const char* const broken = decode_accesses(packed, keys, accesses)) {
            return corrupt(broken, i);
        }
        out.list.append(accesses);
    }
    if (begin != in.accesses()->size()) {
        return corrupt("accesses that belong to no transaction");
    }
    return out;
}

}  // namespace

Digest access_schema_digest() {
    return *Digest::from_hex(kAccessSchemaDigestHex);
}

Result<std::vector<std::byte>, Error> encode_access_header(const AccessHeader& header) {
    if (header.chain_id.size() > kHeaderTextMax) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = "the chain id of the access lists is longer than " +
                                        std::to_string(kHeaderTextMax) + " bytes"});
    }
    flatbuffers::FlatBufferBuilder builder;
    const auto chain_id = builder.CreateString(header.chain_id);
    const Digest schema = access_schema_digest();
    const wire::AccessDigest wire_schema(schema.low, schema.high);
    const wire::AccessDigest wire_log(header.log.low, header.log.high);
    builder.Finish(wire::CreateAccessHeader(builder, &wire_schema, &wire_log, chain_id),
                   kAccessHeaderIdentifier);
    return bytes_of(builder);
}

Result<AccessHeader, Error> decode_access_header(std::span<const std::byte> payload) {
    const auto decode = [](const wire::AccessHeader& in) -> Result<AccessHeader, Error> {
        const Digest schema{.high = in.schema()->high(), .low = in.schema()->low()};
        if (schema != access_schema_digest()) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "the access lists were written with schema " +
                                            schema.hex() + "; this build reads schema " +
                                            access_schema_digest().hex()});
        }
        if (in.chain_id()->size() > kHeaderTextMax) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "the chain id of the access lists is too long"});
        }
        return AccessHeader{.chain_id = in.chain_id()->str(),
                            .log = {.high = in.log()->high(), .low = in.log()->low()}};
    };
    return with_verified<wire::AccessHeader>(payload, kAccessHeaderIdentifier,
                                             "not a well-formed access list header", decode);
}

Result<std::vector<std::byte>, Error> encode_block_accesses(const BlockAccesses& block) {
    const auto refuse = [&](const char* message, std::optional<std::uint64_t> transaction = {}) {
        return failure(access_error(ErrorCode::kUsage, message, block.height, transaction));
    };
    const std::vector<StateKey> keys = keys_of(block.list);
    if (block.list.size() > kBlockTransactionsMax || keys.size() > kBlockKeysMax ||
        block.list.total() > kFramePayloadMax / sizeof(std::uint32_t)) {
        return refuse("the block touches too much for one access list");
    }
    std::vector<wire::AccessKey> wire_keys;
    wire_keys.reserve(keys.size());
    for (const StateKey& key : keys) {
        wire_keys.emplace_back(key.tag(), key.owner());
    }
    std::vector<std::uint32_t> packed;
    std::vector<std::uint32_t> ends;
    packed.reserve(block.list.total());
    ends.reserve(block.list.size());
    for (std::size_t i = 0; i < block.list.size(); ++i) {
        if (!block.list.scans_of(i).empty()) {
            return refuse("the format has no scanned ranges", i);
        }
        if (!ascends(block.list.of(i))) {
            return refuse("the keys of a transaction do not ascend", i);
        }
        for (const StateAccess& access : block.list.of(i)) {
            if (says_nothing(access)) {
                return refuse("an access says nothing", i);
            }
            const auto index = static_cast<std::uint32_t>(
                std::lower_bound(keys.begin(), keys.end(), access.key) - keys.begin());
            packed.push_back(index * kKeyUnit +
                             static_cast<std::uint32_t>(access.dependence) * kDependenceUnit +
                             static_cast<std::uint32_t>(access.effect));
        }
        ends.push_back(static_cast<std::uint32_t>(packed.size()));
    }
    if (keys.size() * sizeof(wire::AccessKey) + (packed.size() + ends.size() + 32) * 4 >
        kFramePayloadMax) {
        return refuse("the block touches too much for one access list");
    }
    flatbuffers::FlatBufferBuilder builder;
    const auto keys_offset = builder.CreateVectorOfStructs(wire_keys);
    const auto accesses_offset = builder.CreateVector(packed);
    const auto ends_offset = builder.CreateVector(ends);
    builder.Finish(
        wire::CreateAccessBlock(builder, block.height, keys_offset, accesses_offset, ends_offset),
        kAccessBlockIdentifier);
    return bytes_of(builder);
}

Result<BlockAccesses, Error> decode_block_accesses(std::span<const std::byte> payload) {
    return with_verified<wire::AccessBlock>(payload, kAccessBlockIdentifier,
                                            "not a well-formed access list", decode_lists);
}

}  // namespace lockstep
