#include "replay/command/join_results.hpp"

#include <string>
#include <utility>

#include "replay/command/print_json.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCounts[] = {"blocks",   "transactions", "applied",        "rejected",
                                   "skipped",  "faulted",      "aborts",         "waits",
                                   "deferred", "fallbacks",    "planned_blocks", "abandoned_plans"};
constexpr const char* kCountsByName[] = {"rejections", "faults"};
constexpr const char* kTimes[] = {"seconds", "wall_seconds", "cpu_seconds", "serial_seconds"};
constexpr const char* kOfTheEnd[] = {"state_cells", "state_digest", "block_digest", "solvency"};

constexpr std::uint64_t kNanoseconds = 1'000'000'000;

std::string name_of(const RangeList::Range& range) {
    return "blocks " + std::to_string(range.first) + ".." + std::to_string(range.last);
}

Error unsound(ErrorCode code, const RangeList::Range& range, const std::string& what) {
    return {.code = code, .message = "the result of " + name_of(range) + ' ' + what};
}

/// What is wrong with the result of a range. Throws Json::exception when fields are missing.
std::optional<Error> fault_of(const Json& result, const RangeList& list, std::size_t index) {
    const RangeList::Range& range = list.ranges[index];
    const bool is_last = index + 1 == list.ranges.size();
    if (result.at("log_digest") != list.log.hex() || result.at("range").is_null()) {
        return unsound(ErrorCode::kCorrupt, range, "is one of another log, or of no range");
    }
    const Json& of = result.at("range");
    if (const Json& error = result.at("error"); !error.is_null()) {
        const auto code = error.at("exit_code").get<int>();
        return unsound(code == static_cast<int>(ErrorCode::kDivergence) ? ErrorCode::kDivergence
                                                                        : ErrorCode::kCorrupt,
                       range, "reports an error: " + error.at("message").get<std::string>());
    }
    if (of.at("first") != range.first || of.at("last") != range.last ||
        result.at("transactions") != range.transactions || of.at("log_ends") != is_last) {
        return unsound(ErrorCode::kCorrupt, range, "is one of another range");
    }
    const RangeList::Range* const before = index > 0 ? &list.ranges[index - 1] : nullptr;
    if (of.at("begin_state_digest") != (before != nullptr ? before->state : Digest{}).hex() ||
        of.at("begin_block_digest") != (before != nullptr ? before->block : Digest{}).hex()) {
        return unsound(ErrorCode::kDivergence, range,
                       "does not begin where the range before it ends");
    }
    if (result.at("state_digest") != range.state.hex() ||
        result.at("block_digest") != range.block.hex()) {
        return unsound(ErrorCode::kDivergence, range,
                       "does not end as the range did when the log was split");
    }
    if (result.at("invariants").is_null() || result.at("invariants").at("hold") != true) {
        return unsound(ErrorCode::kCorrupt, range, "does not say that the invariants hold");
    }
    return std::nullopt;
}

std::uint64_t nanoseconds_of(const Json& seconds) {
    using Real = double;  // tidy: allow(banned) a measurement for people, never state
    return static_cast<std::uint64_t>(seconds.get<Real>() * static_cast<Real>(kNanoseconds) + 0.5);
}

/// Adds the counts and times of a result. Throws Json::exception.
void add_to(Json& sum, const Json& result) {
    for (const char* const name : kCounts) {
        sum[name] = sum[name].get<std::uint64_t>() + result.at(name).get<std::uint64_t>();
    }
    for (const char* const name : kCountsByName) {
        for (const auto& [label, count] : result.at(name).items()) {
            const Json before = sum[name].value(label, Json(0U));
            sum[name][label] = before.get<std::uint64_t>() + count.get<std::uint64_t>();
        }
    }
    for (const char* const name : kTimes) {
        const Json& time = result.at(name);
        sum[name] =
            time.is_null() || sum[name].is_null()
                ? Json()
                : json_ratio(nanoseconds_of(sum[name]) + nanoseconds_of(time), kNanoseconds);
    }
    const Json& verified = result.at("verified");
    sum["verified"] = verified == true && sum["verified"] == true ? Json(true) : Json();
    for (const char* const name : kOfTheEnd) {
        sum[name] = result.at(name);
    }
}

}  // namespace

bool is_sound_result(const Json& result, const RangeList& list, std::size_t range) {
    try {
        return !fault_of(result, list, range);
    } catch (const Json::exception&) {
        return false;
    }
}

Result<void, Error> JoinedResults::add(const Json& result) {
    if (added_ == 0) {
        for (const char* const name : kCounts) {
            sum_[name] = 0U;
        }
        for (const char* const name : kCountsByName) {
            sum_[name] = Json::object();
        }
        for (const char* const name : kTimes) {
            sum_[name] = 0.0;
        }
        sum_["verified"] = true;
    }
    try {
        if (auto fault = fault_of(result, list_, added_)) {
            return failure(std::move(*fault));
        }
        add_to(sum_, result);
    } catch (const Json::exception&) {
        return failure(
            unsound(ErrorCode::kCorrupt, list_.ranges[added_], "is no report of a replay"));
    }
    ++added_;
    return {};
}

Json JoinedResults::report() const {
    Json out = {{"chain_id", list_.chain_id},
                {"log_digest", list_.log.hex()},
                {"ranges", list_.ranges.size()}};
    out.update(sum_);
    if (added_ > 0) {
        out["invariants"] = {{"hold", true}};
    }
    return out;
}

}  // namespace lockstep
