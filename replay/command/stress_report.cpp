#include "replay/command/stress_report.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

#include "replay/command/print_json.hpp"
#include "replay/command/terminal_text.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kLabelWidth = 22;
constexpr int kCellWidth = 9;

constexpr std::array<const char*, kWorkKinds> kWorkNames = {"phases",  "prepare", "resolve", "link",
                                                            "execute", "publish", "commit",  "list",
                                                            "install", "finish",  "chain"};

std::uint64_t speedup(Picoseconds before, Picoseconds after) {
    return after == 0 ? 0 : (before * 1000 + after / 2) / after;
}
/// Nanoseconds per transaction.
std::uint64_t per_transaction(const ScalingReport& report, Picoseconds time) {
    const std::uint64_t unit = std::max<std::uint64_t>(report.transactions, 1) * 1000;
    return (time + unit / 2) / unit;
}

/// What a run took beside the others.
Json times_json(const ScalingReport& report, Picoseconds time, const SpeedupSpread& spread) {
    return {
        {"ns_per_transaction", json_ratio(time, report.transactions * 1000)},
        {"speedup", json_ratio(report.one_worker(), time)},
        {"speedup_quartiles",
         {{"lower", json_ratio(spread.lower, 1000)}, {"upper", json_ratio(spread.upper, 1000)}}},
        {"speedup_over_loop", json_ratio(report.loop, time)}};
}
Json work_json(const std::array<Picoseconds, kWorkKinds>& work, std::uint64_t divisor) {
    Json out = Json::object();
    for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
        out[kWorkNames[kind]] = json_ratio(work[kind], divisor * 1000);
    }
    return out;
}

/// A line of figures under the heads of the columns.
template <class Runs, class Text>
void line(std::ostream& out, const char* label, const Runs& runs, Text&& text) {
    out << "  " << std::left << std::setw(kLabelWidth) << label << std::right;
    for (const auto& run : runs) {
        out << std::setw(kCellWidth) << text(run);
    }
    out << '\n';
}

std::string signed_percent(std::int64_t permille) {
    const auto size = static_cast<std::uint64_t>(permille < 0 ? -permille : permille);
    return (permille < 0 ? "-" : "+") + std::to_string(size / 10) + '.' +
           std::to_string(size % 10) + " %";
}

void print_measured(std::ostream& out, const ScalingReport& report) {
    const auto& runs = report.measured;
    line(out, "workers, real", runs, [](const MeasuredRun& run) { return run.workers; });
    line(out, "over one worker", runs, [&](const MeasuredRun& run) {
        return decimal_text(speedup(report.one_worker(), run.time));
    });
    line(out, "over the serial loop", runs,
         [&](const MeasuredRun& run) { return decimal_text(speedup(report.loop, run.time)); });
    line(out, "sharing nothing", runs, [](const MeasuredRun& run) {
        return decimal_text(run.workers * 1'000'000ULL / run.core_slowdown_permille);
    });
    line(out, "time over prediction", runs, [&](const MeasuredRun& run) {
        return report.predicted_time(run.workers) == 0 ? std::string("-")
                                                       : signed_percent(report.error_permille(run));
    });
}

}  // namespace

std::string decimal_text(std::uint64_t thousandths) {
    const std::uint64_t hundredths = (thousandths + 5) / 10;
    const std::string decimals = std::to_string(hundredths % 100);
    return std::to_string(hundredths / 100) + '.' + std::string(2 - decimals.size(), '0') +
           decimals;
}

Json scaling_json(const ScalingReport& report) {
    Json measured = Json::array();
    for (const MeasuredRun& run : report.measured) {
        Json entry = {{"workers", run.workers}};
        entry.update(times_json(report, run.time, run.spread));
        entry["core_slowdown"] = json_ratio(run.core_slowdown_permille, 1000);
        const bool predicted = report.predicted_time(run.workers) != 0;
        Json error = nullptr;
        if (predicted) {
            const std::int64_t permille = report.error_permille(run);
            error = json_ratio(static_cast<std::uint64_t>(permille < 0 ? -permille : permille), 10);
        }
        entry["prediction_error_percent"] = std::move(error);
        measured.push_back(std::move(entry));
    }
    Json predicted = Json::array();
    for (const PredictedRun& run : report.predicted) {
        Json entry = {{"cores", run.cores}};
        entry.update(times_json(report, run.time, run.spread));
        entry["work_ns_per_transaction"] = work_json(run.spent, report.transactions);
        predicted.push_back(std::move(entry));
    }
    return {{"transactions_per_block", report.transactions},
            {"serial_loop_ns", json_ratio(report.loop, report.transactions * 1000)},
            {"one_worker_ns", json_ratio(report.one_worker(), report.transactions * 1000)},
            {"critical_path",
             {{"bound", json_ratio(report.path.total, report.path.length)},
              {"transactions", report.path.transactions}}},
            {"unit_cost_ns", work_json(report.costs.work, 1)},
            {"measured", std::move(measured)},
            {"predicted", std::move(predicted)},
            {"verified", report.agree}};
}

Json stress_json(const StressRow& row) {
    Json out = {{"workload", row.workload},
                {"accounts", row.accounts},
                {"block_size", row.block_size},
                {"work_ns", row.work_ns ? Json(*row.work_ns) : Json()}};
    out.update(scaling_json(row.report));
    return out;
}

void print_stress_row(std::ostream& out, const StressRow& row) {
    const ScalingReport& report = row.report;
    out << row.workload << ", " << grouped(row.accounts) << " accounts, blocks of "
        << grouped(report.transactions);
    if (row.work_ns) {
        out << ", " << grouped(*row.work_ns) << " ns of work";
    }
    out << "\n  serial loop " << grouped(per_transaction(report, report.loop))
        << " ns per transaction, one worker "
        << grouped(per_transaction(report, report.one_worker())) << " ns; critical path "
        << grouped(report.path.transactions) << " transactions, bound "
        << decimal_text(report.path.bound_permille()) << " x\n";
    print_measured(out, report);
    const auto& runs = report.predicted;
    line(out, "cores, virtual", runs, [](const PredictedRun& run) { return run.cores; });
    line(out, "over one worker", runs, [&](const PredictedRun& run) {
        return decimal_text(speedup(report.one_worker(), run.time));
    });
    line(out, "over the serial loop", runs,
         [&](const PredictedRun& run) { return decimal_text(speedup(report.loop, run.time)); });
    line(out, "ns per transaction", runs,
         [&](const PredictedRun& run) { return grouped(per_transaction(report, run.time)); });
    out << '\n';
}

}  // namespace lockstep
