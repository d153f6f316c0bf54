#include "replay/trace/chrome_trace.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace lockstep {
namespace {

const char* name_of(Work work) {
    switch (work) {
        case Work::kPhase:
            return "phase";
        case Work::kPrepare:
            return "prepare";
        case Work::kResolve:
            return "resolve";
        case Work::kLink:
            return "link";
        case Work::kExecute:
            return "execute";
        case Work::kPublish:
            return "publish";
        case Work::kCommit:
            return "validate and commit";
        case Work::kList:
            return "list";
        case Work::kInstall:
            return "install";
        case Work::kFinish:
            return "finish";
        case Work::kChain:
            return "chain";
    }
    return "work";
}

/// Microseconds with three decimals.
std::string microseconds(std::int64_t ns) {
    const std::int64_t value = std::max<std::int64_t>(ns, 0);
    return std::to_string(value / 1000) + '.' + std::to_string(1000 + value % 1000).substr(1);
}

std::string arguments_of(const TaskRecord& task, std::uint64_t height) {
    std::string out = "\"block\":" + std::to_string(height);
    if (task.work == Work::kExecute) {
        out += ",\"transaction\":" + std::to_string(task.which);
    }
    return out + ",\"units\":" + std::to_string(task.units);
}

}  // namespace

Result<ChromeTraceWriter, Error> ChromeTraceWriter::create(const std::string& path) {
    auto file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    ChromeTraceWriter writer(std::move(*file));
    if (auto written = writer.file_.write("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
        !written) {
        return failure(std::move(written.error()));
    }
    return writer;
}

void ChromeTraceWriter::slice(std::string& out, const char* name, std::uint32_t worker,
                              std::int64_t begin_ns, std::int64_t end_ns,
                              const std::string& arguments) {
    out += first_ ? "\n" : ",\n";
    first_ = false;
    out += "{\"name\":\"" + std::string(name) +
           "\",\"ph\":\"X\",\"pid\":1,\"tid\":" + std::to_string(worker) +
           ",\"ts\":" + microseconds(begin_ns - *start_ns_) +
           ",\"dur\":" + microseconds(end_ns - begin_ns) + ",\"args\":{" + arguments + "}}";
}

Result<void, Error> ChromeTraceWriter::append(const TaskTrace& trace, std::uint64_t height) {
    std::string out;
    for (; named_workers_ < trace.workers(); ++named_workers_) {
        const std::string number = std::to_string(named_workers_);
        out += first_ ? "\n" : ",\n";
        first_ = false;
        out += "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":" + number +
               ",\"args\":{\"name\":\"worker " + number + "\"}}";
    }
    for (std::uint32_t worker = 0; worker < trace.workers(); ++worker) {
        std::vector<TaskRecord> tasks(trace.of(worker).begin(), trace.of(worker).end());
        std::stable_sort(tasks.begin(), tasks.end(), [](const auto& a, const auto& b) {
            return a.begin_ns != b.begin_ns ? a.begin_ns < b.begin_ns : a.end_ns > b.end_ns;
        });
        std::int64_t busy_until = std::numeric_limits<std::int64_t>::max();
        for (const TaskRecord& task : tasks) {
            start_ns_ = std::min(start_ns_.value_or(task.begin_ns), task.begin_ns);
            if (task.begin_ns > busy_until) {
                slice(out, "wait", worker, busy_until, task.begin_ns,
                      "\"block\":" + std::to_string(height));
            }
            slice(out, name_of(task.work), worker, task.begin_ns, task.end_ns,
                  arguments_of(task, height));
            const bool first_task = &task == &tasks.front();
            busy_until = first_task ? task.end_ns : std::max(busy_until, task.end_ns);
        }
    }
    return file_.write(out);
}

Result<void, Error> ChromeTraceWriter::close() {
    if (auto written = file_.write("\n]}\n"); !written) {
        return written;
    }
    return file_.commit();
}

}  // namespace lockstep
