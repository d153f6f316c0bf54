#pragma once

#include <string>
#include <vector>

#include "tests/replay/log_samples.hpp"

namespace lockstep::test {

/// What a run of the command left.
struct CommandRun {
    int exit_code = -1;  ///< -1: ended by a signal
    std::string out;
    std::string err;
};

/// Runs the `lockstep` command that was built, with arguments taken as they are.
/// `input`: a file for standard input; empty: none.
[[nodiscard]] CommandRun run_lockstep(const std::vector<std::string>& arguments,
                                      const std::string& input = {});

/// Runs a script of the shell, in which "$lockstep" is the command. What it prints is caught.
[[nodiscard]] CommandRun run_script(const std::string& script);

/// A small log that the venue executes: three accounts, deposits, transfers, and in every block one
/// withdrawal that is rejected. Heights start at 1.
[[nodiscard]] std::vector<LogBlock> transfer_blocks(std::size_t count);

/// Writes `blocks` to `path`.
void write_log(const std::string& path, const std::vector<LogBlock>& blocks,
               const LogHeader& header = sample_header());

}  // namespace lockstep::test
