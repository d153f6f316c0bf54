#include <memory>
#include <string>

#include "replay/command/commands.hpp"
#include "replay/command/report_error.hpp"

namespace lockstep {
namespace {

struct Options {
    std::string log;
};

int run(const Options& options) {
    return report_error(
        {.code = ErrorCode::kUsage, .message = "not available", .file = options.log});
}

}  // namespace

void register_inspect_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand(
        "inspect", "Shows a log or a digest file: summary, block, transaction, account, market");
    command->add_option("LOG", options->log, "log file")->required();
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace lockstep
