#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "replay/command/commands.hpp"
#include "replay/command/named_files.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/report_error.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/format/log_writer.hpp"
#include "replay/import/hyperliquid_check.hpp"
#include "replay/import/import_summary.hpp"
#include "replay/import/open_recorded_data.hpp"
#include "replay/import/trade_import.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kBlocksPerMessage = 64;

struct ImportOptions {
    std::string input;
    std::string format;
    std::string output;
    std::string names;
    TradeImportOptions trades;
    bool json = false;
    bool check = false;
};

LogHeader header_of(const ImportOptions& options, const RecordedData& data) {
    return {.chain_id = "import:" + options.format,
            .creator = "lockstep " LOCKSTEP_VERSION,
            .genesis = describe_import_genesis(options.trades),
            .source = describe_import_source(options.format, options.input, data)};
}

nlohmann::ordered_json summary_of(const ImportOptions& options, const ImportedTrades& imported) {
    nlohmann::ordered_json left_out = nlohmann::ordered_json::object();
    for (const auto& [rule, count] : imported.survey.left_out()) {
        left_out[rule] = count;
    }
    const TradeImportCounts& counts = imported.counts;
    return {{"format", options.format},
            {"input", options.input},
            {"output", options.output},
            {"blocks", imported.blocks},
            {"prelude_blocks", counts.prelude_blocks},
            {"transactions", imported.transactions},
            {"trades", counts.trades},
            {"opening_trades", counts.opening_trades},
            {"coin_fee_trades", counts.coin_fee_trades},
            {"balance_trades", counts.balance_trades},
            {"gap_trades", counts.gap_trades},
            {"one_sided_trades", counts.one_sided},
            {"anonymous_trades", imported.survey.anonymous_trades()},
            {"self_trades", imported.survey.self_trades()},
            {"oracle_updates", counts.oracle_updates},
            {"markets", imported.survey.markets().size()},
            {"recorded_accounts", imported.survey.accounts().size()},
            {"left_out", left_out}};
}

Result<ImportedTrades, Error> import(const ImportOptions& options) {
    Result<std::unique_ptr<RecordedData>, Error> data =
        open_recorded_data(options.format, options.input);
    if (!data) {
        return failure(data.error());
    }
    Result<LogWriter, Error> writer = LogWriter::create(options.output, header_of(options, **data));
    if (!writer) {
        return failure(writer.error());
    }
    const bool progress = isatty(STDERR_FILENO) != 0;
    Result<ImportedTrades, Error> imported =
        import_trades(**data, options.trades, [&](const LogBlock& block) {
            if (progress && block.header.height % kBlocksPerMessage == 0) {
                std::cerr << "\rblock " << block.header.height << std::flush;
            }
            return writer->append(block);
        });
    if (progress) {
        std::cerr << "\r\033[K";
    }
    if (!imported) {
        Error error = imported.error();
        if (error.file.empty()) {
            error.file = options.input;
        }
        return failure(std::move(error));
    }
    if (!options.names.empty()) {
        if (auto written = write_file(options.names, import_names_csv(*imported)); !written) {
            return failure(written.error());
        }
    }
    if (auto closed = writer->close(); !closed) {
        return failure(closed.error());
    }
    for (const std::string& note : import_notes(*imported, options.trades, **data)) {
        std::cerr << "lockstep: note: " << terminal_text(note) << '\n';
    }
    return imported;
}

nlohmann::ordered_json json_of(const Agreement& agreement) {
    return {{"compared", agreement.compared}, {"agreed", agreement.agreed}};
}

nlohmann::ordered_json json_of(const HyperliquidReport& report) {
    return {{"trades", report.trades},
            {"executed_trades", report.executed_trades},
            {"start_positions", json_of(report.positions)},
            {"spot_start_positions", json_of(report.spot_positions)},
            {"opened_positions", report.opened},
            {"opened_spot_positions", report.spot_opened},
            {"coin_fees", report.coin_fees},
            {"aligned", report.aligned},
            {"fees", json_of(report.fees)},
            {"foreign_fees", report.foreign_fees},
            {"closed_profits", json_of(report.profits)},
            {"closed_profits_exact", report.profits_exact},
            {"closed_profits_floored", report.profits_floored},
            {"closed_profits_of_positions_opened_in_the_log", report.profits_known},
            {"opening_profits", json_of(report.opening_profits)},
            {"first_closes", report.first_closes},
            {"spot_profits_not_compared", report.spot_profits},
            {"statuses", report.statuses},
            {"sound", report.sound()}};
}

