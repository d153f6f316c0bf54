#include "replay/result_difference.hpp"

#include <algorithm>

namespace lockstep {
namespace {

std::string versus(std::string what, const std::string& expected, const std::string& actual) {
    return std::move(what) + ": expected " + expected + ", got " + actual;
}

std::string versus(std::string what, const Digest& expected, const Digest& actual) {
    return versus(std::move(what), expected.hex(), actual.hex());
}

/// What differs between two receipts of one transaction; empty when nothing does.
std::string receipt_difference(const Receipt& expected, const Receipt& actual) {
    const auto number = [](auto value) {
        return std::to_string(static_cast<std::uint64_t>(value));
    };
    if (expected.disposition != actual.disposition) {
        return versus("disposition", number(expected.disposition), number(actual.disposition));
    }
    if (expected.status != actual.status) {
        return versus("status", number(expected.status), number(actual.status));
    }
    if (expected.weight != actual.weight) {
        return versus("weight", number(expected.weight), number(actual.weight));
    }
    if (expected.effects != actual.effects) {
        return versus("effect digest", expected.effects, actual.effects);
    }
    return {};
}

/// What differs between two event ranges; empty when nothing does.
std::string events_difference(std::span<const std::byte> expected,
                              std::span<const std::byte> actual) {
    if (std::equal(expected.begin(), expected.end(), actual.begin(), actual.end())) {
        return {};
    }
    const auto at = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
    return "events differ from byte " + std::to_string(std::distance(expected.begin(), at.first)) +
           " of " + std::to_string(expected.size()) + " and " + std::to_string(actual.size());
}

std::string transaction_difference(const BlockResult& expected, const BlockResult& actual,
                                   std::size_t index) {
    const Receipt& left = expected.receipts[index];
    const Receipt& right = actual.receipts[index];
    if (std::string what = receipt_difference(left, right); !what.empty()) {
        return what;
    }
    if (std::string what = events_difference(expected.events_of(left), actual.events_of(right));
        !what.empty()) {
        return what;
    }
    if (left.events_begin != right.events_begin || left.events_end != right.events_end) {
        return "place of the events in the block";
    }
    return {};
}

}  // namespace

Error Difference::error(std::string file) const {
    return {.code = ErrorCode::kDivergence,
            .message = what,
            .file = std::move(file),
            .block = block,
            .transaction = transaction};
}

std::optional<Difference> first_difference(const BlockResult& expected, const BlockResult& actual) {
    if (expected == actual) {
        return std::nullopt;
    }
    const auto differ = [&](std::string what) {
        return Difference{
            .block = expected.header.height, .transaction = {}, .what = std::move(what)};
    };
    if (expected.header != actual.header) {
        return differ("block headers differ");
    }
    if (expected.begin_effects != actual.begin_effects) {
        return differ(versus("effect digest of the begin-of-block phase", expected.begin_effects,
                             actual.begin_effects));
    }
    const std::size_t count = std::min(expected.receipts.size(), actual.receipts.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (std::string what = transaction_difference(expected, actual, i); !what.empty()) {
            Difference out = differ(std::move(what));
            out.transaction = i;
            return out;
        }
    }
    if (expected.receipts.size() != actual.receipts.size()) {
        return differ(versus("number of receipts", std::to_string(expected.receipts.size()),
                             std::to_string(actual.receipts.size())));
    }
    if (expected.end_effects != actual.end_effects) {
        return differ(versus("effect digest of the end-of-block phase", expected.end_effects,
                             actual.end_effects));
    }
    if (std::string what = events_difference(expected.events, actual.events); !what.empty()) {
        return differ("phases: " + what);
    }
    if (expected.modules != actual.modules && expected.state == actual.state) {
        return differ("sums of the state by module differ");
    }
    if (expected.state != actual.state) {
        return differ(versus("state digest", expected.state, actual.state));
    }
    return differ(versus("block digest", expected.block, actual.block));
}

}  // namespace lockstep
