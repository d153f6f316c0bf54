#include "replay/command/replay_range.hpp"

#include <string_view>
#include <utility>

#include "replay/digest/digest_text.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Error range_usage(std::string message, std::string file = {}) {
    return {.code = ErrorCode::kUsage, .message = std::move(message), .file = std::move(file)};
}

/// What a snapshot says of itself, if it is one of this log.
Result<VenueSnapshot, Error> snapshot_of(const std::string& path, const LogReader& log) {
    auto snapshot = read_venue_snapshot(path);
    if (snapshot && snapshot->log != log.header_digest()) {
        return failure(Error{
            .code = ErrorCode::kCorrupt, .message = "is a snapshot of another log", .file = path});
    }
    return snapshot;
}

}  // namespace

Result<void, Error> ReplayRange::parse_blocks() {
    if (options_.blocks.empty()) {
        return {};
    }
    const std::string_view text = options_.blocks;
    const std::size_t dots = text.find("..");
    const bool open_end = dots != std::string_view::npos && dots + 2 == text.size();
    first_ = dots == std::string_view::npos ? std::nullopt : parse_u64(text.substr(0, dots));
    last_ = !first_ || open_end ? std::nullopt : parse_u64(text.substr(dots + 2));
    if (!first_ || (!open_end && (!last_ || *last_ < *first_))) {
        return failure(range_usage("--blocks takes A..B or A.., heights with A <= B, not '" +
                                   options_.blocks + "'"));
    }
    if (last_) {
        const std::uint64_t more = *last_ - *first_;
        blocks_max_ = more == UINT64_MAX ? more : more + 1;
    }
    return {};
}

Result<void, Error> ReplayRange::open_snapshots(LogReader& log) {
    if (!options_.to.empty()) {
        if (!first_ && options_.from.empty()) {
            return failure(range_usage("--to needs --from or --blocks"));
        }
        auto to = snapshot_of(options_.to, log);
        if (!to) {
            return failure(std::move(to.error()));
        }
        to_ = std::move(*to);
        const std::uint64_t height = to_->place.height;
        if (last_ ? *last_ != height : first_.has_value()) {
            return failure(range_usage(
                "is of block " + std::to_string(height) + ", where the range does not end",
                options_.to));
        }
    }
    if (options_.from.empty()) {
        return {};
    }
    auto from = snapshot_of(options_.from, log);
    if (!from) {
        return failure(std::move(from.error()));
    }
    from_ = std::move(*from);
    const std::uint64_t height = from_->place.height;
    if (first_ && (height == UINT64_MAX || *first_ != height + 1)) {
        return failure(range_usage("is of block " + std::to_string(height) +
                                       ", and the range begins with " + std::to_string(*first_),
                                   options_.from));
    }
    if (to_ && !first_) {
        if (to_->place.height <= height) {
            return failure(range_usage("is not of a block behind " + options_.from, options_.to));
        }
        blocks_max_ = to_->place.height - height;
    }
    if (auto moved = log.go_on_from(from_->place); !moved) {
        return moved;
    }
    return {};
}

Result<ReplayRange, Error> ReplayRange::open(const RangeOptions& options, LogReader& log) {
    ReplayRange range(options);
    if (auto parsed = range.parse_blocks(); !parsed) {
        return failure(std::move(parsed.error()));
    }
    if (auto opened = range.open_snapshots(log); !opened) {
        return failure(std::move(opened.error()));
    }
    return range;
}

Result<void, Error> ReplayRange::begin(VenueDriver& driver) {
    if (!from_) {
        return {};
    }
    return driver.begin_behind(from_->manifest.head.block, [this](StateStore<Venue>& state) {
        return load_venue_snapshot(options_.from, *from_, state);
    });
}

Result<void, Error> ReplayRange::begins_with(std::uint64_t height) {
    if (began_ || (first_.value_or(height) == height)) {
        began_ = began_.value_or(height);
        return {};
    }
    return failure(range_usage("the log begins with block " + std::to_string(height) +
                               "; a range that begins with block " + std::to_string(*first_) +
                               " needs the snapshot before it: --from"));
}

Result<void, Error> ReplayRange::end(const VenueDriver& driver, std::optional<std::uint64_t> last,
                                     bool whole) {
    ended_ = last;
    whole_ = whole;
    const std::optional<std::uint64_t> wanted = to_ ? std::optional(to_->place.height) : last_;
    if (wanted && last != wanted) {
        return failure(Error{.code = ErrorCode::kCorrupt,
                             .message = "the log ends before block " + std::to_string(*wanted) +
                                        ", the last of the range",
                             .block = last});
    }
    if (!to_) {
        return {};
    }
    std::string differ;
    const std::vector<Digest> sums = driver.store().sums().modules();
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const SnapshotManifest::Module& module = to_->manifest.modules[i];
        if (module.sum != sums[i]) {
            differ += (differ.empty() ? " in " : ", ") + module.name;
        }
    }
    agrees_ = differ.empty() && driver.summary().block == to_->manifest.head.block;
    if (*agrees_) {
        return {};
    }
    return failure(Error{.code = ErrorCode::kDivergence,
                         .message = (differ.empty() ? "the digest of the chain differs"
                                                    : "the state differs" + differ) +
                                    " from that of " + options_.to,
                         .block = last});
}

Json ReplayRange::report() const {
    return {{"first", began_ ? Json(*began_) : Json()},
            {"last", ended_ ? Json(*ended_) : Json()},
            {"from", options_.from.empty() ? Json() : Json(options_.from)},
            {"begin_state_digest", (from_ ? from_->manifest.state() : Digest{}).hex()},
            {"begin_block_digest", (from_ ? from_->manifest.head.block : Digest{}).hex()},
            {"to", options_.to.empty() ? Json() : Json(options_.to)},
            {"agrees", agrees_ ? Json(*agrees_) : Json()},
            {"log_ends", whole_}};
}

}  // namespace lockstep
