#include "bench/provenance.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <thread>

namespace lockstep::bench {
namespace {

std::string processor() {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("model name")) {
            return line.substr(line.find(':') + 2);
        }
    }
    return "unknown";
}

std::string today() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[16];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &utc)};
}

}  // namespace

nlohmann::json provenance(const std::string& commit) {
    return {{"commit", commit},
            {"processor", processor()},
            {"cores", std::thread::hardware_concurrency()},
            {"compiler", LOCKSTEP_BENCH_COMPILER},
            {"flags", LOCKSTEP_BENCH_FLAGS},
            {"date", today()}};
}

bool write_json(const std::string& path, const nlohmann::json& json) {
    std::ofstream out(path);
    out << json.dump(2) << '\n';
    out.close();
    if (!out) {
        std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
    }
    return static_cast<bool>(out);
}

}  // namespace lockstep::bench
