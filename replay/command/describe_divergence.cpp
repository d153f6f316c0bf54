#include "replay/command/describe_divergence.hpp"

#include "engine/base/digest.hpp"
#include "instruments/events.hpp"
#include "instruments/status.hpp"
#include "replay/command/describe_cell.hpp"
#include "replay/command/describe_transaction.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json describe_optional_cell(const StateKey& key, const std::optional<Cell>& cell) {
    if (!cell) {
        return nullptr;
    }
    Json out = describe_cell(key, *cell);
    for (const char* part_of_key : {"cell", "account", "owner", "item", "chunk"}) {
        out.erase(part_of_key);
    }
    return out;
}

std::string event_name(std::uint16_t type) {
    switch (static_cast<EventType>(type)) {
        case EventType::kTrade:
            return "trade";
        case EventType::kCashMoved:
            return "cash_moved";
        case EventType::kPositionSettled:
            return "position_settled";
        case EventType::kBatchLeg:
            return "batch_leg";
        case EventType::kFundingApplied:
            return "funding_applied";
        case EventType::kMarketSettled:
            return "market_settled";
        case EventType::kInvariantBroken:
            return "invariant_broken";
        case EventType::kLossSpread:
            return "loss_spread";
    }
    return std::to_string(type);
}

Json describe_look(const Look<Venue>& look) {
    Json out = describe_key(look.key);
    switch (look.kind) {
        case LookKind::kRead:
            break;
        case LookKind::kExists:
            out["asked"] = "exists";
            out["answer"] = look.answer;
            break;
        case LookKind::kAtLeast:
            out["asked"] = "at least " + to_string(look.amount);
            out["answer"] = look.answer;
            break;
        case LookKind::kAdd:
            out["asked"] = "room for " + to_string(look.amount);
            out["answer"] = look.answer;
            break;
    }
    out["value"] = describe_optional_cell(look.key, look.before);
    return out;
}

std::string outcome_name(const ExecutionDetails<Venue>& details) {
    switch (details.disposition) {
        case Disposition::kSkipped:
            return "skipped";
        case Disposition::kFaulted:
            return "faulted";
        case Disposition::kExecuted:
            break;
    }
    return std::string(name(static_cast<Status>(details.status)));
}

/// What a side's bundle, or the execution here, says of the place; null when nothing does.
const ExecutionDetails<Venue>* known_details(const Divergence& divergence, const Side& side) {
    const BundleBlock* bundle = side.bundle();
    if (bundle == nullptr || bundle->sides.empty() || !bundle->sides.front().details) {
        return nullptr;
    }
    return details_at(*bundle->sides.front().details, divergence.place,
                      divergence.difference.transaction);
}

/// The transactions of the block in question, from whoever has them.
const LogBlock* known_block(const Side& left, const Side& right, const Reexecution* here) {
    if (here != nullptr) {
        return &here->block;
    }
    return left.block() != nullptr ? left.block() : right.block();
}

Json describe_input(const LogBlock* block, std::optional<std::uint64_t> index) {
    if (block == nullptr || !index || *index >= block->transactions.size()) {
        return nullptr;
    }
    return describe_transaction(block->transactions[*index]);
}

}  // namespace

Json describe_run(const RunInfo& run) {
    return {{"version", run.version},     {"compiler", run.compiler}, {"library", run.library},
            {"processor", run.processor}, {"options", run.options},   {"executor", run.executor},
            {"workers", run.workers}};
}

Json describe_details(const ExecutionDetails<Venue>& details) {
    Json reads = Json::array();
    for (const Look<Venue>& look : details.looks) {
        reads.push_back(describe_look(look));
    }
    Json writes = Json::array();
    Json additions = Json::array();
    for (const Change<Venue>& change : details.changes) {
        Json row = describe_key(change.key);
        if (change.kind == ChangeKind::kAdd) {
            row["amount"] = to_string(change.amount);
        }
        row["after"] = describe_optional_cell(change.key, change.after);
        (change.kind == ChangeKind::kAdd ? additions : writes).push_back(std::move(row));
    }
    Json events = Json::array();
    for_each_event(details.events, [&](std::uint16_t type, std::span<const std::byte> bytes) {
        events.push_back({{"type", event_name(type)}, {"bytes", hex_of(bytes)}});
    });
    return {{"outcome", outcome_name(details)}, {"status", details.status},
            {"weight", details.weight},         {"reads", std::move(reads)},
            {"writes", std::move(writes)},      {"additions", std::move(additions)},
            {"events", std::move(events)}};
}

const ExecutionDetails<Venue>* details_at(const BlockDetails<Venue>& details, DivergencePlace place,
                                          std::optional<std::uint64_t> transaction) {
    if (place == DivergencePlace::kBegin) {
        return &details.begin;
    }
    if (place == DivergencePlace::kEnd) {
        return &details.end;
    }
    if (!transaction || *transaction >= details.transactions.size()) {
        return nullptr;
    }
    return &details.transactions[static_cast<std::size_t>(*transaction)];
}

Json describe_side(const Divergence& divergence, const Side& side, const DigestRecord* record,
                   std::optional<bool> agrees) {
    const auto run = side.run();
    Json out = {{"name", side.name()},
                {"chain_id", side.header().chain_id},
                {"log_digest", side.header().log.hex()},
                {"run", run ? describe_run(*run) : Json()},
                {"agrees_with_serial_here", agrees ? Json(*agrees) : Json()}};
    if (record == nullptr) {
        return out;
    }
    out["transactions"] = record->transactions;
    out["input_digest"] = record->input.hex();
    out["state_digest"] = record->state.hex();
    out["block_digest"] = record->block.hex();
    const auto& transaction = divergence.difference.transaction;
    if (transaction && record->effects && *transaction < record->effects->transactions.size()) {
        out["effects"] =
            record->effects->transactions[static_cast<std::size_t>(*transaction)].hex();
    }
    if (const auto* details = known_details(divergence, side)) {
        out["details"] = describe_details(*details);
    }
    return out;
}

Json describe_divergence(const Divergence& divergence, const Side& left, const Side& right,
                         const Reexecution* here, const Verdict& verdict) {
    auto transaction = divergence.difference.transaction;
    Json inputs = describe_input(known_block(left, right, here), transaction);
    if (divergence.place == DivergencePlace::kInput && left.block() != nullptr &&
        right.block() != nullptr) {
        transaction = first_different_input(*left.block(), *right.block());
        inputs = Json{{"left", describe_input(left.block(), transaction)},
                      {"right", describe_input(right.block(), transaction)}};
    }
    Json out = {{"block", divergence.difference.block},
                {"transaction", transaction ? Json(*transaction) : Json()},
                {"place", place_name(divergence.place)},
                {"what", divergence.difference.what},
                {"kind", kind_name(verdict.kind)},
                {"reasons", verdict.reasons},
                {"input", std::move(inputs)}};
    out["left"] = describe_side(divergence, left, divergence.left ? &*divergence.left : nullptr,
                                verdict.left_agrees);
    out["right"] = describe_side(divergence, right, divergence.right ? &*divergence.right : nullptr,
                                 verdict.right_agrees);
    if (here == nullptr) {
        out["here"] = nullptr;
        return out;
    }
    const DigestRecord record = here->record();
    out["here"] = {{"run", describe_run(run_info({.workers = 0}))},
                   {"state_digest", record.state.hex()},
                   {"block_digest", record.block.hex()}};
    if (const auto* details = details_at(here->recording.details, divergence.place, transaction)) {
        out["here"]["details"] = describe_details(*details);
    }
    return out;
}

}  // namespace lockstep
