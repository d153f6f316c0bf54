#include "replay/report/machine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

#include "replay/digest/run_info.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

/// What /proc/cpuinfo calls the processor, else its architecture.
std::string processor_model() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            return line.substr(colon + 2);
        }
    }
    return this_build().processor;
}

Json memory_bytes() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_bytes = ::sysconf(_SC_PAGESIZE);
    return pages < 0 || page_bytes < 0
               ? Json()
               : Json(static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes));
}

Json system_name() {
    utsname name = {};
    return ::uname(&name) == 0 ? Json(std::string(name.sysname) + ' ' + name.release) : Json();
}

}  // namespace

Json describe_machine() {
    return {{"processor", processor_model()},
            {"cores", std::thread::hardware_concurrency()},
            {"memory_bytes", memory_bytes()},
            {"system", system_name()}};
}

}  // namespace lockstep
