#include "replay/command/range_list.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "replay/format/byte_source.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:@+=-";

std::string for_shell(const std::string& word) {
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
        return word;
    }
    std::string out = "'";
    for (const char c : word) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

/// Throws Json::exception for another type.
Digest digest_field(const Json& object, const char* name) {
    const auto digest = Digest::from_hex(object.at(name).get<std::string>());
    if (!digest) {
        throw Json::other_error::create(501, "no digest", &object);
    }
    return *digest;
}

RangeList range_list_of(const Json& json) {
    RangeList out{.log = digest_field(json, "log_digest"),
                  .chain_id = json.at("chain_id").get<std::string>(),
                  .blocks = json.at("blocks").get<std::uint64_t>(),
                  .transactions = json.at("transactions").get<std::uint64_t>(),
                  .torn_tail = json.at("torn_tail").get<bool>(),
                  .ranges = {}};
    for (const Json& range : json.at("ranges")) {
        out.ranges.push_back({.first = range.at("first").get<std::uint64_t>(),
                              .last = range.at("last").get<std::uint64_t>(),
                              .transactions = range.at("transactions").get<std::uint64_t>(),
                              .state = digest_field(range, "state_digest"),
                              .block = digest_field(range, "block_digest"),
                              .snapshot = range.at("snapshot").is_null()
                                              ? ""
                                              : range.at("snapshot").get<std::string>()});
    }
    return out;
}

}  // namespace

Json range_list_json(const RangeList& list) {
    Json ranges = Json::array();
    for (const RangeList::Range& range : list.ranges) {
        ranges.push_back({{"first", range.first},
                          {"last", range.last},
                          {"transactions", range.transactions},
                          {"state_digest", range.state.hex()},
                          {"block_digest", range.block.hex()},
                          {"snapshot", range.snapshot.empty() ? Json() : Json(range.snapshot)}});
    }
    return {{"chain_id", list.chain_id},   {"log_digest", list.log.hex()},
            {"blocks", list.blocks},       {"transactions", list.transactions},
            {"torn_tail", list.torn_tail}, {"ranges", std::move(ranges)}};
}

Result<Json, Error> read_json(const std::string& path) {
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    std::string text;
    std::vector<std::byte> buffer(std::size_t{1} << 16);
    for (std::size_t got = buffer.size(); got == buffer.size();) {
        const auto read = (*source)->read(buffer);
        if (!read) {
            return failure(read.error());
        }
        got = *read;
        for (const std::byte b : std::span(buffer).first(got)) {
            text += static_cast<char>(b);
        }
    }
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) {
        return failure(Error{
            .code = ErrorCode::kCorrupt, .message = "is no JSON, or not all of it", .file = path});
    }
    return json;
}

Result<RangeList, Error> read_range_list(const std::string& folder) {
    const std::string path = range_list_path(folder);
    const auto json = read_json(path);
    if (!json) {
        return failure(json.error());
    }
    try {
        return range_list_of(*json);
    } catch (const Json::exception&) {
        return failure(Error{
            .code = ErrorCode::kCorrupt, .message = "is not the list of ranges", .file = path});
    }
}

std::string range_file(const std::string& folder, const std::string& name) {
    return (std::filesystem::path(folder) / name).string();
}
std::string range_list_path(const std::string& folder) {
    return range_file(folder, "ranges.json");
}
std::string jobs_path(const std::string& folder) {
    return range_file(folder, "jobs");
}
std::string result_path(const std::string& folder, const RangeList::Range& range) {
    return range_file(folder,
                      std::to_string(range.first) + ".." + std::to_string(range.last) + ".json");
}

std::string job_line(const RangeList& list, const std::string& folder, std::size_t range) {
    const RangeList::Range& self = list.ranges[range];
    // The last range goes on until the log ends, wherever that is.
    std::string out = "--blocks " + std::to_string(self.first) + "..";
    if (!self.snapshot.empty()) {
        out += std::to_string(self.last) + " --to " + for_shell(range_file(folder, self.snapshot));
    }
    if (range > 0) {
        out += " --from " + for_shell(range_file(folder, list.ranges[range - 1].snapshot));
    }
    return out + (list.torn_tail ? " --allow-torn-tail" : "") + " --result " +
           for_shell(result_path(folder, self)) + '\n';
}

}  // namespace lockstep
