#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "accounts/positions.hpp"
#include "instruments/status.hpp"
#include "replay/command/commands.hpp"
#include "replay/command/describe_accesses.hpp"
#include "replay/command/describe_cell.hpp"
#include "replay/command/describe_divergence.hpp"
#include "replay/command/describe_transaction.hpp"
#include "replay/command/log_survey.hpp"
#include "replay/command/named_files.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/progress_bar.hpp"
#include "replay/command/report_error.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/digest/digest_file.hpp"
#include "replay/digest/digest_text.hpp"
#include "replay/format/access_file.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
    std::string log;
    std::optional<std::uint64_t> block;
    std::optional<std::uint64_t> transaction;
    std::string account;
    std::optional<std::uint32_t> market;
    bool execute = false;
    LogReaderOptions reader;
    bool json = false;
};

Error usage(const InspectOptions& options, std::string message) {
    return {.code = ErrorCode::kUsage, .message = std::move(message), .file = options.log};
}

/// "owner" or "owner.subaccount".
std::optional<AccountId> parse_account(const std::string& text) {
    const std::size_t point = text.find('.');
    const auto owner = parse_u64(std::string_view(text).substr(0, point));
    const auto subaccount = point == std::string::npos
                                ? std::optional<std::uint64_t>(0)
                                : parse_u64(std::string_view(text).substr(point + 1));
    if (!owner || *owner >= (std::uint64_t{1} << 48) || !subaccount || *subaccount > 0xffff) {
        return std::nullopt;
    }
    return make_account(*owner, static_cast<std::uint16_t>(*subaccount));
}

Json describe_header(const LogReader& log) {
    return {{"log", log.name()},
            {"chain_id", log.header().chain_id},
            {"creator", log.header().creator},
            {"genesis", log.header().genesis},
            {"source", log.header().source},
            {"log_digest", log.header_digest().hex()},
            {"schema", log_schema_digest().hex()}};
}

Result<Json, Error> inspect_log(LogReader& log) {
    LogSurvey survey;
    for (;;) {
        auto block = log.next();
        if (!block) {
            return failure(std::move(block.error()));
        }
        if (!*block) {
            break;
        }
        survey.add(**block);
    }
    Json out = describe_header(log);
    out.update(survey.describe());
    out["bytes"] = log.offset();
    out["torn_tail"] = log.torn_tail() ? Json(log.torn_tail()->describe()) : Json();
    return out;
}

Json describe_block(const BlockHeader& header) {
    return {{"height", header.height},
            {"time", time_name(header.time_ms)},
            {"time_ms", header.time_ms},
            {"weight_limit", header.weight_limit}};
}

std::string disposition_name(const Receipt& receipt) {
    switch (receipt.disposition) {
        case Disposition::kSkipped:
            return "skipped";
        case Disposition::kFaulted:
            return "faulted";
        case Disposition::kExecuted:
            break;
    }
    return std::string(name(static_cast<Status>(receipt.status)));
}

Json describe_receipt(const BlockResult& result, std::size_t index) {
    const Receipt& receipt = result.receipts[index];
    Json events = Json::array();
    for_each_event(result.events_of(receipt),
                   [&](std::uint16_t type, std::span<const std::byte> bytes) {
                       events.push_back({{"type", type}, {"bytes", bytes.size()}});
                   });
    return {{"outcome", disposition_name(receipt)},
            {"status", receipt.status},
            {"weight", receipt.weight},
            {"effects", receipt.effects.hex()},
            {"events", std::move(events)}};
}

/// A block, with its receipts when it was executed.
Result<Json, Error> show_block(const InspectOptions& options, const LogBlock& block,
                               const BlockResult* result) {
    Json out = describe_block(block.header);
    if (!options.transaction) {
        out["transactions"] = block.transactions.size();
        if (result != nullptr) {
            out["state_digest"] = result->state.hex();
            out["block_digest"] = result->block.hex();
        }
        Json list = Json::array();
        for (std::size_t i = 0; i < block.transactions.size(); ++i) {
            const Transaction& transaction = block.transactions[i];
            Json row = {{"index", i},
                        {"type", payload_name(transaction.payload)},
                        {"signer", account_name(transaction.envelope.signer)},
                        {"nonce", transaction.envelope.nonce}};
            if (result != nullptr) {
                row["outcome"] = disposition_name(result->receipts[i]);
            }
            list.push_back(std::move(row));
        }
        out["list"] = std::move(list);
        return out;
    }
    const std::uint64_t index = *options.transaction;
    if (index >= block.transactions.size()) {
        return failure(usage(options, "block " + std::to_string(block.header.height) + " has " +
                                          std::to_string(block.transactions.size()) +
                                          " transactions"));
    }
    out["index"] = index;
    out["transaction"] = describe_transaction(block.transactions[index]);
    if (result != nullptr) {
        out["receipt"] = describe_receipt(*result, index);
    }
    return out;
}

