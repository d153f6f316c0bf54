#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replay/command/commands.hpp"
#include "replay/command/join_results.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/range_list.hpp"
#include "replay/command/report_error.hpp"

namespace lockstep {
namespace {

struct JoinOptions {
    std::string folder;
    bool missing = false;
    bool json = false;
};

/// Prints the jobs of ranges that have no sound result yet.
void print_missing(const RangeList& list, const std::string& folder) {
    for (std::size_t i = 0; i < list.ranges.size(); ++i) {
        const auto result = read_json(result_path(folder, list.ranges[i]));
        if (!result || !is_sound_result(*result, list, i)) {
            std::cout << job_line(list, folder, i);
        }
    }
}

int run_join(const JoinOptions& options) {
    const auto list = read_range_list(options.folder);
    if (!list) {
        return report_error(list.error());
    }
    if (options.missing) {
        print_missing(*list, options.folder);
        return 0;
    }
    JoinedResults joined(*list);
    for (const RangeList::Range& range : list->ranges) {
        const std::string path = result_path(options.folder, range);
        auto result = read_json(path);
        if (!result) {
            result.error().message += " (result of blocks " + std::to_string(range.first) + ".." +
                                      std::to_string(range.last) + "; see --missing)";
            return report_error(result.error());
        }
        if (auto added = joined.add(*result); !added) {
            added.error().file = path;
            return report_error(added.error());
        }
    }
    if (options.json) {
        print_json(std::cout, joined.report());
    } else {
        print_fields(std::cout, joined.report());
    }
    return 0;
}

}  // namespace

void register_join_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<JoinOptions>();
    CLI::App* const command = app.add_subcommand(
        "join", "Checks that the ranges of a split log chain, and reports them as one replay");
    command->add_option("FOLDER", options->folder, "folder that split made")->required();
    auto* const missing = command->add_flag("--missing", options->missing,
                                            "print the jobs that have left no sound result");
    command->add_flag("--json", options->json, "print JSON")->excludes(missing);
    command->callback([options, &exit_code] { exit_code = run_join(*options); });
}

}  // namespace lockstep
