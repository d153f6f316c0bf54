#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
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
#include "replay/import/import_summary.hpp"
#include "replay/import/open_recorded_data.hpp"
#include "replay/import/record_check.hpp"
#include "replay/import/trade_import.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kBlocksPerMessage = 64;

struct ImportOptions {
    RecordedSource input;
    std::string output;
    std::string names;
    TradeImportOptions trades;
    bool json = false;
    bool check = false;
    bool list = false;
};

LogHeader header_of(const ImportOptions& options, const RecordedData& data) {
    return {.chain_id = "import:" + data.format(),
            .creator = "lockstep " LOCKSTEP_VERSION,
            .genesis = describe_import_genesis(options.trades),
            .source = describe_import_source(data.format(), options.input.path, data)};
}

/// As tables of instruments call it.
std::string_view word_of(const RecordedMarket& market) {
    return market.spot                                    ? "spot"
           : market.kind == MarketKind::kInversePerpetual ? "inverse"
           : market.kind == MarketKind::kDatedFuture      ? "future"
                                                          : "linear";
}

nlohmann::ordered_json markets_of(const ImportedTrades& imported) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const MarketSurvey& market : imported.survey.markets()) {
        const Decimal volume{market.volume.ok() ? market.volume.value() : 0, kVolumeScale};
        out.push_back(
            {{"name", market.market.name},
             {"kind", word_of(market.market)},
             {"currency", market.market.currency},
             {"contract", market.market.contract.text()},
             {"trades", market.trades},
             {"volume", market.volume.ok() ? nlohmann::ordered_json(volume.shortest().text())
                                           : nlohmann::ordered_json()}});
    }
    return out;
}

/// What an import did: the data's layout beside it.
struct Imported {
    ImportedTrades trades;
    std::string format;
};

nlohmann::ordered_json summary_of(const ImportOptions& options, const Imported& done) {
    const ImportedTrades& imported = done.trades;
    nlohmann::ordered_json left_out = nlohmann::ordered_json::object();
    for (const auto& [rule, count] : imported.survey.left_out()) {
        left_out[rule] = count;
    }
    const TradeImportCounts& counts = imported.counts;
    return {{"format", done.format},
            {"input", options.input.path},
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
            {"market_list", markets_of(imported)},
            {"left_out", left_out}};
}

Result<Imported, Error> import(const ImportOptions& options) {
    Result<std::unique_ptr<RecordedData>, Error> data = open_recorded_data(options.input);
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
            error.file = options.input.path;
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
    return Imported{std::move(*imported), (*data)->format()};
}

nlohmann::ordered_json json_of(const Agreement& agreement) {
    return {{"compared", agreement.compared}, {"agreed", agreement.agreed}};
}

nlohmann::ordered_json json_of(const CheckReport& report) {
    return {{"trades", report.trades},
            {"executed_trades", report.executed_trades},
            {"positions", json_of(report.positions)},
            {"spot_positions", json_of(report.spot_positions)},
            {"opened_positions", report.opened},
            {"opened_spot_positions", report.spot_opened},
            {"coin_fees", report.coin_fees},
            {"aligned", report.aligned},
            {"fees", json_of(report.fees)},
            {"foreign_fees", report.foreign_fees},
            {"profits", json_of(report.profits)},
            {"profits_exact", report.profits_exact},
            {"profits_floored", report.profits_floored},
            {"profits_of_positions_opened_in_the_log", report.profits_known},
            {"opening_profits", json_of(report.opening_profits)},
            {"first_closes", report.first_closes},
            {"spot_profits_not_compared", report.spot_profits},
            {"statuses", report.statuses},
            {"sound", report.sound()}};
}

/// Executes the import and compares it with what the recorded venue booked; no log is written.
int check(const ImportOptions& options) {
    const auto data = open_recorded_data(options.input);
    if (!data) {
        return report_error(data.error());
    }
    if (!(*data)->can_be_checked()) {
        return report_error({.code = ErrorCode::kUsage,
                             .message = "nothing to check: data of the layout " +
                                        (*data)->format() +
                                        " tell neither positions nor fees nor profits"});
    }
    const auto report = check_records(**data, options.trades, {});
    if (!report) {
        Error error = report.error();
        if (error.file.empty()) {
            error.file = options.input.path;
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
    files.reads("INPUT", options.input.path).reads("--layout", options.input.layout);
    files.reads("--instruments", options.input.instruments).writes("--output", options.output);
    files.writes("--names", options.names);
    return prints ? files.prints().check() : files.check();
}

int list(const ImportOptions& options) {
    const auto layouts = list_layouts();
    if (!layouts) {
        return report_error(layouts.error());
    }
    if (options.json) {
        nlohmann::ordered_json out = nlohmann::ordered_json::object();
        for (const auto& [name, about] : *layouts) {
            out[name] = about;
        }
        print_json(std::cout, out);
        return 0;
    }
    std::size_t width = 0;
    for (const auto& [name, about] : *layouts) {
        width = std::max(width, name.size());
    }
    for (const auto& [name, about] : *layouts) {
        std::cout << name << std::string(width + 2 - name.size(), ' ') << about << '\n';
    }
    return 0;
}

int run_import(const ImportOptions& options) {
    if (options.list) {
        return list(options);
    }
    if (options.input.path.empty()) {
        return report_error({.code = ErrorCode::kUsage, .message = "INPUT is required"});
    }
    if (!options.input.format.empty() && !options.input.layout.empty()) {
        return report_error(
            {.code = ErrorCode::kUsage, .message = "--format and --layout exclude each other"});
    }
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
    const Result<Imported, Error> imported = import(options);
    if (!imported) {
        return report_error(imported.error());
    }
    if (options.json) {
        print_json(std::cout, summary_of(options, *imported));
    } else if (prints) {
        const ImportedTrades& trades = imported->trades;
        std::cout << trades.counts.trades << " trades of " << trades.survey.markets().size()
                  << " markets in " << trades.blocks << " blocks, " << trades.transactions
                  << " transactions: " << terminal_text(options.output) << '\n';
    }
    return 0;
}

}  // namespace

void register_import_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<ImportOptions>();
    CLI::App* const command = app.add_subcommand("import", "Turns recorded market data into a log");
    RecordedSource& input = options->input;
    command->add_option("INPUT", input.path,
                        "recorded trades: a file, plain, compressed or an archive, or - for stdin");
    command->add_option("--format", input.format,
                        "layout of the file, one of --list; recognised when not given");
    command->add_option("--layout", input.layout, "file with a layout of your own");
    command->add_option("--instruments", input.instruments,
                        "file with instruments: kind, currencies, contract sizes");
    command->add_option("--symbol", input.symbol, "of data that do not name what is traded");
    command->add_flag("--list", options->list, "print the layouts");
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
                      "profits with the records, as far as these tell them");
    command->add_flag("--json", options->json, "print a summary as JSON");
    command->callback([options, &exit_code] { exit_code = run_import(*options); });
}

}  // namespace lockstep
