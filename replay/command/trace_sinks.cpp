#include "replay/command/trace_sinks.hpp"

#include <algorithm>
#include <optional>

#include "engine/parallel_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/result_difference.hpp"
#include "replay/trace/chrome_trace.hpp"
#include "replay/trace/schedule_file.hpp"

namespace lockstep {

struct TraceSinks::Observed {
    explicit Observed(std::uint32_t workers)
        : trace(workers),
          threads(workers),
          pool(threads, trace),
          executor(venue, store, pool, {}, {.adaptive = false}) {}

    TaskTrace trace;
    WorkerPool threads;
    TracedPool pool;
    Venue venue;
    StateStore<Venue, TracedSync> store;
    ParallelExecutor<Venue, TracedSync, TracedPool> executor;
    std::optional<ChromeTraceWriter> chrome;
    std::optional<ScheduleWriter> schedule;
};

TraceSinks::TraceSinks() = default;
TraceSinks::~TraceSinks() = default;

Result<void, Error> TraceSinks::open(const TraceOptions& options, std::uint32_t workers) {
    if (options.trace.empty() && options.schedule.empty()) {
        return {};
    }
    observed_ = std::make_unique<Observed>(std::max(workers, 1U));
    if (!options.trace.empty()) {
        auto writer = ChromeTraceWriter::create(options.trace);
        if (!writer) {
            return failure(std::move(writer.error()));
        }
        observed_->chrome.emplace(std::move(*writer));
    }
    if (!options.schedule.empty()) {
        auto writer = ScheduleWriter::create(options.schedule);
        if (!writer) {
            return failure(std::move(writer.error()));
        }
        observed_->schedule.emplace(std::move(*writer));
    }
    return {};
}

Result<void, Error> TraceSinks::take(const LogBlock& block, const BlockResult& result) {
    Observed& observed = *observed_;
    observed.trace.clear();
    const TaskTrace::Enlist leader(observed.trace, 0);
    const auto again = observed.executor.execute(block);
    if (!again) {
        return failure(again.error());
    }
    if (const auto difference = first_difference(result, *again)) {
        return failure(difference->error());
    }
    const std::uint64_t height = block.header.height;
    if (observed.chrome) {
        if (auto written = observed.chrome->append(observed.trace, height); !written) {
            return written;
        }
    }
    if (observed.schedule) {
        return observed.schedule->append(
            make_schedule(observed.trace, height, block.transactions.size()));
    }
    return {};
}

Result<void, Error> TraceSinks::close() {
    if (observed_ != nullptr && observed_->chrome) {
        if (auto closed = observed_->chrome->close(); !closed) {
            return closed;
        }
    }
    return observed_ != nullptr && observed_->schedule ? observed_->schedule->close()
                                                       : Result<void, Error>{};
}

}  // namespace lockstep
