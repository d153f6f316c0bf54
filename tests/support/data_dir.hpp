#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

namespace lockstep::test {

/// A folder of recorded input: the variable names it, else the default is tried.
///
/// Returns nothing when the variable is unset (or empty) and the default folder does not exist.
/// A folder that the variable names is returned whether or not it exists, so that a test which
/// finds nothing there fails.
inline std::optional<std::filesystem::path> recorded_folder(const char* variable,
                                                            std::string_view default_folder) {
    const char* named = std::getenv(variable);
    if (named != nullptr && *named != '\0') {
        return std::filesystem::path(named);
    }
    std::error_code ignored;
    const std::filesystem::path folder(default_folder);
    if (std::filesystem::is_directory(folder, ignored)) {
        return folder;
    }
    return std::nullopt;
}

/// Recorded market data and traces (LOCKSTEP_DATA).
inline std::optional<std::filesystem::path> data_dir() {
    return recorded_folder("LOCKSTEP_DATA", LOCKSTEP_DEFAULT_DATA_DIR);
}

/// Reference values of other implementations (LOCKSTEP_REFDATA).
inline std::optional<std::filesystem::path> refdata_dir() {
    return recorded_folder("LOCKSTEP_REFDATA", LOCKSTEP_DEFAULT_REFDATA_DIR);
}

}  // namespace lockstep::test

/// First lines of a test over recorded data: declares `folder` as `<data dir>/<sub>`.
/// Skips the test when there is no data at all; fails it when the data has no such sub-folder
/// or file. The test itself fails when it finds no row in there.
#define LOCKSTEP_RECORDED_OR_SKIP(folder, base, sub)                         \
    if (!(base).has_value()) {                                               \
        GTEST_SKIP() << "no recorded data; " #base " has no folder to read"; \
    }                                                                        \
    const std::filesystem::path folder = *(base) / (sub);                    \
    ASSERT_TRUE(std::filesystem::exists(folder)) << folder << " is missing"

#define LOCKSTEP_DATA_OR_SKIP(folder, sub) \
    LOCKSTEP_RECORDED_OR_SKIP(folder, ::lockstep::test::data_dir(), sub)
#define LOCKSTEP_REFDATA_OR_SKIP(folder, sub) \
    LOCKSTEP_RECORDED_OR_SKIP(folder, ::lockstep::test::refdata_dir(), sub)
