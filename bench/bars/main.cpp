// The bars: figures that the engine has to reach, measured here and now, in one table.

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "bench/bars/bars.hpp"
#include "bench/provenance.hpp"

namespace lockstep::bench {
namespace {

struct Group {
    std::string_view name;
    void (*measure)(const BarSizes&, Scoreboard&);
};
constexpr std::array<Group, 9> kGroups = {{{"transfers", measure_transfers},
                                           {"venue", measure_venue},
                                           {"deltas", measure_deltas},
                                           {"floor", measure_floor},
                                           {"lost-core", measure_lost_core},
                                           {"recorded", measure_recorded},
                                           {"growth", measure_growth},
                                           {"memory", measure_memory},
                                           {"virtual-cores", measure_virtual_cores}}};

struct Options {
    BarSizes sizes;
    std::string only;
    std::string json;
    std::string results;  ///< file for the figures with their provenance
    std::string commit;
};

[[noreturn]] void usage(int code) {
    std::FILE* out = code == 0 ? stdout : stderr;
    std::fputs(
        "usage: bench_bars [--json FILE] [--only GROUP] [--patience FACTOR] [--small]\n"
        "                  [--results FILE] [--commit TEXT]\n"
        "groups:",
        out);
    for (const Group& group : kGroups) {
        std::fprintf(out, " %s", std::string(group.name).c_str());
    }
    std::fputs("\n", out);
    std::exit(code);
}

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name(argv[i]);
        const auto value = [&]() -> const char* {
            if (i + 1 == argc) {
                usage(1);
            }
            return argv[++i];
        };
        if (name == "--small") {
            options.sizes.small = true;
        } else if (name == "--only") {
            options.only = value();
        } else if (name == "--json") {
            options.json = value();
        } else if (name == "--results") {
            options.results = value();
        } else if (name == "--commit") {
            options.commit = value();
        } else if (name == "--patience") {
            char* end = nullptr;
            const char* text = value();
            options.sizes.patience = std::strtod(text, &end);
            if (end == text || *end != '\0' || !(options.sizes.patience > 0)) {
                usage(1);
            }
        } else {
            usage(name == "--help" ? 0 : 1);
        }
    }
    return options;
}

int run(const Options& options) {
    Scoreboard board;
    bool any = false;
    const auto start = std::chrono::steady_clock::now();
    for (const Group& group : kGroups) {
        if (options.only.empty() || options.only == group.name) {
            group.measure(options.sizes, board);
            any = true;
        }
    }
    if (!any) {
        usage(1);
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    std::printf(
        "\nT: the serial twin, the best serial loop we can write. Ceiling: threads that share\n"
        "nothing, on the same cores at the same time. Medians of interleaved laps.\n"
        "%u cores, %.0f s.\n\n%s",
        std::thread::hardware_concurrency(), spent.count(), board.table().c_str());
    if (!options.json.empty() && !write_json(options.json, board.json())) {
        return 5;
    }
    if (!options.results.empty() &&
        !write_json(options.results,
                    {{"provenance", provenance(options.commit)}, {"figures", board.json()}})) {
        return 5;
    }
    return board.results_are_right() ? 0 : 2;
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
    return lockstep::bench::run(lockstep::bench::parse(argc, argv));
}
