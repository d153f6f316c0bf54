#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "replay/format/output_file.hpp"
#include "replay/trace/task_trace.hpp"

namespace lockstep {

/// Writes traces as Chrome trace-event JSON, which ui.perfetto.dev and chrome://tracing open: one
/// track per worker, a slice per stretch of work, and a slice "wait" wherever a worker did nothing
/// between its first and last stretch of a block. Times are microseconds since the first block.
class ChromeTraceWriter {
  public:
    [[nodiscard]] static Result<ChromeTraceWriter, Error> create(const std::string& path);
    [[nodiscard]] Result<void, Error> append(const TaskTrace& trace, std::uint64_t height);
    [[nodiscard]] Result<void, Error> close();

  private:
    explicit ChromeTraceWriter(OutputFile file) : file_(std::move(file)) {}
    void slice(std::string& out, const char* name, std::uint32_t worker, std::int64_t begin_ns,
               std::int64_t end_ns, const std::string& arguments);

    OutputFile file_;
    std::optional<std::int64_t> start_ns_;
    std::uint32_t named_workers_ = 0;
    bool first_ = true;
};

}  // namespace lockstep
