#include "replay/divergence/divergence.hpp"

#include <algorithm>

#include "replay/format/log_reader.hpp"

namespace lockstep {
namespace {

using Record = std::optional<DigestRecord>;

/// Takes the next record of a side; a failure goes to `error`.
bool advance(Side& side, Record& record, std::optional<Error>& error) {
    auto next = side.next();
    if (!next) {
        error = std::move(next.error());
        return false;
    }
    record = std::move(*next);
    return true;
}

/// Brings both sides to the same height; a partial side lets the other one run ahead to it.
bool align(Side& left, Record& a, Side& right, Record& b, std::optional<Error>& error) {
    while (a && b && a->height != b->height) {
        if (a->height < b->height && right.partial()) {
            if (!advance(left, a, error)) {
                return false;
            }
        } else if (b->height < a->height && left.partial()) {
            if (!advance(right, b, error)) {
                return false;
            }
        } else {
            return true;
        }
    }
    return true;
}

Divergence ended(const Side& shorter, Record left, Record right) {
    const std::uint64_t height = left ? left->height : right->height;
    return {.place = DivergencePlace::kLength,
            .difference = {.block = height,
                           .transaction = {},
                           .what = shorter.name() + " ends before this block"},
            .left = std::move(left),
            .right = std::move(right)};
}

/// How a difference of two records came about when both runs are known.
Verdict judge_runs(const RunInfo& left, const RunInfo& right) {
    Verdict out;
    const auto weigh = [&](DivergenceKind kind, const char* what, const std::string& a,
                           const std::string& b) {
        if (a == b) {
            return;
        }
        if (out.reasons.empty()) {
            out.kind = kind;
        }
        out.reasons.push_back(std::string(what) + ": " + a + " and " + b);
    };
    weigh(DivergenceKind::kVersion, "versions", left.version, right.version);
    weigh(DivergenceKind::kMachine, "processors", left.processor, right.processor);
    weigh(DivergenceKind::kCompiler, "compilers", left.compiler, right.compiler);
    weigh(DivergenceKind::kCompiler, "libraries", left.library, right.library);
    weigh(DivergenceKind::kCompiler, "options", left.options, right.options);
    weigh(DivergenceKind::kScheduler, "executors", left.executor, right.executor);
    weigh(DivergenceKind::kScheduler, "workers", std::to_string(left.workers),
          std::to_string(right.workers));
    if (out.reasons.empty()) {
        out.reasons.emplace_back("same build, processor, executor and workers on both sides");
    }
    return out;
}

/// A parallel run of this very build that differs from its serial executor: the scheduler's fault.
bool scheduler_proved(const std::optional<RunInfo>& run, const std::optional<bool>& agrees) {
    if (!run || !agrees || *agrees || run->executor == "serial") {
        return false;
    }
    const RunInfo here = this_build();
    return run->version == here.version && run->processor == here.processor &&
           run->compiler == here.compiler && run->library == here.library &&
           run->options == here.options;
}

Verdict judge_input(const Divergence& divergence, const Side& left, const Side& right) {
    const bool genesis = left.header().genesis != right.header().genesis || divergence.first_block;
    Verdict out{.kind = genesis ? DivergenceKind::kGenesis : DivergenceKind::kLog,
                .reasons = {},
                .left_agrees = {},
                .right_agrees = {}};
    if (left.header().genesis != right.header().genesis) {
        out.reasons.emplace_back("the logs describe different geneses");
    }
    if (divergence.first_block) {
        out.reasons.emplace_back("the logs differ in the first block that both have");
    }
    if (left.header().log != right.header().log) {
        out.reasons.emplace_back("the headers of the logs differ");
    }
    out.reasons.emplace_back("the sides executed different blocks");
    return out;
}

}  // namespace

std::string_view place_name(DivergencePlace place) {
    switch (place) {
        case DivergencePlace::kLength:
            return "length";
        case DivergencePlace::kInput:
            return "input";
        case DivergencePlace::kBegin:
            return "begin_phase";
        case DivergencePlace::kTransaction:
            return "transaction";
        case DivergencePlace::kEnd:
            return "end_phase";
        case DivergencePlace::kBlock:
            break;
    }
    return "block";
}

std::string_view kind_name(DivergenceKind kind) {
    switch (kind) {
        case DivergenceKind::kLog:
            return "log";
        case DivergenceKind::kGenesis:
            return "genesis";
        case DivergenceKind::kLength:
            return "length";
        case DivergenceKind::kVersion:
            return "version";
        case DivergenceKind::kMachine:
            return "machine";
        case DivergenceKind::kCompiler:
            return "compiler";
        case DivergenceKind::kScheduler:
            return "scheduler";
        case DivergenceKind::kUnknown:
            break;
    }
    return "unknown";
}

DivergencePlace place_of(const DigestRecord& left, const DigestRecord& right,
                         const Difference& difference) {
    if (left.height != right.height || left.transactions != right.transactions ||
        left.input != right.input) {
        return DivergencePlace::kInput;
    }
    if (difference.transaction) {
        return DivergencePlace::kTransaction;
    }
    if (left.effects && right.effects) {
        if (left.effects->begin != right.effects->begin) {
            return DivergencePlace::kBegin;
        }
        if (left.effects->end != right.effects->end) {
            return DivergencePlace::kEnd;
        }
    }
    return DivergencePlace::kBlock;
}

Result<Comparison, Error> compare(Side& left, Side& right) {
    Comparison out;
    std::optional<Error> error;
    Record a;
    Record b;
    for (;;) {
        if (!advance(left, a, error) || !advance(right, b, error) ||
            !align(left, a, right, b, error)) {
            return failure(std::move(*error));
        }
        if (!a && !b) {
            return out;
        }
        if (!a || !b) {
            const bool expected = a ? right.partial() : left.partial();
            if (!expected || out.blocks == 0) {
                out.divergence = ended(a ? right : left, std::move(a), std::move(b));
            }
            return out;
        }
        if (const auto difference = first_difference(*a, *b, left.header().modules)) {
            out.divergence =
                Divergence{.place = place_of(*a, *b, *difference),
                           .difference = *difference,
                           .left = std::move(a),
                           .right = std::move(b),
                           .first_block = out.blocks == 0 && !left.partial() && !right.partial()};
            return out;
        }
        ++out.blocks;
    }
}

Result<void, Error> drain(Side& side) {
    for (;;) {
        auto next = side.next();
        if (!next) {
            return failure(std::move(next.error()));
        }
        if (!*next) {
            return {};
        }
    }
}

Result<std::optional<Reexecution>, Error> reexecute(const std::string& log, std::uint64_t height) {
    auto reader = LogReader::open(log);
    if (!reader) {
        return failure(std::move(reader.error()));
    }
    const Venue venue;
    VenueRecorder recorder(venue);
    for (;;) {
        auto block = reader->next();
        if (!block) {
            return failure(std::move(block.error()));
        }
        if (!*block || (*block)->header.height > height) {
            return std::nullopt;
        }
        if ((*block)->header.height == height) {
            auto recording = recorder.record(**block);
            if (!recording) {
                return failure(std::move(recording.error()));
            }
            return Reexecution{.block = std::move(**block),
                               .input = reader->block_digest(),
                               .recording = std::move(*recording)};
        }
        if (const auto executed = recorder.execute(**block); !executed) {
            return failure(executed.error());
        }
    }
}

Verdict judge(const Divergence& divergence, const Side& left, const Side& right,
              const DigestRecord* here) {
    if (divergence.place == DivergencePlace::kInput) {
        return judge_input(divergence, left, right);
    }
    if (divergence.place == DivergencePlace::kLength) {
        return {.kind = DivergenceKind::kLength,
                .reasons = {divergence.difference.what},
                .left_agrees = {},
                .right_agrees = {}};
    }
    const auto run_left = left.run();
    const auto run_right = right.run();
    Verdict out;
    if (run_left && run_right) {
        out = judge_runs(*run_left, *run_right);
    }
    for (const auto& [run, side] : {std::pair(&run_left, &left), std::pair(&run_right, &right)}) {
        if (!*run) {
            out.reasons.push_back("it is not known who wrote " + side->name());
        }
    }
    if (here != nullptr) {
        const auto agrees = [&](const DigestRecord& record) {
            return !first_difference(record, *here, left.header().modules).has_value();
        };
        out.left_agrees = agrees(*divergence.left);
        out.right_agrees = agrees(*divergence.right);
        if (scheduler_proved(run_left, out.left_agrees) ||
            scheduler_proved(run_right, out.right_agrees)) {
            out.kind = DivergenceKind::kScheduler;
            out.reasons.insert(out.reasons.begin(),
                               "a parallel run of this build differs from its serial executor");
        }
    }
    return out;
}

std::optional<std::uint64_t> first_different_input(const LogBlock& left, const LogBlock& right) {
    const std::size_t count = std::min(left.transactions.size(), right.transactions.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (left.transactions[i] != right.transactions[i]) {
            return i;
        }
    }
    return left.transactions.size() != right.transactions.size() ? std::optional(count)
                                                                 : std::nullopt;
}

}  // namespace lockstep
