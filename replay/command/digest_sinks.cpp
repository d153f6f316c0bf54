#include "replay/command/digest_sinks.hpp"

#include "replay/divergence/side.hpp"

namespace lockstep {

Result<void, Error> DigestSinks::open(const DigestOptions& options, const LogReader& log) {
    header_ = digest_header(log);
    effects_ = options.effects;
    part_ = options.part;
    if (!options.write.empty()) {
        if (auto free = check_run_info_place(options.write); !free) {
            return free;
        }
        auto writer = DigestWriter::create(options.write, header_);
        if (!writer) {
            return failure(std::move(writer.error()));
        }
        writer_.emplace(std::move(*writer));
    }
    if (!options.against.empty()) {
        auto side = open_stored_side(options.against);
        if (!side) {
            return failure(std::move(side.error()));
        }
        if ((*side)->header().log != header_.log) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "holds digests of another log",
                                 .file = options.against});
        }
        expected_ = std::move(*side);
        compared_.emplace();
    }
    return {};
}

Error DigestSinks::differ(DivergencePlace place, Difference difference,
                          std::optional<DigestRecord> left, std::optional<DigestRecord> right) {
    Error error = difference.error(expected_->name());
    compared_->agrees = false;
    divergence_ = Divergence{.place = place,
                             .difference = std::move(difference),
                             .left = std::move(left),
                             .right = std::move(right),
                             .first_block = compared_->blocks == 0 && !expected_->partial()};
    return error;
}

Result<void, Error> DigestSinks::check(const DigestRecord& actual) {
    std::optional<DigestRecord> expected = std::exchange(ahead_, std::nullopt);
    const auto is_before = [&] {
        return part_ && compared_->blocks == 0 && expected->height < actual.height;
    };
    while (!expected || is_before()) {
        auto next = expected_->next();
        if (!next) {
            return failure(std::move(next.error()));
        }
        expected = std::move(*next);
        if (!expected) {
            break;
        }
    }
    if (expected && expected_->partial() && expected->height > actual.height) {
        ahead_ = std::move(expected);  // a bundle tells of later blocks only
        return {};
    }
    if (!expected) {
        return expected_->partial()
                   ? Result<void, Error>{}
                   : failure(differ(DivergencePlace::kLength,
                                    {.block = actual.height,
                                     .transaction = {},
                                     .what = "the digest file ends before this block"},
                                    {}, actual));
    }
    if (auto difference = first_difference(*expected, actual, header_.modules)) {
        const DivergencePlace place = place_of(*expected, actual, *difference);
        return failure(differ(place, std::move(*difference), std::move(expected), actual));
    }
    ++compared_->blocks;
    return {};
}

Result<void, Error> DigestSinks::take(const BlockResult& result, const Digest& input) {
    DigestRecord actual = make_digest_record(result, input, expected_ != nullptr || effects_);
    if (expected_ != nullptr) {
        if (auto checked = check(actual); !checked) {
            return checked;
        }
    }
    if (!writer_) {
        return {};
    }
    if (!effects_) {
        actual.effects.reset();
    }
    return writer_->append(actual);
}

Result<void, Error> DigestSinks::close(bool complete, const RunInfo& run) {
    if (expected_ != nullptr && complete) {
        auto more = ahead_ ? Result<std::optional<DigestRecord>, Error>(ahead_) : expected_->next();
        if (!more) {
            return failure(std::move(more.error()));
        }
        if (*more) {
            return failure(differ(DivergencePlace::kLength,
                                  {.block = (*more)->height,
                                   .transaction = {},
                                   .what = "the log ends before this block"},
                                  std::move(*more), {}));
        }
    }
    if (compared_ && compared_->blocks == 0 && (!complete || expected_->partial())) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = "no block was compared: the replay met none of its blocks",
                             .file = expected_->name()});
    }
    if (compared_) {
        compared_->agrees = true;
        compared_->all = complete;
    }
    return writer_ ? writer_->close(run) : Result<void, Error>{};
}

}  // namespace lockstep
