#include "replay/command/replay_options.hpp"

#include "replay/command/whole_numbers.hpp"

namespace lockstep {

void add_workers_option(CLI::App& command, std::uint32_t& workers) {
    command
        .add_option("--workers", workers,
                    "workers of the parallel executor; 0: the serial executor")
        ->check(CLI::Range(0U, kWorkersMax))
        ->capture_default_str();
}
void add_torn_tail_flag(CLI::App& command, LogReaderOptions& reader) {
    command.add_flag("--allow-torn-tail", reader.allow_torn_tail,
                     "accept a log without its end, as a stopped writer leaves it");
}

void add_replay_options(CLI::App& command, ReplayCommandOptions& options) {
    command.add_option("LOG", options.log, "log file, or - for standard input")->required();
    add_workers_option(command, options.replay.workers);
    command.add_flag("--verify", options.replay.verify,
                     "execute serially as well and compare every block byte for byte");
    command.add_flag("--check-invariants", options.check_invariants,
                     "scan the whole state after every block, not only after the last");
    command.add_option("--digests", options.digests.write, "write a digest file");
    command.add_flag("--effects", options.digests.effects,
                     "with --digests: one digest per transaction, so that a comparison can name "
                     "the transaction");
    command.add_option("--against", options.digests.against,
                       "compare with a digest file and name the first difference");
    command.add_option("--access-lists", options.accesses.write,
                       "record what each transaction touches in an access list file");
    command.add_option("--use-access-lists", options.accesses.use,
                       "execute with recorded access lists as knowledge and name where they "
                       "are wrong");
    demand_whole_number(*command.add_flag(
        "--conflicts{20}", options.accesses.conflicts,
        "report the cells over which most transactions wait for each other, 20 or "
        "--conflicts=N of them, and the longest chain of such transactions; implied "
        "by --report"));
    command.add_option("--bisect", options.divergence.bisect,
                       "command that, with a height behind it, prints the other side's state or "
                       "block digest at that height: finds the divergent block in log2(blocks) "
                       "questions");
    command.add_option("--bundle", options.divergence.bundle,
                       "write the divergent block, its cells and the results: see diverge --run");
    command.add_option("--bundle-block", options.divergence.bundle_block,
                       "with --bundle: pack the block of this height, diverging or not");
    command.add_option("--trace", options.trace.trace,
                       "execute once more under observation and write what each worker did, as a "
                       "Chrome trace for Perfetto");
    command.add_option("--record-schedule", options.trace.schedule,
                       "the same as the order in which workers began and ended tasks");
    auto* const from = command.add_option(
        "--from", options.range.from,
        "begin with the state of a snapshot of this log (see split), behind its block");
    auto* const to = command.add_option("--to", options.range.to,
                                        "compare the state at the end with that of a snapshot");
    auto* const blocks =
        command.add_option("--blocks", options.range.blocks,
                           "replay the blocks of heights A..B, or A.. to the end of the log");
    for (const char* const whole_log : {"--access-lists", "--use-access-lists", "--bisect",
                                        "--bundle", "--trace", "--record-schedule"}) {
        for (CLI::Option* const part : {from, to, blocks}) {
            part->excludes(whole_log);
        }
    }
    command.add_option("--result", options.result, "write the report as JSON to a file, for join");
#ifdef LOCKSTEP_BUILD_REPORT
    command.add_option("--report", options.report.page,
                       "write a page for the browser: plots and tables in one file. Records what "
                       "transactions touch, and executes some blocks again on other numbers of "
                       "cores, real and virtual");
    command.add_option("--names", options.report.names,
                       "names of markets and accounts, a csv as import --names writes it");
#endif
    command.add_flag("--json", options.json, "print JSON");
    command.add_option("--limit-blocks", options.replay.blocks_max, "stop after so many blocks");
    add_torn_tail_flag(command, options.reader);
}

}  // namespace lockstep
