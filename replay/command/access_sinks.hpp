#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/state_key.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/conflict_survey.hpp"
#include "replay/format/access_file.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {

struct AccessSinkOptions {
    std::string write;          ///< file to write access lists to; empty: none
    std::string use;            ///< file with access lists to use; empty: none
    std::size_t conflicts = 0;  ///< survey conflicts and show so many cells; 0: do not

    [[nodiscard]] bool active() const { return !write.empty() || !use.empty() || conflicts != 0; }
};

/// Access lists in and out of a replay.
class AccessSinks {
  public:
    explicit AccessSinks(AccessSinkOptions options) : options_(std::move(options)) {}

    /// Errors: kCorrupt when the lists are those of another log.
    [[nodiscard]] Result<void, Error> open(const LogReader& log);
    /// Joins a driver, which must not outlive this object.
    void join(VenueDriver& driver);
    [[nodiscard]] Result<void, Error> close();

    [[nodiscard]] const ConflictSurvey& conflicts() const noexcept { return conflicts_; }

  private:
    [[nodiscard]] Result<const AccessList<StateKey>*, Error> list_of(std::uint64_t height);
    [[nodiscard]] Result<void, Error> take(std::uint64_t height, const AccessList<StateKey>& list);

    AccessSinkOptions options_;
    std::optional<AccessReader> reader_;
    std::optional<BlockAccesses> next_;  ///< read ahead
    std::optional<AccessWriter> writer_;
    ConflictSurvey conflicts_;
};

}  // namespace lockstep
