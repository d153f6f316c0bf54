#include "bench/workloads/rewound_log.hpp"

#include <map>

namespace lockstep::bench {
namespace {

using Values = std::map<Venue::Key, Venue::Value>;

Values values_of(const StateStore<Venue>& store) {
    Values out;
    store.for_each(
        [&](const Venue::Key& key, const Venue::Value& value) { out.emplace(key, value); });
    return out;
}

}  // namespace

Result<RewoundLogWorkload, Error> rewound_log(std::string name, std::vector<LogBlock> blocks,
                                              std::size_t prelude) {
    const Venue venue;
    StateStore<Venue> store;
    SerialExecutor<Venue> executor(venue, store);
    const auto run = [&](std::size_t first, std::size_t last) -> Result<void, Error> {
        for (std::size_t i = first; i < last; ++i) {
            if (auto result = executor.execute(blocks[i]); !result) {
                return failure(result.error());
            }
        }
        return {};
    };
    if (auto done = run(0, prelude); !done) {
        return failure(done.error());
    }
    const Values before = values_of(store);
    if (auto done = run(prelude, blocks.size()); !done) {
        return failure(done.error());
    }
    auto start = std::make_shared<std::vector<RewindingVenue::Start>>();
    for (const auto& [key, value] : before) {
        start->push_back({.key = key, .value = value, .present = true});
    }
    for (const auto& [key, value] : values_of(store)) {
        if (!before.contains(key)) {
            start->push_back({.key = key, .value = {}, .present = false});
        }
    }
    blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(prelude));
    return RewoundLogWorkload{
        .name = std::move(name),
        .machine = RewindingVenue(std::move(start)),
        .blocks = std::make_shared<const std::vector<LogBlock>>(std::move(blocks))};
}

}  // namespace lockstep::bench
