#include "replay/divergence/side.hpp"

#include <array>

namespace lockstep {
namespace {

class DigestSide final : public Side {
  public:
    DigestSide(DigestReader reader, std::optional<StoredRunInfo> run)
        : reader_(std::move(reader)), run_(std::move(run)) {}

    const std::string& name() const override { return reader_.name(); }
    const DigestHeader& header() const override { return reader_.header(); }
    Result<std::optional<DigestRecord>, Error> next() override {
        auto record = reader_.next();
        if (record && !*record && run_ && run_->digests_check != reader_.check()) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "belongs to another digest file",
                                 .file = run_info_path(name())});
        }
        return record;
    }
    std::optional<RunInfo> run() const override {
        return run_ ? std::optional(run_->info) : std::nullopt;
    }

  private:
    DigestReader reader_;
    std::optional<StoredRunInfo> run_;
};

class BundleFileSide final : public Side {
  public:
    explicit BundleFileSide(BundleReader reader) : reader_(std::move(reader)) {}

    const std::string& name() const override { return reader_.name(); }
    const DigestHeader& header() const override { return reader_.header(); }
    Result<std::optional<DigestRecord>, Error> next() override {
        auto block = reader_.next();
        if (!block) {
            return failure(std::move(block.error()));
        }
        block_ = std::move(*block);
        if (!block_) {
            return std::nullopt;
        }
        if (block_->sides.empty()) {
            return failure(Error{.code = ErrorCode::kUsage,
                                 .message = "the bundle tells of no run of this block",
                                 .file = name(),
                                 .block = block_->block.header.height});
        }
        return block_->sides.front().digests;
    }
    std::optional<RunInfo> run() const override {
        return block_ ? std::optional(block_->sides.front().run) : std::nullopt;
    }
    const LogBlock* block() const override { return block_ ? &block_->block : nullptr; }
    const BundleBlock* bundle() const override { return block_ ? &*block_ : nullptr; }
    bool partial() const override { return true; }

  private:
    BundleReader reader_;
    std::optional<BundleBlock> block_;
};

class LogSide final : public Side {
  public:
    LogSide(LogReader log, const ReplayOptions& replay)
        : log_(std::move(log)),
          header_(digest_header(log_)),
          run_(run_info(replay)),
          driver_(venue_, replay) {
        driver_.add_sink(
            [this](const LogBlock& block, const BlockResult& result) -> Result<void, Error> {
                block_ = block;
                record_ = make_digest_record(result, log_.block_digest(), true);
                return {};
            });
    }

    const std::string& name() const override { return log_.name(); }
    const DigestHeader& header() const override { return header_; }
    Result<std::optional<DigestRecord>, Error> next() override {
        record_.reset();
        bool taken = false;
        auto done = driver_.run([&]() -> Result<std::optional<LogBlock>, Error> {
            if (taken) {
                return std::nullopt;
            }
            taken = true;
            return log_.next();
        });
        if (!done) {
            return failure(std::move(done.error()));
        }
        return std::move(record_);
    }
    std::optional<RunInfo> run() const override { return run_; }
    const LogBlock* block() const override { return block_ ? &*block_ : nullptr; }
    std::string log() const override { return log_.name(); }

  private:
    LogReader log_;
    DigestHeader header_;
    RunInfo run_;
    Venue venue_;
    VenueDriver driver_;
    std::optional<LogBlock> block_;
    std::optional<DigestRecord> record_;
};

Result<std::array<std::byte, 32>, Error> first_bytes(const std::string& path) {
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    std::array<std::byte, 32> bytes{};
    if (const auto got = (*source)->read(bytes); !got) {
        return failure(got.error());
    }
    return bytes;
}

}  // namespace

DigestHeader digest_header(const LogReader& log) {
    constexpr auto kNames = module_names<Venue>();
    return {.chain_id = log.header().chain_id,
            // tidy: allow(raw_bytes) characters have no padding
            .genesis = digest_of(std::as_bytes(std::span(log.header().genesis))),
            .log = log.header_digest(),
            .modules = {kNames.begin(), kNames.end()}};
}

RunInfo run_info(const ReplayOptions& options) {
    RunInfo run = this_build();
    run.executor = options.workers == 0 ? "serial" : options.verify ? "parallel" : "adaptive";
    run.workers = options.workers;
    return run;
}

BundleSide side_for_bundle(const Side& side, const DigestRecord& record) {
    if (const BundleBlock* bundle = side.bundle(); bundle != nullptr) {
        return bundle->sides.front();
    }
    return {.run = side.run().value_or(RunInfo{}), .digests = record, .details = {}};
}

Result<std::unique_ptr<Side>, Error> open_stored_side(const std::string& path) {
    const auto start = first_bytes(path);
    if (!start) {
        return failure(start.error());
    }
    if (looks_like_bundle(*start)) {
        auto reader = BundleReader::open(path);
        if (!reader) {
            return failure(std::move(reader.error()));
        }
        return std::make_unique<BundleFileSide>(std::move(*reader));
    }
    auto reader = DigestReader::open(path);
    if (!reader) {
        return failure(std::move(reader.error()));
    }
    auto run = find_run_info(path);
    if (!run) {
        return failure(std::move(run.error()));
    }
    return std::make_unique<DigestSide>(std::move(*reader), std::move(*run));
}

Result<std::unique_ptr<Side>, Error> open_side(const std::string& path,
                                               const ReplayOptions& replay) {
    const auto start = first_bytes(path);
    if (!start) {
        return failure(start.error());
    }
    if (looks_like_digest_file(*start) || looks_like_bundle(*start)) {
        return open_stored_side(path);
    }
    auto log = LogReader::open(path);
    if (!log) {
        return failure(std::move(log.error()));
    }
    return std::make_unique<LogSide>(std::move(*log), replay);
}

}  // namespace lockstep