Error no_block(const InspectOptions& options) {
    return usage(options, "the log has no block " + std::to_string(*options.block));
}

Result<Json, Error> inspect_block(const InspectOptions& options, LogReader& log) {
    for (;;) {
        auto block = log.next();
        if (!block) {
            return failure(std::move(block.error()));
        }
        if (!*block || (*block)->header.height > *options.block) {
            return failure(no_block(options));
        }
        if ((*block)->header.height == *options.block) {
            return show_block(options, **block, nullptr);
        }
    }
}

/// Cells of a state that `wanted` picks, in key order.
template <class Wanted>
Json pick_cells(const StateStore<Venue>& store, const Wanted& wanted) {
    std::vector<std::pair<StateKey, Cell>> picked;
    store.for_each([&](const StateKey& key, const Cell& cell) {
        if (wanted(key)) {
            picked.emplace_back(key, cell);
        }
    });
    std::sort(picked.begin(), picked.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    Json out = Json::array();
    for (const auto& [key, cell] : picked) {
        out.push_back(describe_cell(key, cell));
    }
    return out;
}

Json inspect_account(const StateStore<Venue>& store, AccountId account) {
    std::uint64_t nonce_cells = 0;
    Json cells = pick_cells(store, [&](const StateKey& key) {
        const bool own = is_account_kind(key.kind()) && key.owner() == raw(account);
        nonce_cells += own && key.kind() == CellKind::kNonces;
        return own && key.kind() != CellKind::kNonces;
    });
    return {{"account", account_name(account)},
            {"exists", store.get(account_key(account)) != nullptr},
            {"nonce_cells", nonce_cells},
            {"cells", std::move(cells)}};
}

Json inspect_market(const StateStore<Venue>& store, MarketId market) {
    std::uint64_t positions = 0;
    store.for_each([&](const StateKey& key, const Cell& cell) {
        const PositionSpan span = positions_in(key, cell);
        const std::size_t at = span.lower_bound(market);
        positions += at < span.size() && span.market(at) == market ? 1U : 0U;
    });
    Json cells = pick_cells(store, [&](const StateKey& key) {
        // Parameters take several cells; they are shown together.
        return is_market_kind(key.kind()) && key.kind() != CellKind::kMarketParams &&
               key.kind() != CellKind::kMarginTiers && key.item() == raw(market);
    });
    const bool exists = store.get(market_key(CellKind::kMarketTerms, market)) != nullptr;
    Json out = {{"market", raw(market)}, {"exists", exists}, {"positions", positions}};
    if (exists) {
        SerialView<Venue> view(store, kPhaseLimits);
        out["params"] = describe_params(load_params(view, market));
    }
    out["cells"] = std::move(cells);
    return out;
}

/// Executes the log, up to the block that was asked for, and shows what was asked for.
Result<Json, Error> inspect_state(const InspectOptions& options, LogReader& log) {
    std::optional<AccountId> account;
    if (!options.account.empty()) {
        account = parse_account(options.account);
        if (!account) {
            return failure(usage(options, "an account is 'owner' or 'owner.subaccount'"));
        }
    }
    const Venue venue;
    VenueDriver driver(venue, {.workers = 0});
    ProgressBar bar(0);
    std::optional<Result<Json, Error>> shown;
    BlockHeader last;
    driver.add_sink([&](const LogBlock& block, const BlockResult& result) -> Result<void, Error> {
        last = block.header;
        bar.update(0, "block " + grouped(last.height));
        if (options.block && block.header.height == *options.block) {
            shown = show_block(options, block, &result);
        }
        return {};
    });
    auto done = driver.run([&]() -> Result<std::optional<LogBlock>, Error> {
        if (shown) {
            return std::nullopt;
        }
        return log.next();
    });
    bar.clear();
    if (!done) {
        return failure(std::move(done.error()));
    }
    if (options.block && !shown) {
        return failure(no_block(options));
    }
    Json after = {{"after_block", last.height}};
    if (account) {
        after.update(inspect_account(driver.store(), *account));
        return after;
    }
    if (options.market) {
        after.update(inspect_market(driver.store(), MarketId{*options.market}));
        return after;
    }
    return *shown;
}

Result<Json, Error> inspect_digests(const InspectOptions& options) {
    auto reader = DigestReader::open(options.log);
    if (!reader) {
        return failure(std::move(reader.error()));
    }
    Json out = {{"digest_file", options.log},
                {"chain_id", reader->header().chain_id},
                {"log_digest", reader->header().log.hex()},
                {"genesis_digest", reader->header().genesis.hex()}};
    const auto run = find_run_info(options.log);
    if (!run) {
        return failure(run.error());
    }
    if (*run) {
        out["run"] = describe_run((*run)->info);
    }
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
    std::optional<DigestRecord> first;
    std::optional<DigestRecord> last;
    for (;;) {
        auto record = reader->next();
        if (!record) {
            return failure(std::move(record.error()));
        }
        if (!*record) {
            break;
        }
        ++blocks;
        transactions += (*record)->transactions;
        last = std::move(**record);
        if (!first) {
            first = last;
        }
        if (options.block == last->height) {
            break;
        }
    }
    if (options.block && (!last || last->height != *options.block)) {
        return failure(
            usage(options, "the digest file has no block " + std::to_string(*options.block)));
    }
    if (!options.block) {
        out["blocks"] = blocks;
        out["transactions"] = transactions;
        out["first_height"] = first ? Json(first->height) : Json();
    }
    out["height"] = last ? Json(last->height) : Json();
    out["state_digest"] = last ? Json(last->state.hex()) : Json();
    out["block_digest"] = last ? Json(last->block.hex()) : Json();
    Json modules = Json::object();
    for (std::size_t i = 0; last && i < last->modules.size(); ++i) {
        modules[reader->header().modules[i]] = last->modules[i].hex();
    }
    out["modules"] = std::move(modules);
    out["effects"] = last && last->effects.has_value();
    if (options.transaction) {
        if (!last || !last->effects || *options.transaction >= last->effects->transactions.size()) {
            return failure(usage(options, "no digest of that transaction"));
        }
        out["transaction"] = *options.transaction;
        out["transaction_effects"] = last->effects->transactions[*options.transaction].hex();
    }
    return out;
}

bool is_digest_file(const std::string& path) {
    auto source = FileSource::open(path);
    std::array<std::byte, 32> start{};
    if (path == "-" || !source) {
        return false;
    }
    const auto got = (*source)->read(start);
    return got && looks_like_digest_file(std::span(start).first(*got));
}

Result<Json, Error> inspect(const InspectOptions& options) {
    if (options.transaction && !options.block) {
        return failure(usage(options, "--transaction needs --block"));
    }
    if (is_digest_file(options.log)) {
        return inspect_digests(options);
    }
    if (is_access_file(options.log)) {
        return describe_access_file(options.log, options.block, options.transaction);
    }
    auto log = LogReader::open(options.log, options.reader);
    if (!log) {
        return failure(std::move(log.error()));
    }
    if (!options.account.empty() || options.market || (options.execute && options.block)) {
        return inspect_state(options, *log);
    }
    return options.block ? inspect_block(options, *log) : inspect_log(*log);
}

int run_inspect(const InspectOptions& options) {
    NamedFiles files;
    files.reads_digests("LOG", options.log);
    if (const auto distinct = files.prints().check(); !distinct) {
        return report_error(distinct.error());
    }
    const auto shown = inspect(options);
    if (!shown) {
        return report_error(shown.error());
    }
    if (options.json) {
        print_json(std::cout, *shown);
    } else {
        print_fields(std::cout, *shown);
    }
    return 0;
}

}  // namespace

void register_inspect_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<InspectOptions>();
    CLI::App* const command = app.add_subcommand(
        "inspect",
        "Shows a log, a digest file or access lists: summary, block, transaction, account, market");
    command
        ->add_option("LOG", options->log,
                     "log, digest file or access list file, or - for standard input: a log")
        ->required();
    command->add_option("--block", options->block, "the block of this height");
    command->add_option("--transaction", options->transaction,
                        "with --block: the transaction of this index");
    auto* const account =
        command->add_option("--account", options->account,
                            "executes the log (with --block: up to that block) and shows an "
                            "account: owner or owner.subaccount");
    command
        ->add_option("--market", options->market,
                     "executes the log (with --block: up to that block) and shows a market")
        ->excludes(account);
    command->add_flag("--execute", options->execute,
                      "with --block: executes up to it and shows outcomes too");
    command->add_flag("--allow-torn-tail", options->reader.allow_torn_tail,
                      "accept a log without its end");
    command->add_flag("--json", options->json, "print JSON");
    command->callback([options, &exit_code] { exit_code = run_inspect(*options); });
}

}  // namespace lockstep
