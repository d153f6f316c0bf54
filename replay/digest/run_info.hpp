#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/byte_source.hpp"

namespace lockstep {

/// Which build ran on which machine, and how: what may explain that two runs differ. Never part of
/// what is compared.
struct RunInfo {
    std::string version;    ///< of Lockstep
    std::string compiler;   ///< name and version
    std::string library;    ///< C++ standard library and version
    std::string processor;  ///< architecture and byte order
    std::string options;    ///< release or debug, optimised or not, sanitizers
    std::string executor;   ///< "serial", "parallel" or "adaptive"
    std::uint32_t workers = 0;

    friend bool operator==(const RunInfo&, const RunInfo&) = default;
};

/// This build, without executor and workers.
[[nodiscard]] RunInfo this_build();

/// The build in one line, without executor and workers.
[[nodiscard]] std::string build_description(const RunInfo& info = this_build());

/// Name of the file beside a digest file that tells who wrote it.
[[nodiscard]] std::string run_info_path(const std::string& digests_path);

/// Errors: kUsage when what stands beside a digest file under the name of its run is none: it is
/// then somebody else's.
[[nodiscard]] Result<void, Error> check_run_info_place(const std::string& digests_path);

/// Removes the run beside a digest file that is about to be replaced. Errors: the same, and
/// kEnvironment.
[[nodiscard]] Result<void, Error> remove_run_info(const std::string& digests_path);

/// Writes the run beside the digest file whose last line has `digests_check`, so that the digest
/// file itself is free of it.
[[nodiscard]] Result<void, Error> write_run_info(const std::string& digests_path,
                                                 std::uint64_t digests_check, const RunInfo& info);

/// The run as a file tells it, and the check of the digest file that it belongs to.
struct StoredRunInfo {
    RunInfo info;
    std::uint64_t digests_check = 0;
};
[[nodiscard]] Result<StoredRunInfo, Error> read_run_info(std::unique_ptr<ByteSource> source);

/// The run beside a digest file; nothing when there is no such file.
/// Errors: kCorrupt when it is damaged.
[[nodiscard]] Result<std::optional<StoredRunInfo>, Error> find_run_info(
    const std::string& digests_path);

}  // namespace lockstep
