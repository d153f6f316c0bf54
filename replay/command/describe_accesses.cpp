#include "replay/command/describe_accesses.hpp"

#include "replay/command/describe_cell.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/format/access_file.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name(Dependence dependence) {
    switch (dependence) {
        case Dependence::kNone:
            return "none";
        case Dependence::kPredicate:
            return "predicate";
        case Dependence::kValue:
            return "value";
    }
    return "unknown";
}

std::string_view name(Effect effect) {
    switch (effect) {
        case Effect::kNone:
            return "none";
        case Effect::kAdd:
            return "add";
        case Effect::kWrite:
            return "write";
    }
    return "unknown";
}

Json kinds(const std::optional<StateAccess>& access) {
    return access ? Json{{"dependence", name(access->dependence)}, {"effect", name(access->effect)}}
                  : Json();
}

Json describe_mismatch(const AccessMismatch<StateKey>& mismatch) {
    Json out = {{"block", mismatch.block}, {"transaction", mismatch.transaction}};
    out.update(describe_key(mismatch.key));
    out["listed"] = kinds(mismatch.listed);
    out["touched"] = kinds(mismatch.touched);
    return out;
}

Json describe_transaction(std::span<const StateAccess> accesses) {
    Json out = Json::array();
    for (const StateAccess& access : accesses) {
        Json row = describe_key(access.key);
        row.update(kinds(access));
        out.push_back(std::move(row));
    }
    return out;
}

/// "cash 12.0 item 3 chunk 0"
std::string key_text(const StateKey& key) {
    std::string out;
    const Json described = describe_key(key);
    for (const auto& [label, value] : described.items()) {
        out += (out.empty() ? "" : " ") + (label == "cell" ? std::string() : label + ' ');
        out += value.is_string() ? value.get<std::string>() : value.dump();
    }
    return out;
}

std::string kinds_text(const std::optional<StateAccess>& access) {
    return access ? "depends on " + std::string(name(access->dependence)) + " and leaves " +
                        std::string(name(access->effect))
                  : "nothing";
}

Json describe_block(const BlockAccesses& block, std::optional<std::uint64_t> transaction) {
    Json out = {{"height", block.height}};
    if (transaction) {
        out["transaction"] = *transaction;
        out["accesses"] = describe_transaction(block.list.of(*transaction));
        return out;
    }
    ConflictSurvey survey;
    survey.add(block.height, block.list);
    out["transactions"] = block.list.size();
    out["accesses"] = block.list.total();
    out["conflicts"] = describe_conflicts(survey.top(kConflictsShown));
    return out;
}

Error usage(const std::string& path, std::string message) {
    return {.code = ErrorCode::kUsage, .message = std::move(message), .file = path};
}

}  // namespace

Json describe_mismatches(const AccessMismatches<StateKey>& mismatches) {
    return {
        {"count", mismatches.count},
        {"first", mismatches.named.empty() ? Json() : describe_mismatch(mismatches.named.front())}};
}

Json describe_conflicts(const std::vector<CellTraffic>& cells, const NameBook& names) {
    Json out = Json::array();
    for (const CellTraffic& cell : cells) {
        Json row = describe_key(cell.key);
        row.update({{"name", names.cell(cell.key)},
                    {"conflicts", cell.conflicts},
                    {"value_reads", cell.value_reads},
                    {"predicates", cell.predicates},
                    {"additions", cell.additions},
                    {"writes", cell.writes}});
        out.push_back(std::move(row));
    }
    return out;
}

std::string mismatch_text(const AccessMismatch<StateKey>& mismatch) {
    return "block " + std::to_string(mismatch.block) + ", transaction " +
           std::to_string(mismatch.transaction) + ", " + key_text(mismatch.key) + ": listed " +
           kinds_text(mismatch.listed) + ", touched " + kinds_text(mismatch.touched);
}

std::string conflict_text(const CellTraffic& cell, const NameBook& names) {
    return terminal_text(names.cell(cell.key)) + ": " + grouped(cell.conflicts) + " conflicts, " +
           grouped(cell.value_reads) + " value reads, " + grouped(cell.predicates) +
           " predicates, " + grouped(cell.additions) + " additions, " + grouped(cell.writes) +
           " writes";
}

Result<Json, Error> describe_access_file(const std::string& path,
                                         std::optional<std::uint64_t> block,
                                         std::optional<std::uint64_t> transaction) {
    auto reader = AccessReader::open(path);
    if (!reader) {
        return failure(std::move(reader.error()));
    }
    Json out = {{"access_lists", path},
                {"chain_id", reader->header().chain_id},
                {"log_digest", reader->header().log.hex()}};
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
    std::uint64_t accesses = 0;
    ConflictSurvey survey;
    for (;;) {
        auto read = reader->next();
        if (!read) {
            return failure(std::move(read.error()));
        }
        if (!*read) {
            break;
        }
        if (block && (*read)->height == *block) {
            if (transaction && *transaction >= (*read)->list.size()) {
                return failure(usage(path, "the block has no such transaction"));
            }
            out.update(describe_block(**read, transaction));
            return out;
        }
        ++blocks;
        transactions += (*read)->list.size();
        accesses += (*read)->list.total();
        if (!block) {
            survey.add((*read)->height, (*read)->list);
        }
    }
    if (block) {
        return failure(usage(path, "the access list file has no block " + std::to_string(*block)));
    }
    out["blocks"] = blocks;
    out["transactions"] = transactions;
    out["accesses"] = accesses;
    out["bytes"] = reader->offset();
    out["conflicts"] = describe_conflicts(survey.top(kConflictsShown));
    return out;
}

}  // namespace lockstep
