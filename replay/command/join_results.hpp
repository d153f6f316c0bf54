#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/command/range_list.hpp"

namespace lockstep {

/// Whether a report of `replay --result` is one of a range that went well.
[[nodiscard]] bool is_sound_result(const nlohmann::ordered_json& result, const RangeList& list,
                                   std::size_t range);

/// The results of all ranges as those of one replay.
///
/// Role:   a chain of ranges is a replay of the log if each begins with the state that the one
///         before ended with, the first with the empty state, and the last ends with the log.
/// Order:  add the results of all ranges, in order; then report.
class JoinedResults {
  public:
    /// The list outlives this object.
    explicit JoinedResults(const RangeList& list) : list_(list) {}

    /// Errors: kDivergence when it does not continue the last one, or does not end as the range did
    /// when the log was split; kCorrupt when it is a result of something else, or reports an error.
    [[nodiscard]] Result<void, Error> add(const nlohmann::ordered_json& result);
    /// The fields of a replay's report; rates are of the sums.
    [[nodiscard]] nlohmann::ordered_json report() const;

  private:
    const RangeList& list_;
    std::size_t added_ = 0;
    nlohmann::ordered_json sum_;
};

}  // namespace lockstep