/// Executes the import and compares it with what the recorded venue booked; no log is written.
int check(const ImportOptions& options) {
    if (options.format != "hyperliquid-fills") {
        return report_error(
            {.code = ErrorCode::kUsage, .message = "--check needs --format hyperliquid-fills"});
    }
    const auto data = open_recorded_data(options.format, options.input);
    if (!data) {
        return report_error(data.error());
    }
    const auto report = check_hyperliquid(**data, options.trades, {});
    if (!report) {
        Error error = report.error();
        if (error.file.empty()) {
            error.file = options.input;
        }
        return report_error(error);
    }
    if (options.json) {
        print_json(std::cout, json_of(*report));
    } else {
        std::cout << report->text();
    }
    return report->sound() ? 0 : static_cast<int>(ErrorCode::kDivergence);
}

Result<void, Error> check_files(const ImportOptions& options, bool prints) {
    NamedFiles files;
    files.reads("INPUT", options.input).writes("--output", options.output);
    files.writes("--names", options.names);
    return prints ? files.prints().check() : files.check();
}

int run_import(const ImportOptions& options) {
    if (options.check) {
        return check(options);
    }
    if (options.output.empty()) {
        return report_error(
            {.code = ErrorCode::kUsage, .message = "--output or --check is needed"});
    }
    const bool prints = options.json || !is_standard_output(options.output);
    if (const auto distinct = check_files(options, prints); !distinct) {
        return report_error(distinct.error());
    }
    const Result<ImportedTrades, Error> imported = import(options);
    if (!imported) {
        return report_error(imported.error());
    }
    if (options.json) {
        print_json(std::cout, summary_of(options, *imported));
    } else if (prints) {
        std::cout << imported->counts.trades << " trades of " << imported->survey.markets().size()
                  << " markets in " << imported->blocks << " blocks, " << imported->transactions
                  << " transactions: " << terminal_text(options.output) << '\n';
    }
    return 0;
}

}  // namespace

void register_import_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<ImportOptions>();
    CLI::App* const command = app.add_subcommand("import", "Turns recorded market data into a log");
    command->add_option("INPUT", options->input, "recorded data: plain, gzip or zip")->required();
    command->add_option("--format", options->format, "what the file holds")
        ->required()
        ->check(CLI::IsMember(recorded_data_formats()));
    command->add_option("-o,--output", options->output, "log to write, - for stdout");
    command->add_option("--names", options->names,
                        "also write a csv of markets and accounts with their recorded names");
    command->add_option("--seed", options->trades.seed, "of synthetic counterparties")
        ->capture_default_str();
    command
        ->add_option("--accounts", options->trades.accounts,
                     "synthetic counterparties, where the data have none")
        ->check(CLI::Range(2U, Zipf::kCountMax))
        ->capture_default_str();
    command
        ->add_option("--zipf-accounts", options->trades.zipf_quarters,
                     "their skew: exponent in quarters, 0 = uniform")
        ->check(CLI::Range(0U, Zipf::kQuartersMax))
        ->capture_default_str();
    command
        ->add_option("--block-size", options->trades.block_trades,
                     "trades per block, where the data have no blocks")
        ->check(CLI::Range(1U, 1'000'000U))
        ->capture_default_str();
    command
        ->add_option("--block-ms", options->trades.block_ms,
                     "longest time span of a block in ms, where the data have no blocks; 0: none")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{86'400'000}))
        ->capture_default_str();
    command->add_flag("--check", options->check,
                      "write nothing; execute the import and compare positions, fees and realised "
                      "profits with the records (hyperliquid-fills)");
    command->add_flag("--json", options->json, "print a summary as JSON");
    command->callback([options, &exit_code] { exit_code = run_import(*options); });
}

}  // namespace lockstep
