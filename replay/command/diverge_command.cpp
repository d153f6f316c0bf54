#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "replay/command/commands.hpp"
#include "replay/command/describe_cell.hpp"
#include "replay/command/describe_divergence.hpp"
#include "replay/command/named_files.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/report_error.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t kRepeatMax = 1'000'000;

struct DivergeOptions {
    std::string left;
    std::string right;
    std::string log;
    std::string bundle;  ///< to write
    std::string run;     ///< bundle to execute
    std::uint32_t workers = default_workers();
    std::uint32_t repeat = BundleRunOptions{}.repeat;
    bool json = false;
};

Error usage(std::string message) {
    return {.code = ErrorCode::kUsage, .message = std::move(message)};
}

/// What a comparison or a run of a bundle says, and the exit code.
struct Answer {
    Json json;
    std::optional<Error> divergence;
};

/// The block of a divergence for a third machine: from the log if there is one, else from a side
/// that is a bundle. Errors: kUsage when there is neither.
Result<void, Error> write_bundle(const std::string& path, const Divergence& divergence,
                                 const Side& left, const Side& right, const Reexecution* here) {
    BundleBlock out;
    const BundleBlock* source = left.bundle() != nullptr ? left.bundle() : right.bundle();
    if (here != nullptr) {
        out = {.block = here->block,
               .input = here->input,
               .basis = here->recording.basis,
               .sides = {}};
    } else if (source != nullptr) {
        out = {.block = source->block, .input = source->input, .basis = source->basis, .sides = {}};
    } else {
        return failure(usage("--bundle needs a log: as a side, or with --log"));
    }
    if (divergence.place == DivergencePlace::kInput ||
        divergence.place == DivergencePlace::kLength) {
        return failure(usage("there is no block that both sides executed"));
    }
    for (const Side* side : {&left, &right}) {
        if (const BundleBlock* bundle = side->bundle(); bundle != nullptr) {
            // One side may have touched cells that the other did not.
            out.basis.cells.insert(bundle->basis.cells.begin(), bundle->basis.cells.end());
        }
    }
    out.sides.push_back(side_for_bundle(left, *divergence.left));
    out.sides.push_back(side_for_bundle(right, *divergence.right));
    if (here != nullptr) {
        out.sides.push_back({.run = run_info({.workers = 0}),
                             .digests = here->record(),
                             .details = here->recording.details});
    }
    return write_bundle_file(path, left.header(), out);
}

/// The log that can be executed here: the one given, or a side that is one.
std::string log_at_hand(const DivergeOptions& options, const Side& left, const Side& right) {
    for (const std::string& log : {options.log, left.log(), right.log()}) {
        if (!log.empty() && log != "-") {
            return log;
        }
    }
    return {};
}

/// The block of a divergence, executed here, when a log is at hand and both sides executed it.
Result<std::optional<Reexecution>, Error> execute_here(const DivergeOptions& options,
                                                       const Divergence& divergence,
                                                       const Side& left, const Side& right) {
    const std::string log = log_at_hand(options, left, right);
    if (log.empty() || divergence.place == DivergencePlace::kInput ||
        divergence.place == DivergencePlace::kLength) {
        return std::nullopt;
    }
    auto here = reexecute(log, divergence.difference.block);
    if (here && (!*here || (*here)->input != divergence.left->input)) {
        return failure(Error{.code = ErrorCode::kCorrupt,
                             .message = "does not hold the block that the sides executed",
                             .file = log,
                             .block = divergence.difference.block});
    }
    return here;
}

Result<Answer, Error> compare_sides(const DivergeOptions& options) {
    const ReplayOptions replay{.workers = options.workers};
    auto left = open_side(options.left, replay);
    if (!left) {
        return failure(std::move(left.error()));
    }
    auto right = open_side(options.right, replay);
    if (!right) {
        return failure(std::move(right.error()));
    }
    auto comparison = compare(**left, **right);
    if (!comparison) {
        return failure(std::move(comparison.error()));
    }
    Answer answer{.json = {{"equal", !comparison->divergence.has_value()},
                           {"blocks_equal", comparison->blocks}},
                  .divergence = {}};
    if (!comparison->divergence) {
        return answer;
    }
    const Divergence& divergence = *comparison->divergence;
    for (Side* side : {left->get(), right->get()}) {
        if (!side->partial() && side->log().empty()) {
            if (auto rest = drain(*side); !rest) {
                return failure(std::move(rest.error()));
            }
        }
    }
    auto here = execute_here(options, divergence, **left, **right);
    if (!here) {
        return failure(std::move(here.error()));
    }
    const Reexecution* const executed = *here ? &**here : nullptr;
    const std::optional<DigestRecord> record =
        executed != nullptr ? std::optional(executed->record()) : std::nullopt;
    const Verdict verdict = judge(divergence, **left, **right, record ? &*record : nullptr);
    answer.json.update(describe_divergence(divergence, **left, **right, executed, verdict));
    answer.divergence = divergence.difference.error();
    if (!options.bundle.empty()) {
        if (auto written = write_bundle(options.bundle, divergence, **left, **right, executed);
            !written) {
            return failure(std::move(written.error()));
        }
        answer.json["bundle"] = options.bundle;
    }
    return answer;
}

