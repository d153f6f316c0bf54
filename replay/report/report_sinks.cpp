#include "replay/report/report_sinks.hpp"

#include <utility>

#include "replay/format/output_file.hpp"
#include "replay/report/machine.hpp"
#include "replay/report/market_table.hpp"
#include "replay/report/pages.hpp"
#ifdef LOCKSTEP_BUILD_STRESS
#include <algorithm>

#include "replay/command/progress_bar.hpp"
#include "replay/command/stress_report.hpp"
#include "replay/stress/stress_workloads.hpp"
#endif

namespace lockstep {

Result<void, Error> ReportSinks::open([[maybe_unused]] ReplayReport& report) const {
#ifdef LOCKSTEP_BUILD_REPORT
    if (!options_.names.empty()) {
        auto names = NameBook::read(options_.names);
        if (!names) {
            return failure(std::move(names.error()));
        }
        report.names = std::move(*names);
    }
#endif
    return {};
}

void ReportSinks::join(VenueDriver& driver, const AccessSinks& accesses) {
    if (options_.page.empty()) {
        return;
    }
#ifdef LOCKSTEP_BUILD_STRESS
    driver.add_access_sink([this](std::uint64_t, const AccessList<StateKey>& list) {
        sample_.add_accesses(list);
        return Result<void, Error>{};
    });
#endif
    driver.add_sink([this, &driver, &accesses](
                        const LogBlock& block,
                        [[maybe_unused]] const BlockResult& result) -> Result<void, Error> {
        series_.add(block.header, driver.summary(), accesses.conflicts().chains());
#ifdef LOCKSTEP_BUILD_STRESS
        sample_.add(block, result, driver.store());
#endif
        return {};
    });
}

void ReportSinks::describe(const VenueDriver& driver, ReplayReport& report) const {
    if (!options_.page.empty()) {
        report.series = series_.describe();
        report.markets = describe_markets(driver.store(), report.names);
        report.machine = describe_machine();
    }
}

#ifdef LOCKSTEP_BUILD_STRESS
Result<void, Error> ReportSinks::measure(ReplayReport& report) {
    const RecordedBlocks recorded = sample_.take();
    if (options_.page.empty() || recorded.blocks.empty()) {
        return {};
    }
    const auto count = static_cast<std::uint32_t>(recorded.blocks.size());
    ProgressBar bar(1000);
    ScalingOptions options;
    options.workers = {1};
    if (report.workers > 1) {
        options.workers.push_back(report.workers);
    }
    options.warm_ups = std::min(options.warm_ups, count - 1);
    options.blocks = count - options.warm_ups;
    options.time_max = std::chrono::seconds(5);
    options.progress = [&bar](std::uint64_t done, std::uint64_t total) {
        bar.update(done * 1000 / total, "measuring how blocks scale");
    };
    const StressVenue workload{.machine = {}, .options = {}, .recorded = &recorded};
    const ScalingReport scaling = measure_scaling(workload, options);
    report.scaling = {{"first_block", recorded.blocks.front().header.height},
                      {"last_block", recorded.blocks.back().header.height}};
    report.scaling.update(scaling_json(scaling));
    if (!scaling.agree) {
        return failure(Error{.code = ErrorCode::kDivergence,
                             .message = "executors that ran the block, or one of the " +
                                        std::to_string(count - 1) +
                                        " behind it, again came to another result",
                             .file = report.log,
                             .block = recorded.blocks.front().header.height});
    }
    return {};
}
#else
Result<void, Error> ReportSinks::measure(ReplayReport& /*report*/) {
    return {};
}
#endif

Result<void, Error> ReportSinks::write(
    [[maybe_unused]] const nlohmann::ordered_json& report) const {
#ifdef LOCKSTEP_BUILD_REPORT
    if (!options_.page.empty()) {
        return write_file(options_.page, replay_page(report));
    }
#endif
    return {};
}

}  // namespace lockstep
