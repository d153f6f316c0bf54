#include "replay/trace/schedule_file.hpp"

#include <algorithm>
#include <tuple>

#include "replay/digest/digest_text.hpp"
#include "replay/format/limits.hpp"

namespace lockstep {
namespace {

using Kind = ScheduleEvent::Kind;

constexpr std::string_view kTitle = "lockstep-schedule 1";
constexpr std::string_view kLetters = "xXcC";  // in the order of Kind
constexpr std::size_t kEventsPerLine = 256;
constexpr std::uint64_t kWorkersMax = 1 << 16;

std::string encode(const ScheduleEvent& event) {
    std::string out = std::to_string(event.worker);
    out += kLetters[static_cast<std::size_t>(event.kind)];
    if (event.kind == Kind::kExecuteBegins || event.kind == Kind::kExecuteEnds) {
        out += std::to_string(event.transaction);
    }
    return out;
}

std::optional<ScheduleEvent> decode(std::string_view word, const BlockSchedule& block) {
    const std::size_t at = word.find_first_of(kLetters);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    ScheduleEvent out;
    out.kind = static_cast<Kind>(kLetters.find(word[at]));
    const auto worker = parse_u64(word.substr(0, at));
    const bool execution = out.kind == Kind::kExecuteBegins || out.kind == Kind::kExecuteEnds;
    const std::string_view rest = word.substr(at + 1);
    const auto transaction = execution ? parse_u64(rest) : std::optional<std::uint64_t>(0);
    if (!worker || *worker >= block.workers || !transaction || (!execution && !rest.empty()) ||
        (execution && *transaction >= block.transactions)) {
        return std::nullopt;
    }
    out.worker = static_cast<std::uint32_t>(*worker);
    out.transaction = *transaction;
    return out;
}

}  // namespace

BlockSchedule make_schedule(const TaskTrace& trace, std::uint64_t height,
                            std::uint64_t transactions) {
    struct Timed {
        std::int64_t time = 0;
        std::size_t order = 0;  ///< keeps a worker's own order where the clock does not tell
        ScheduleEvent event;
    };
    std::vector<Timed> timed;
    for (std::uint32_t worker = 0; worker < trace.workers(); ++worker) {
        for (const TaskRecord& task : trace.of(worker)) {
            if (task.work != Work::kExecute && task.work != Work::kCommit) {
                continue;
            }
            const bool execution = task.work == Work::kExecute;
            const std::uint64_t transaction = execution ? task.which : 0;
            timed.push_back({task.begin_ns,
                             timed.size(),
                             {.kind = execution ? Kind::kExecuteBegins : Kind::kCommitBegins,
                              .worker = worker,
                              .transaction = transaction}});
            timed.push_back({task.end_ns,
                             timed.size(),
                             {.kind = execution ? Kind::kExecuteEnds : Kind::kCommitEnds,
                              .worker = worker,
                              .transaction = transaction}});
        }
    }
    std::sort(timed.begin(), timed.end(), [](const Timed& a, const Timed& b) {
        return std::tie(a.time, a.order) < std::tie(b.time, b.order);
    });
    BlockSchedule out{
        .height = height, .transactions = transactions, .workers = trace.workers(), .events = {}};
    out.events.reserve(timed.size());
    for (const Timed& entry : timed) {
        out.events.push_back(entry.event);
    }
    return out;
}

Result<ScheduleWriter, Error> ScheduleWriter::create(const std::string& path) {
    auto lines = CheckedLineWriter::create(path);
    if (!lines) {
        return failure(std::move(lines.error()));
    }
    if (auto written = lines->line(std::string(kTitle)); !written) {
        return failure(std::move(written.error()));
    }
    return ScheduleWriter(std::move(*lines));
}

Result<void, Error> ScheduleWriter::append(const BlockSchedule& schedule) {
    ++blocks_;
    auto written = lines_.line(
        "block " + std::to_string(schedule.height) + ' ' + std::to_string(schedule.transactions) +
        ' ' + std::to_string(schedule.workers) + ' ' + std::to_string(schedule.events.size()));
    const std::span<const ScheduleEvent> all = schedule.events;
    for (std::size_t at = 0; written && at < all.size(); at += kEventsPerLine) {
        std::string body = "events";
        for (const ScheduleEvent& event :
             all.subspan(at, std::min(kEventsPerLine, all.size() - at))) {
            body += ' ' + encode(event);
        }
        written = lines_.line(std::move(body));
    }
    return written;
}

Result<void, Error> ScheduleWriter::close() {
    if (auto written = lines_.line("end " + std::to_string(blocks_)); !written) {
        return written;
    }
    return lines_.commit();
}

Result<ScheduleReader, Error> ScheduleReader::open(std::unique_ptr<ByteSource> source) {
    ScheduleReader reader(std::move(source));
    const auto title = reader.lines_.line();
    if (!title) {
        return failure(title.error());
    }
    if (*title != kTitle) {
        return failure(reader.lines_.corrupt("no schedule file of version 1"));
    }
    return reader;
}

Result<std::optional<BlockSchedule>, Error> ScheduleReader::next() {
    if (ended_) {
        return std::nullopt;
    }
    const auto line = lines_.line();
    if (!line) {
        return failure(line.error());
    }
    if (*line == "end " + std::to_string(blocks_)) {
        if (auto end = lines_.expect_end(); !end) {
            return failure(std::move(end.error()));
        }
        ended_ = true;
        return std::nullopt;
    }
    const std::vector<std::string_view> words = split_words(*line);
    if (words[0] != "block" || words.size() != 5) {
        return failure(lines_.corrupt("neither a block nor the end of the schedule file"));
    }
    const auto height = parse_u64(words[1]);
    const auto transactions = parse_u64(words[2]);
    const auto workers = parse_u64(words[3]);
    const auto events = parse_u64(words[4]);
    if (!height || !transactions || *transactions > kBlockTransactionsMax || !workers ||
        *workers > kWorkersMax || !events) {
        return failure(lines_.corrupt("a block of the schedule file is malformed"));
    }
    BlockSchedule out{.height = *height,
                      .transactions = *transactions,
                      .workers = static_cast<std::uint32_t>(*workers),
                      .events = {}};
    if (auto read = read_events(out, *events); !read) {
        return failure(std::move(read.error()));
    }
    ++blocks_;
    return out;
}

Result<void, Error> ScheduleReader::read_events(BlockSchedule& out, std::uint64_t count) {
    while (out.events.size() < count) {
        const auto line = lines_.expect("events");
        if (!line) {
            return failure(line.error());
        }
        const std::vector<std::string_view> words = split_words(*line);
        if (words.size() != std::min<std::uint64_t>(count - out.events.size(), kEventsPerLine)) {
            return failure(lines_.corrupt("a line has another number of events"));
        }
        for (const std::string_view word : words) {
            const auto event = decode(word, out);
            if (!event) {
                return failure(lines_.corrupt("an event of a schedule is malformed"));
            }
            out.events.push_back(*event);
        }
    }
    return {};
}

}  // namespace lockstep
