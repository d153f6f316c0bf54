#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// Names that `lockstep import --format` takes.
[[nodiscard]] const std::vector<std::string>& recorded_data_formats();

/// Opens a file of one of the formats; kUsage for an unknown name. `binance-trades` looks at the
/// content to tell csv from the raw stream.
[[nodiscard]] Result<std::unique_ptr<RecordedData>, Error> open_recorded_data(
    std::string_view format, const std::string& path);

}  // namespace lockstep
