#include <cstdio>
#include <string>
#include <string_view>

#include "instruments/venue.hpp"
#include "replay/format/log_reader.hpp"
#include "tests/explorer/followed_run.hpp"

namespace {

using namespace lockstep;
using namespace lockstep::test;

constexpr const char* kUsage =
    "Usage: follow LOG SCHEDULE [--early]\n"
    "Executes the blocks of LOG in the task order that `lockstep replay LOG --record-schedule\n"
    "SCHEDULE` has recorded, on fibers of one thread, checks invariants after every write and "
    "every\n"
    "result against the serial executor, and says how far the order could be followed. A task "
    "does\n"
    "its work right before its recorded end, with --early right behind its begin.\n"
    "Exit code 0: all well, 2: something went wrong, 3: an unusable file, 1: wrong usage.\n";
constexpr std::uint32_t kWorkersMax = 16;
constexpr int kWrong = 2;
constexpr int kUnusable = 3;

int unusable(const std::string& message) {
    std::fprintf(stderr, "follow: %s\n", message.c_str());
    return kUnusable;
}

int follow(const std::string& log_path, const std::string& schedule_path, Pace pace) {
    auto log = LogReader::open(log_path);
    if (!log) {
        return unusable(log.error().message);
    }
    auto file = FileSource::open(schedule_path);
    if (!file) {
        return unusable(file.error().message);
    }
    auto schedules = ScheduleReader::open(std::move(*file));
    if (!schedules) {
        return unusable(schedules.error().message);
    }
    std::optional<FollowedRun<Venue>> run;
    FollowReport total;
    std::uint64_t blocks = 0;
    std::uint32_t workers = 0;
    for (;; ++blocks) {
        const auto schedule = schedules->next();
        if (!schedule) {
            return unusable(schedule.error().message);
        }
        if (!*schedule) {
            break;
        }
        const auto block = log->next();
        if (!block) {
            return unusable(block.error().message);
        }
        if (!*block || (*block)->header.height != (*schedule)->height ||
            (*block)->transactions.size() != (*schedule)->transactions) {
            return unusable("the schedule is of another log");
        }
        if (!run) {
            workers = (*schedule)->workers;
            if (workers == 0 || workers > kWorkersMax) {
                return unusable("schedules of 1 to 16 workers can be followed");
            }
            run.emplace(Venue(), workers);
        } else if ((*schedule)->workers != workers) {
            return unusable("the number of workers changes");
        }
        FollowSchedule strategy(**schedule, pace);
        const auto wrong = run->run(**block, strategy);
        const FollowReport report = strategy.report();
        std::printf("block %llu: %s\n", static_cast<unsigned long long>((*schedule)->height),
                    report.text().c_str());
        if (wrong.has_value()) {
            std::printf("%s\n", wrong->c_str());
            return kWrong;
        }
        total.followed += report.followed;
        total.missed += report.missed;
        total.unrecorded += report.unrecorded;
    }
    std::printf("%llu blocks equal, %s\n", static_cast<unsigned long long>(blocks),
                total.text().c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const bool early = argc == 4 && std::string_view(argv[3]) == "--early";
    if (argc != 3 && !early) {
        std::fputs(kUsage, stderr);
        return 1;
    }
    return follow(argv[1], argv[2], early ? Pace::kEarly : Pace::kLate);
}
