#include "replay/command/replay_divergence.hpp"

#include "replay/command/describe_divergence.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

/// The replay at work as a side of a comparison.
class OwnSide final : public Side {
  public:
    OwnSide(std::string name, const DigestHeader& header, RunInfo run)
        : name_(std::move(name)), header_(header), run_(std::move(run)) {}

    const std::string& name() const override { return name_; }
    const DigestHeader& header() const override { return header_; }
    Result<std::optional<DigestRecord>, Error> next() override { return std::nullopt; }
    std::optional<RunInfo> run() const override { return run_; }

  private:
    std::string name_;
    DigestHeader header_;
    RunInfo run_;
};

}  // namespace

Result<void, Error> DivergenceFollowUp::bisect_blocks() {
    const auto found = bisect(heights_, command_oracle(options_.bisect));
    if (!found) {
        return failure(found.error());
    }
    bisection_ = {{"command", options_.bisect},
                  {"questions", found->questions},
                  {"blocks", heights_.size()},
                  {"block", found->block ? Json(*found->block) : Json()}};
    if (found->block) {
        return failure(Difference{.block = *found->block,
                                  .transaction = {},
                                  .what = "the other side agrees before this block, not after it"}
                           .error(log_));
    }
    return {};
}

Result<const Reexecution*, Error> DivergenceFollowUp::reexecute_block(std::uint64_t height) {
    if (!here_ || here_->block.header.height != height) {
        auto here = reexecute(log_, height);
        if (!here) {
            return failure(std::move(here.error()));
        }
        here_ = std::move(*here);
    }
    return here_ ? &*here_ : nullptr;
}

Result<Json, Error> DivergenceFollowUp::explain(const DigestSinks& digests,
                                                const DigestHeader& header) {
    if (!digests.divergence()) {
        return Json();
    }
    const Divergence& divergence = *digests.divergence();
    const bool executed = divergence.left && divergence.right && log_ != "-" &&
                          divergence.place != DivergencePlace::kInput;
    const Reexecution* here = nullptr;
    if (executed) {
        auto again = reexecute_block(divergence.difference.block);
        if (!again) {
            return failure(std::move(again.error()));
        }
        here = *again;
    }
    const OwnSide own(log_, header, run_);
    const auto record = here != nullptr ? std::optional(here->record()) : std::nullopt;
    const Verdict verdict = judge(divergence, digests.expected(), own, record ? &*record : nullptr);
    return describe_divergence(divergence, digests.expected(), own, here, verdict);
}

Result<void, Error> DivergenceFollowUp::write_bundle(const DigestSinks& digests,
                                                     const DigestHeader& header,
                                                     std::optional<std::uint64_t> divergent) {
    const auto height = options_.bundle_block ? options_.bundle_block : divergent;
    if (options_.bundle.empty() || !height) {
        return {};
    }
    const auto no_block = [&](const char* message) {
        return failure(Error{.code = ErrorCode::kUsage, .message = message, .block = height});
    };
    if (log_ == "-") {
        return no_block("a bundle needs a log that can be read twice");
    }
    const auto here = reexecute_block(*height);
    if (!here) {
        return failure(here.error());
    }
    if (*here == nullptr) {
        return no_block("the log has no such block for a bundle");
    }
    BundleBlock out{.block = (*here)->block,
                    .input = (*here)->input,
                    .basis = (*here)->recording.basis,
                    .sides = {}};
    out.sides.push_back({.run = run_info({.workers = 0}),
                         .digests = (*here)->record(),
                         .details = (*here)->recording.details});
    const auto& divergence = digests.divergence();
    if (divergence && divergence->difference.block == *height &&
        divergence->place != DivergencePlace::kInput && divergence->left && divergence->right) {
        out.sides.push_back(side_for_bundle(digests.expected(), *divergence->left));
        out.sides.push_back({.run = run_, .digests = *divergence->right, .details = {}});
    }
    return write_bundle_file(options_.bundle, header, out);
}

}  // namespace lockstep
