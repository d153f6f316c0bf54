#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "replay/bundle/bundle_run.hpp"
#include "replay/divergence/divergence.hpp"

namespace lockstep {

/// Who ran: version, compiler, library, processor, options, executor, workers.
[[nodiscard]] nlohmann::ordered_json describe_run(const RunInfo& run);

/// What a transaction or phase took and gave: outcome, "reads" with what was seen, "writes" with
/// values before and after, "additions", "events".
[[nodiscard]] nlohmann::ordered_json describe_details(const ExecutionDetails<Venue>& details);

/// The part of a block that a divergence points at; null when it is the block as a whole.
[[nodiscard]] const ExecutionDetails<Venue>* details_at(const BlockDetails<Venue>& details,
                                                        DivergencePlace place,
                                                        std::optional<std::uint64_t> transaction);

/// One side at a divergence.
[[nodiscard]] nlohmann::ordered_json describe_side(const Divergence& divergence, const Side& side,
                                                   const DigestRecord* record,
                                                   std::optional<bool> agrees);

/// A divergence with everything that is known of it. `here`: null when no log was at hand.
[[nodiscard]] nlohmann::ordered_json describe_divergence(const Divergence& divergence,
                                                         const Side& left, const Side& right,
                                                         const Reexecution* here,
                                                         const Verdict& verdict);

}  // namespace lockstep
