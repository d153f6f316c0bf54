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
#include "replay/generate/workload.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kBlocksPerUpdate = 16;
constexpr std::uint64_t kGeneratedMax = 1'000'000'000;

struct GenerateOptions {
    std::string workload = "trades";
    std::string output;
    std::uint64_t blocks = 100;
    WorkloadOptions shape;
    bool json = false;
};

LogHeader header_of(const WorkloadOptions& shape) {
    return {.chain_id = "generated",
            .creator = "lockstep " LOCKSTEP_VERSION,
            .genesis = "The first blocks create assets, feeds, markets, prices, accounts and cash.",
            .source = "synthetic workload " + describe(shape)};
}

Result<LogWriter, Error> write_log(const GenerateOptions& options, Workload& workload) {
    Result<LogWriter, Error> writer =
        LogWriter::create(options.output, header_of(workload.options()));
    if (!writer) {
        return writer;
    }
    const bool progress = isatty(STDERR_FILENO) != 0;
    const std::uint64_t total = workload.setup_blocks() + options.blocks;
    for (std::uint64_t i = 0; i < total; ++i) {
        if (auto written = writer->append(workload.next()); !written) {
            return failure(written.error());
        }
        if (progress && i % kBlocksPerUpdate == 0) {
            std::cerr << "\rblock " << i << " of " << total << std::flush;
        }
    }
    if (progress) {
        std::cerr << "\r\033[K";
    }
    if (auto closed = writer->close(); !closed) {
        return failure(closed.error());
    }
    return writer;
}

Result<void, Error> check_files(const GenerateOptions& options, bool prints) {
    NamedFiles files;
    files.writes("--output", options.output);
    return prints ? files.prints().check() : files.check();
}

int run_generate(GenerateOptions options) {
    options.shape.kind = *workload_by_name(options.workload);
    if (const char* reason = Workload::refuse(options.shape)) {
        return report_error({.code = ErrorCode::kUsage, .message = reason});
    }
    const bool prints = options.json || !is_standard_output(options.output);
    if (const auto distinct = check_files(options, prints); !distinct) {
        return report_error(distinct.error());
    }
    Workload workload(options.shape);
    const Result<LogWriter, Error> writer = write_log(options, workload);
    if (!writer) {
        return report_error(writer.error());
    }
    if (options.json) {
        const nlohmann::ordered_json summary = {{"workload", options.workload},
                                                {"seed", options.shape.seed},
                                                {"accounts", options.shape.accounts},
                                                {"markets", options.shape.markets},
                                                {"setup_blocks", workload.setup_blocks()},
                                                {"blocks", writer->blocks()},
                                                {"transactions", writer->transactions()},
                                                {"output", options.output}};
        print_json(std::cout, summary);
    } else if (prints) {
        std::cout << writer->transactions() << " transactions in " << writer->blocks()
                  << " blocks, of which " << workload.setup_blocks()
                  << " set up: " << terminal_text(options.output) << '\n';
    }
    return 0;
}

void add_shape_options(CLI::App& command, WorkloadOptions& shape) {
    const auto add = [&](const char* name, auto& value, const char* help) {
        command.add_option(name, value, help)->capture_default_str();
    };
    add("--seed", shape.seed, "the same seed gives the same bytes on every machine");
    add("--block-size", shape.block_transactions, "transactions per block");
    add("--accounts", shape.accounts, "owners of accounts");
    add("--markets", shape.markets,
        "linear and inverse perpetuals, dated futures, options in turn");
    add("--zipf-accounts", shape.zipf_accounts,
        "skew of accounts: exponent in quarters, 0 = uniform");
    add("--zipf-markets", shape.zipf_markets, "skew of markets: the same");
    add("--block-interval-ms", shape.block_interval_ms, "distance of block times");
    add("--deposits", shape.mix.deposits, "percent of transactions");
    add("--withdrawals", shape.mix.withdrawals, "percent of transactions");
    add("--transfers", shape.mix.transfers, "percent of transactions");
    add("--oracle-updates", shape.mix.oracle_updates, "percent of transactions");
    add("--book-updates", shape.mix.book_updates, "percent of transactions");
    add("--faults", shape.faults, "mixed: percent of transactions meant to be rejected");
}

}  // namespace

void register_generate_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<GenerateOptions>();
    CLI::App* const command =
        app.add_subcommand("generate", "Writes a log from a seeded, parameterised workload");
    command->add_option("--workload", options->workload, "shape of the transactions")
        ->check(CLI::IsMember(workload_names()))
        ->capture_default_str();
    command->add_option("-o,--output", options->output, "log to write, - for stdout")->required();
    command->add_option("--blocks", options->blocks, "blocks after those that set up")
        ->check(CLI::Range(std::uint64_t{0}, kGeneratedMax))
        ->capture_default_str();
    add_shape_options(*command, options->shape);
    command->add_flag("--json", options->json, "print a summary as JSON");
    command->callback([options, &exit_code] { exit_code = run_generate(*options); });
}

}  // namespace lockstep