/// What one recorded side of a bundle and this execution of it have in common.
Json describe_agreement(const BundleSide& side, const BundleRun& run,
                        const std::vector<std::string>& modules) {
    const auto difference = [&](const DigestRecord& here) {
        const auto found = first_difference(side.digests, here, modules);
        return found ? Json(found->error().describe()) : Json();
    };
    const Json serial = difference(run.serial);
    const Json parallel = run.parallel ? difference(*run.parallel) : Json();
    return {{"run", describe_run(side.run)},
            {"agrees", serial.is_null() && parallel.is_null()},
            {"difference", serial},
            {"difference_of_parallel", parallel}};
}

Result<Answer, Error> run_stored_block(const DivergeOptions& options) {
    auto reader = BundleReader::open(options.run);
    if (!reader) {
        return failure(std::move(reader.error()));
    }
    Answer answer{.json = {{"bundle", options.run}, {"blocks", Json::array()}}, .divergence = {}};
    for (;;) {
        auto bundle = reader->next();
        if (!bundle) {
            return failure(std::move(bundle.error()));
        }
        if (!*bundle) {
            return answer;
        }
        auto run = run_bundle(**bundle, {.workers = options.workers, .repeat = options.repeat});
        if (!run) {
            run.error().file = options.run;
            return failure(std::move(run.error()));
        }
        const auto unequal =
            run->parallel ? first_difference(run->serial, *run->parallel, reader->header().modules)
                          : std::nullopt;
        Json sides = Json::array();
        bool all_agree = !unequal;
        for (const BundleSide& side : (*bundle)->sides) {
            sides.push_back(describe_agreement(side, *run, reader->header().modules));
            all_agree = all_agree && sides.back().at("agrees").get<bool>();
        }
        Json missing = Json::array();
        for (const StateKey& key : run->missing) {
            missing.push_back(describe_key(key));
        }
        const std::uint64_t height = (*bundle)->block.header.height;
        answer.json["blocks"].push_back(
            {{"block", height},
             {"transactions", (*bundle)->block.transactions.size()},
             {"cells", (*bundle)->basis.cells.size()},
             {"here", describe_run(run_info({.workers = options.workers, .verify = true}))},
             {"serial_equals_parallel", run->parallel ? Json(!unequal) : Json()},
             {"kind", unequal ? Json(kind_name(DivergenceKind::kScheduler)) : Json()},
             {"missing_cells", std::move(missing)},
             {"sides", std::move(sides)}});
        if (!all_agree && !answer.divergence) {
            answer.divergence =
                Difference{.block = height,
                           .transaction = unequal ? unequal->transaction : std::nullopt,
                           .what = unequal ? "parallel and serial execution differ"
                                           : "a recorded run differs from this one"}
                    .error(options.run);
        }
    }
}

Result<Answer, Error> answer(const DivergeOptions& options) {
    if (!options.run.empty()) {
        if (!options.left.empty()) {
            return failure(usage("--run takes a bundle and no sides"));
        }
        return run_stored_block(options);
    }
    if (options.right.empty()) {
        return failure(usage("two sides are needed: digest files, logs or bundles"));
    }
    return compare_sides(options);
}

/// Neither side may be what a bundle is written to.
Result<void, Error> check_files(const DivergeOptions& options) {
    NamedFiles files;
    files.reads_digests("A", options.left).reads_digests("B", options.right);
    files.reads("--log", options.log).reads("--run", options.run);
    return files.writes("--bundle", options.bundle).prints().check();
}

int run_diverge(const DivergeOptions& options) {
    if (const auto distinct = check_files(options); !distinct) {
        return report_error(distinct.error());
    }
    const auto found = answer(options);
    if (!found) {
        return report_error(found.error());
    }
    if (options.json) {
        print_json(std::cout, found->json);
    } else {
        print_fields(std::cout, found->json);
    }
    std::cout.flush();
    return found->divergence ? report_error(*found->divergence) : 0;
}

}  // namespace

void register_diverge_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<DivergeOptions>();
    CLI::App* const command = app.add_subcommand(
        "diverge", "Finds the first divergent block and transaction of two runs and its kind");
    command->add_option("A", options->left, "digest file, log (executed here) or bundle");
    command->add_option("B", options->right, "the same; the other side");
    command->add_option("--log", options->log,
                        "the log that both executed: shows what the transaction reads and writes");
    command->add_option(
        "--bundle", options->bundle,
        "write the divergent block, its cells and both results for a third machine");
    command->add_option("--run", options->run,
                        "execute the block of a bundle alone and say with whom this build agrees");
    command
        ->add_option("--workers", options->workers,
                     "workers for logs and bundles; 0: the serial executor alone")
        ->check(CLI::Range(0U, kWorkersMax))
        ->capture_default_str();
    command->add_option("--repeat", options->repeat, "with --run: parallel executions of the block")
        ->check(CLI::Range(1U, kRepeatMax))
        ->capture_default_str();
    command->add_flag("--json", options->json, "print JSON");
    command->footer("Exit codes: 0 equal, 2 divergence, 3 corrupt input; others as everywhere.");
    command->callback([options, &exit_code] { exit_code = run_diverge(*options); });
}

}  // namespace lockstep
