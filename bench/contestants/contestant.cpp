#include "bench/contestants/contestant.hpp"

#include <algorithm>

namespace lockstep::bench {

std::string Entrant::name() const {
    switch (kind) {
        case Kind::kSerialTwin:
            return "serial_twin";
        case Kind::kBareTwin:
            return "bare_twin";
        case Kind::kSerialExecutor:
            return "serial";
        case Kind::kRival:
            return std::string(name_of(rival)) + ":" + std::to_string(workers);
        case Kind::kParallelExecutor:
            break;
    }
    return "workers:" + std::to_string(workers);
}

std::vector<Entrant> entrants(const std::vector<std::uint32_t>& workers, bool rivals) {
    std::vector<Entrant> out = {
        {.kind = Kind::kSerialTwin}, {.kind = Kind::kBareTwin}, {.kind = Kind::kSerialExecutor}};
    if (rivals && !workers.empty()) {
        for (const Rival rival : kRivals) {
            out.push_back({.kind = Kind::kRival,
                           .workers = *std::max_element(workers.begin(), workers.end()),
                           .rival = rival});
        }
    }
    for (const std::uint32_t count : workers) {
        out.push_back(Entrant::engine(count));
    }
    return out;
}

}  // namespace lockstep::bench
