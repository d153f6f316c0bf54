#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// What a user says of a file of recorded trades.
struct RecordedSource {
    std::string path;
    std::string format = {};       ///< name of a shipped layout; empty: recognised
    std::string layout = {};       ///< file with a layout of the user's own
    std::string instruments = {};  ///< file with instruments, which come before the shipped ones
    std::string symbol = {};       ///< of data that do not name it
};

/// Opens a file of recorded trades.
///
/// A layout is recognised where its fields can be read from the first trade of the file.
/// Errors: kUsage when the format is unknown, or none or several fit; else those of the files.
[[nodiscard]] Result<std::unique_ptr<RecordedData>, Error> open_recorded_data(
    const RecordedSource& source);

/// Names of the shipped layouts and what each reads, by name.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>, Error> list_layouts();

}  // namespace lockstep
