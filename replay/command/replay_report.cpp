#include "replay/command/replay_report.hpp"

#include <algorithm>
#include <ostream>

#include "instruments/status.hpp"
#include "replay/command/describe_accesses.hpp"
#include "replay/command/describe_solvency.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/digest/run_info.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t count_of(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

Json seconds(std::chrono::nanoseconds time) {
    return json_ratio(count_of(time), 1'000'000'000);
}

Json per_second(std::uint64_t count, std::chrono::nanoseconds time) {
    return json_ratio(count * 1'000'000, count_of(time) / 1'000);
}

std::string fault_name(std::uint16_t fault) {
    switch (static_cast<Fault>(fault)) {
        case Fault::kThrew:
            return "threw";
        case Fault::kStepBudget:
            return "step_budget";
        case Fault::kOutputLimit:
            return "output_limit";
    }
    return std::to_string(fault);
}

Json rejections(const ReplaySummary& summary) {
    Json out = Json::object();
    for (const auto& [status, count] : summary.rejections) {
        std::string label(name(static_cast<Status>(status)));
        if (out.contains(label)) {
            label += '_' + std::to_string(status);  // numbers that have no name
        }
        out[label] = count;
    }
    return out;
}

Json faults(const ReplaySummary& summary) {
    Json out = Json::object();
    for (const auto& [fault, count] : summary.faults) {
        out[fault_name(fault)] = count;
    }
    return out;
}

template <class T>
Json optional_json(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

Json error_json(const std::optional<Error>& error) {
    if (!error) {
        return nullptr;
    }
    return {{"exit_code", static_cast<int>(error->code)},
            {"message", error->message},
            {"file", error->file},
            {"offset", optional_json(error->offset)},
            {"block", optional_json(error->block)},
            {"transaction", optional_json(error->transaction)}};
}

Json difference_json(const std::optional<Difference>& difference) {
    if (!difference) {
        return nullptr;
    }
    return {{"block", difference->block},
            {"transaction", optional_json(difference->transaction)},
            {"what", difference->what}};
}

Json invariants_json(const ReplayReport& report) {
    if (!report.violations) {
        return nullptr;
    }
    return {{"hold", report.violations->empty()}, {"violations", *report.violations}};
}

Json access_json(const ReplayReport& report) {
    if (!report.mismatches) {
        return nullptr;
    }
    return {{"blocks_listed", report.summary.blocks_listed},
            {"mismatches", describe_mismatches(*report.mismatches)}};
}

Json chains_json(const std::optional<ConflictChains>& chains) {
    if (!chains) {
        return nullptr;
    }
    return {{"longest", {{"block", chains->block}, {"transactions", chains->longest}}},
            {"conflicts", chains->conflicts},
            {"steps", chains->steps},
            {"parallelism", json_ratio(chains->transactions, chains->steps)}};
}

/// `thousandths` / 1000 with three decimals.
std::string decimal3(std::uint64_t thousandths) {
    const std::string fraction = std::to_string(1000 + thousandths % 1000).substr(1);
    return std::to_string(thousandths / 1000) + '.' + fraction;
}

std::string decimal3(std::uint64_t numerator, std::uint64_t denominator) {
    return denominator == 0 ? "-" : decimal3((numerator * 1000 + denominator / 2) / denominator);
}

std::string seconds_text(std::chrono::nanoseconds time) {
    return decimal3(count_of(time) / 1'000'000) + " s";
}

std::string rate_text(std::uint64_t count, std::chrono::nanoseconds time) {
    const std::uint64_t microseconds = count_of(time) / 1'000;
    return microseconds == 0 ? "-" : grouped(count * 1'000'000 / microseconds) + " /s";
}

std::string verified_text(const ReplaySummary& summary) {
    if (!summary.verified) {
        return "not asked for";
    }
    if (!*summary.verified) {
        return "NO: " + (summary.difference ? summary.difference->error().describe() : "");
    }
    const std::uint64_t parallel = count_of(summary.executing);
    return "yes, serial " + seconds_text(summary.executing_serial) + " (" +
           decimal3(count_of(summary.executing_serial), parallel) + " x)";
}

/// A verdict on what was compared, and only that.
std::string compared_text(const std::optional<Compared>& compared) {
    if (!compared || (compared->blocks == 0 && !compared->agrees)) {
        return "not compared";
    }
    const std::string blocks =
        grouped(compared->blocks) + (compared->blocks == 1 ? " block" : " blocks");
    if (!compared->agrees) {
        return "not compared behind the first " + blocks + ", which agree";
    }
    if (!*compared->agrees) {
        return "differs behind " + blocks + " that agree";
    }
    return "agrees in " + blocks +
           (compared->all ? ", all that there are" : "; others not compared");
}

Json compared_json(const std::optional<Compared>& compared) {
    if (!compared) {
        return nullptr;
    }
    return {{"blocks", compared->blocks},
            {"agrees", optional_json(compared->agrees)},
            {"all", compared->all}};
}

std::string counts_text(const Json& counts) {
    std::string out;
    for (const auto& [label, count] : counts.items()) {
        out += (out.empty() ? "" : ", ") + label + ' ' + grouped(count.get<std::uint64_t>());
    }
    return out;
}

/// `line(label, text)` prints one line.
template <class Line>
void print_conflicts(const Line& line, const ReplayReport& report) {
    if (report.conflicts) {
        for (const CellTraffic& cell : *report.conflicts) {
            line(&cell == report.conflicts->data() ? "conflicts" : "",
                 conflict_text(cell, report.names));
        }
    }
    if (report.chains) {
        line("longest chain", grouped(report.chains->longest) + " transactions, in block " +
                                  std::to_string(report.chains->block) + "; over all blocks " +
                                  decimal3(report.chains->transactions, report.chains->steps) +
                                  " transactions a step");
    }
}

template <class Line>
void print_range(const Line& line, const ReplayReport& report) {
    if (!report.range.is_null()) {
        const Json& range = report.range;
        line("range", "blocks " + range.at("first").dump() + ".." + range.at("last").dump() +
                          (range.at("agrees").is_null()     ? ""
                           : range.at("agrees").get<bool>() ? ", ends as the next one begins"
                                                            : ", DOES NOT end as the next begins"));
    }
}

}  // namespace

Json report_json(const ReplayReport& report) {
    const ReplaySummary& summary = report.summary;
    const ExecutionMetrics& metrics = summary.metrics;
    return {
        {"log", report.log},
        {"chain_id", report.header.chain_id},
        {"log_digest", report.log_digest.hex()},
        {"build", build_description()},
        {"machine", report.machine},
        {"blocks", summary.blocks},
        {"transactions", summary.transactions},
        {"applied", summary.applied},
        {"rejected", summary.rejected},
        {"skipped", summary.skipped},
        {"faulted", summary.faulted},
        {"rejections", rejections(summary)},
        {"faults", faults(summary)},
        {"workers", report.workers},
        {"seconds", seconds(summary.executing)},
        {"wall_seconds", seconds(report.wall)},
        {"cpu_seconds", seconds(report.cpu)},
        {"transactions_per_second", per_second(summary.transactions, summary.executing)},
        {"executions_per_transaction", json_ratio(metrics.executions, summary.transactions)},
        {"validations_per_transaction", json_ratio(metrics.validations, summary.transactions)},
        {"aborts", metrics.aborts},
        {"waits", metrics.waits},
        {"deferred", metrics.deferred},
        {"fallbacks", metrics.fallbacks},
        {"planned_blocks", metrics.planned},
        {"abandoned_plans", metrics.abandoned_plans},
        {"state_cells", summary.cells},
        {"state_digest", summary.state.hex()},
        {"block_digest", summary.block.hex()},
        {"verified", optional_json(summary.verified)},
        {"serial_seconds", summary.verified ? seconds(summary.executing_serial) : Json(nullptr)},
        {"difference", difference_json(summary.difference)},
        {"against", optional_json(report.against)},
        {"compared", compared_json(report.compared)},
        {"access_lists", access_json(report)},
        {"conflicts",
         report.conflicts ? describe_conflicts(*report.conflicts, report.names) : Json()},
        {"conflict_chains", chains_json(report.chains)},
        {"series", report.series},
        {"scaling", report.scaling},
        {"markets", report.markets},
        {"invariants", invariants_json(report)},
        {"solvency", report.solvency ? describe_solvency(*report.solvency) : Json()},
        {"divergence", report.divergence},
        {"bisection", report.bisection},
        {"range", report.range},
        {"torn_tail", error_json(report.torn_tail)},
        {"error", error_json(report.error)}};
}

void print_report(std::ostream& out, const ReplayReport& report) {
    const ReplaySummary& summary = report.summary;
    const ExecutionMetrics& metrics = summary.metrics;
    const auto line = [&out](std::string label, const std::string& text) {
        label.resize(16, ' ');
        out << label << text << '\n';
    };
    line("log", terminal_text(report.log) + " (" + terminal_text(report.header.chain_id) + ')');
    line("blocks", grouped(summary.blocks));
    line("transactions", grouped(summary.transactions) + " (applied " + grouped(summary.applied) +
                             ", rejected " + grouped(summary.rejected) + ", skipped " +
                             grouped(summary.skipped) + ", faulted " + grouped(summary.faulted) +
                             ')');
    if (!summary.rejections.empty()) {
        line("rejections", counts_text(rejections(summary)));
    }
    if (!summary.faults.empty()) {
        line("faults", counts_text(faults(summary)));
    }
    line("workers", report.workers == 0 ? "serial executor" : std::to_string(report.workers));
    line("executing", seconds_text(summary.executing) + ", " +
                          rate_text(summary.transactions, summary.executing));
    line("whole run", seconds_text(report.wall) + ", processor " + seconds_text(report.cpu));
    line("per transaction", decimal3(metrics.executions, summary.transactions) + " executions, " +
                                decimal3(metrics.validations, summary.transactions) +
                                " validations");
    line("aborts", grouped(metrics.aborts) + ", waits " + grouped(metrics.waits) + ", deferred " +
                       grouped(metrics.deferred) + ", fallbacks " + grouped(metrics.fallbacks));
    line("as planned",
         grouped(metrics.planned) + " blocks, abandoned " + grouped(metrics.abandoned_plans));
    line("state", grouped(summary.cells) + " cells");
    line("state digest", summary.state.hex());
    line("block digest", summary.block.hex());
    line("verified", verified_text(summary));
    if (report.against) {
        line("against", terminal_text(*report.against) + ": " + compared_text(report.compared));
    }
    if (report.mismatches) {
        line("access lists", grouped(summary.blocks_listed) + " blocks listed, " +
                                 grouped(report.mismatches->count) + " mismatches");
        for (const auto& mismatch : report.mismatches->named) {
            line("", mismatch_text(mismatch));
        }
    }
    print_conflicts(line, report);
    print_range(line, report);
    if (!report.bisection.is_null()) {
        const Json& block = report.bisection.at("block");
        line("bisection", (block.is_null() ? "all blocks agree" : "block " + block.dump()) + ", " +
                              report.bisection.at("questions").dump() + " questions");
    }
    if (report.violations) {
        line("invariants", report.violations->empty()
                               ? "hold"
                               : std::to_string(report.violations->size()) + " BROKEN");
        for (const std::string& violation : *report.violations) {
            line("", terminal_text(violation));
        }
    }
    if (report.solvency) {
        line("solvent", solvency_text(*report.solvency));
    }
    if (report.torn_tail) {
        line("torn tail", "cut at offset " + std::to_string(report.torn_tail->offset.value_or(0)));
    }
}

}  // namespace lockstep
