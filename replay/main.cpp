#include <CLI/CLI.hpp>
#include <exception>
#include <new>
#include <string>

#include "engine/base/error.hpp"
#include "replay/command/commands.hpp"
#include "replay/command/report_error.hpp"
#include "replay/command/standard_streams.hpp"
#include "replay/command/whole_numbers.hpp"

namespace {

int run(int argc, const char* const* argv) {
    CLI::App app{"Deterministic parallel execution of transaction logs", "lockstep"};
    app.set_version_flag("--version", LOCKSTEP_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 ok, 1 usage, 2 divergence, 3 corrupt or invalid input, "
        "4 invariant broken, 5 environment.");
    int exit_code = 0;
    lockstep::register_diverge_command(app, exit_code);
    lockstep::register_generate_command(app, exit_code);
#ifdef LOCKSTEP_BUILD_IMPORT
    lockstep::register_import_command(app, exit_code);
#endif
#ifdef LOCKSTEP_BUILD_INSPECT
    lockstep::register_inspect_command(app, exit_code);
#endif
#ifdef LOCKSTEP_BUILD_STRESS
    lockstep::register_stress_command(app, exit_code);
#endif
    lockstep::register_replay_command(app, exit_code);
    lockstep::register_split_command(app, exit_code);
    lockstep::register_join_command(app, exit_code);
    lockstep::demand_whole_numbers(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        return lockstep::report_error({.code = lockstep::ErrorCode::kUsage,
                                       .message = std::string(error.what()) + " (see --help)"});
    }
    return exit_code;
}

int run_guarded(int argc, const char* const* argv) {
    try {
        return run(argc, argv);
    } catch (const std::bad_alloc&) {
        return lockstep::report_error({.message = "out of memory"});
    } catch (const std::exception& error) {
        return lockstep::report_error({.message = error.what()});
    }
}

}  // namespace

int main(int argc, char** argv) {
    lockstep::StandardStreams streams;
    const int exit_code = run_guarded(argc, argv);
    if (const auto printed = streams.finish(); !printed) {
        const int failed = lockstep::report_error(printed.error());
        return exit_code != 0 ? exit_code : failed;
    }
    return exit_code;
}
