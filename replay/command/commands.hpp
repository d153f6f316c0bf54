#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>

namespace CLI {
class App;
}

namespace lockstep {

/// The most workers that `--workers` takes.
inline constexpr std::uint32_t kWorkersMax = 256;
/// As many workers as there are cores, within that.
[[nodiscard]] inline std::uint32_t default_workers() {
    return std::clamp(std::thread::hardware_concurrency(), 1U, kWorkersMax);
}

/// The subcommands. Each function adds one to `app`: its options, its help, and a callback that
/// runs it when it was named and stores the exit code of the process in `exit_code`, which
/// outlives the parse. Exit codes are those of ErrorCode (report_error.hpp); 0 is success.
///
/// A callback writes data to stdout, messages and progress to stderr, and throws nothing but
/// std::bad_alloc.
void register_diverge_command(CLI::App& app, int& exit_code);
void register_generate_command(CLI::App& app, int& exit_code);
#ifdef LOCKSTEP_BUILD_IMPORT
void register_import_command(CLI::App& app, int& exit_code);
#endif
void register_inspect_command(CLI::App& app, int& exit_code);
void register_join_command(CLI::App& app, int& exit_code);
void register_replay_command(CLI::App& app, int& exit_code);
void register_split_command(CLI::App& app, int& exit_code);
void register_stress_command(CLI::App& app, int& exit_code);

}  // namespace lockstep
