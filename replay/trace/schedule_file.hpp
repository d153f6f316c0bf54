#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replay/digest/checked_lines.hpp"
#include "replay/trace/task_trace.hpp"

namespace lockstep {

/// One step of a recorded schedule.
struct ScheduleEvent {
    enum class Kind : std::uint8_t {
        kExecuteBegins,
        kExecuteEnds,
        kCommitBegins,  ///< the worker holds the frontier
        kCommitEnds,
    };
    Kind kind = Kind::kExecuteBegins;
    std::uint32_t worker = 0;
    std::uint64_t transaction = 0;  ///< of an execution; 0 for commits

    friend bool operator==(const ScheduleEvent&, const ScheduleEvent&) = default;
};

/// The order in which workers began and ended tasks of one block.
struct BlockSchedule {
    std::uint64_t height = 0;
    std::uint64_t transactions = 0;
    std::uint32_t workers = 0;
    std::vector<ScheduleEvent> events;  ///< by time

    friend bool operator==(const BlockSchedule&, const BlockSchedule&) = default;
};

/// The schedule that a trace of one block shows.
[[nodiscard]] BlockSchedule make_schedule(const TaskTrace& trace, std::uint64_t height,
                                          std::uint64_t transactions);

/// Writes schedules: text, every line checked as in digest files.
///
///     lockstep-schedule 1
///     block <height> <transactions> <workers> <events>
///     events <worker><x|X|c|C>[transaction] …      begin and end of executions, of commits
///     end <blocks>
class ScheduleWriter {
  public:
    [[nodiscard]] static Result<ScheduleWriter, Error> create(const std::string& path);
    [[nodiscard]] Result<void, Error> append(const BlockSchedule& schedule);
    [[nodiscard]] Result<void, Error> close();

  private:
    explicit ScheduleWriter(CheckedLineWriter lines) : lines_(std::move(lines)) {}

    CheckedLineWriter lines_;
    std::uint64_t blocks_ = 0;
};

/// Reads schedules. Errors: kCorrupt with the offset of the line.
class ScheduleReader {
  public:
    [[nodiscard]] static Result<ScheduleReader, Error> open(std::unique_ptr<ByteSource> source);
    /// The next block; nothing after the last one.
    [[nodiscard]] Result<std::optional<BlockSchedule>, Error> next();

  private:
    explicit ScheduleReader(std::unique_ptr<ByteSource> source)
        : lines_(std::move(source), "schedule file") {}
    [[nodiscard]] Result<void, Error> read_events(BlockSchedule& out, std::uint64_t count);

    CheckedLineReader lines_;
    std::uint64_t blocks_ = 0;
    bool ended_ = false;
};

}  // namespace lockstep
