#include <utility>

#include "tests/explorer/session.hpp"

namespace lockstep::test {
namespace {

/// All blocks but the last under the usual schedule, then the last under the given one.
std::optional<std::string> run_again(const Finding& finding, Strategy& last) {
    ExploredTwin twin(finding.setting);
    for (std::size_t i = 0; i < finding.blocks.size(); ++i) {
        const bool is_last = i + 1 == finding.blocks.size();
        Replay usual({});
        Strategy& strategy = is_last ? last : usual;
        const auto wrong =
            twin.run(finding.blocks[i], strategy, is_last ? finding.faults : ExploredFaults{});
        if (wrong.has_value()) {
            return wrong;
        }
    }
    return std::nullopt;
}

bool still_wrong(Finding& finding) {
    Replay replay(finding.trace);
    const auto wrong = run_again(finding, replay);
    if (wrong.has_value()) {
        finding.what = *wrong;
    }
    return wrong.has_value();
}

/// Looks for a schedule under which the changed blocks go wrong.
bool search_wrong(Finding& finding) {
    if (still_wrong(finding)) {
        return true;
    }
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        Random random(seed);
        const std::unique_ptr<Strategy> strategy = random_strategy(random);
        const auto wrong = run_again(finding, *strategy);
        if (wrong.has_value()) {
            finding.what = *wrong;
            finding.trace = Explorer::here().trace();
            return true;
        }
    }
    return false;
}

bool shrink_blocks(Finding& best) {
    bool shrunk = false;
    for (std::size_t i = 0; i + 1 < best.blocks.size();) {
        Finding smaller = best;
        smaller.blocks.erase(smaller.blocks.begin() + static_cast<std::ptrdiff_t>(i));
        if (search_wrong(smaller)) {
            best = std::move(smaller);
            shrunk = true;
        } else {
            ++i;
        }
    }
    for (std::size_t i = 0; i < best.blocks.back().transactions.size();) {
        Finding smaller = best;
        auto& transactions = smaller.blocks.back().transactions;
        transactions.erase(transactions.begin() + static_cast<std::ptrdiff_t>(i));
        if (search_wrong(smaller)) {
            best = std::move(smaller);
            shrunk = true;
        } else {
            ++i;
        }
    }
    return shrunk;
}

void shrink_steps(Finding& best) {
    for (std::size_t t = 0; t < best.blocks.back().transactions.size(); ++t) {
        for (std::size_t i = 0; i < best.blocks.back().transactions[t].steps.size();) {
            Finding smaller = best;
            auto& steps = smaller.blocks.back().transactions[t].steps;
            steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
            if (search_wrong(smaller)) {
                best = std::move(smaller);
            } else {
                ++i;
            }
        }
    }
}

void shrink_trace(Finding& best) {
    for (std::size_t length = best.trace.size(); length > 0; length /= 2) {
        for (std::size_t i = 0; i + length <= best.trace.size();) {
            Finding smaller = best;
            const auto first = smaller.trace.begin() + static_cast<std::ptrdiff_t>(i);
            smaller.trace.erase(first, first + static_cast<std::ptrdiff_t>(length));
            if (still_wrong(smaller)) {
                best = std::move(smaller);
            } else {
                i += length;
            }
        }
    }
}

}  // namespace

Finding shrink(const Finding& finding) {
    Finding best = finding;
    if (!search_wrong(best)) {
        return finding;  // it depends on the schedules of the blocks before
    }
    shrink_blocks(best);
    shrink_steps(best);
    shrink_trace(best);
    static_cast<void>(still_wrong(best));
    return best;
}

}  // namespace lockstep::test
