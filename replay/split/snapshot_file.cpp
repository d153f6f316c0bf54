#include "replay/split/snapshot_file.hpp"

#include <optional>
#include <utility>

#include "replay/format/frame.hpp"
#include "replay/format/output_file.hpp"

namespace lockstep {
namespace {

void put(ByteWriter& out, const LogPlace& place) {
    out.put(place.offset, place.sequence);
    put(out, place.chain);
    out.put(place.height, place.time_ms, place.blocks, place.transactions);
}

LogPlace get_place(ByteReader& in) {
    LogPlace out;
    out.offset = in.get<std::uint64_t>();
    out.sequence = in.get<std::uint64_t>();
    out.chain = get_digest(in);
    out.height = in.get<std::uint64_t>();
    out.time_ms = in.get<std::int64_t>();
    out.blocks = in.get<std::uint64_t>();
    out.transactions = in.get<std::uint64_t>();
    return out;
}

Error in_file(Error error, const std::string& path) {
    error.file = path;
    return error;
}

Error broken_file(std::string message, const std::string& path) {
    return {.code = ErrorCode::kCorrupt, .message = std::move(message), .file = path};
}

/// Calls `take(chunk, bytes)` for the chunks of a file, and returns the payload behind them.
template <class Take>
Result<std::vector<std::byte>, Error> read_frames(const std::string& path, Take&& take) {
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    FrameReader frames(std::move(*source));
    std::optional<std::vector<std::byte>> end;
    for (std::size_t chunk = 0;; ++chunk) {
        const auto frame = frames.next();
        if (!frame) {
            return failure(frame.error().error);
        }
        if (!*frame) {
            break;
        }
        const bool is_chunk = (*frame)->type == FrameType::kSnapshotChunk;
        if (end || (!is_chunk && (*frame)->type != FrameType::kSnapshotEnd)) {
            return failure(broken_file("is not a snapshot", path));
        }
        if (!is_chunk) {
            end.emplace((*frame)->payload.begin(), (*frame)->payload.end());
        } else if (auto taken = take(chunk, (*frame)->payload); !taken) {
            return failure(in_file(std::move(taken.error()), path));
        }
    }
    if (!end) {
        return failure(broken_file("is a snapshot without its end: its writer was stopped", path));
    }
    return std::move(*end);
}

}  // namespace

Result<VenueSnapshot, Error> write_venue_snapshot(const std::string& path,
                                                  const StateStore<Venue>& state,
                                                  const Digest& block, const Digest& log,
                                                  const LogPlace& place) {
    auto file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    FrameWriter frames(std::move(*file));
    VenueSnapshot out{.manifest = {}, .log = log, .place = place};
    auto manifest = save_snapshot(
        state,
        {.machine = std::string(kVenueSnapshots), .height = out.place.height, .block = block},
        [&frames](std::span<const std::byte> bytes) {
            return frames.append(FrameType::kSnapshotChunk, bytes);
        });
    if (!manifest) {
        return failure(std::move(manifest.error()));
    }
    out.manifest = std::move(*manifest);
    ByteWriter end;
    put(end, out.log);
    put(end, out.place);
    end.append(out.manifest.encode());
    if (auto written = frames.append(FrameType::kSnapshotEnd, end.bytes()); !written) {
        return failure(std::move(written.error()));
    }
    if (auto named = frames.commit(); !named) {
        return failure(std::move(named.error()));
    }
    return out;
}

Result<VenueSnapshot, Error> read_venue_snapshot(const std::string& path) {
    const auto end = read_frames(
        path, [](std::size_t, std::span<const std::byte>) { return Result<void, Error>{}; });
    if (!end) {
        return failure(end.error());
    }
    ByteReader in(*end);
    VenueSnapshot out;
    out.log = get_digest(in);
    out.place = get_place(in);
    if (!in.ok()) {
        return failure(broken_file("the end of the snapshot is malformed", path));
    }
    auto manifest = SnapshotManifest::decode(in.take(in.remaining()));
    if (!manifest) {
        return failure(in_file(std::move(manifest.error()), path));
    }
    if (auto fits = check_machine<Venue>(*manifest, kVenueSnapshots); !fits) {
        return failure(in_file(std::move(fits.error()), path));
    }
    if (manifest->head.height != out.place.height) {
        return failure(broken_file("the end of the snapshot is malformed", path));
    }
    out.manifest = std::move(*manifest);
    return out;
}

Result<void, Error> load_venue_snapshot(const std::string& path, const VenueSnapshot& snapshot,
                                        StateStore<Venue>& state) {
    auto loader = SnapshotLoader<Venue>::open(state, snapshot.manifest, kVenueSnapshots);
    if (!loader) {
        return failure(in_file(std::move(loader.error()), path));
    }
    const auto end =
        read_frames(path, [&loader](std::size_t chunk, std::span<const std::byte> bytes) {
            return loader->add(chunk, bytes);
        });
    if (!end) {
        return failure(end.error());
    }
    if (auto whole = loader->finish(); !whole) {
        return failure(in_file(std::move(whole.error()), path));
    }
    return {};
}

}  // namespace lockstep
