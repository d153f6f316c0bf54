#include "replay/digest/run_info.hpp"

#include <bit>
#include <filesystem>
#include <span>
#include <version>

#include "replay/digest/checked_lines.hpp"
#include "replay/digest/digest_text.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kRunTitle = "lockstep-run 1";
constexpr std::string_view kRunFormat = "lockstep-run";

#if defined(__has_feature)
#define LOCKSTEP_HAS_FEATURE(name) __has_feature(name)
#else
#define LOCKSTEP_HAS_FEATURE(name) 0
#endif

std::string compiler_name() {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

std::string library_name() {
#if defined(_LIBCPP_VERSION)
    return "libc++ " + std::to_string(_LIBCPP_VERSION);
#elif defined(__GLIBCXX__)
    return "libstdc++ " + std::to_string(__GLIBCXX__);
#else
    return "other";
#endif
}

std::string processor_name() {
#if defined(__x86_64__)
    std::string name = "x86_64";
#elif defined(__aarch64__)
    std::string name = "aarch64";
#elif defined(__riscv)
    std::string name = "riscv64";
#elif defined(__s390x__)
    std::string name = "s390x";
#else
    std::string name = "other";
#endif
    return name + (std::endian::native == std::endian::big ? " big-endian" : " little-endian");
}

std::string option_names() {
#ifdef NDEBUG
    std::string names = "release";
#else
    std::string names = "debug";
#endif
#ifdef __OPTIMIZE__
    names += " optimised";
#endif
#if defined(__SANITIZE_ADDRESS__) || LOCKSTEP_HAS_FEATURE(address_sanitizer)
    names += " address-sanitizer";
#endif
#if defined(__SANITIZE_THREAD__) || LOCKSTEP_HAS_FEATURE(thread_sanitizer)
    names += " thread-sanitizer";
#endif
    return names;
}

}  // namespace

RunInfo this_build() {
    return {.version = LOCKSTEP_VERSION,
            .compiler = compiler_name(),
            .library = library_name(),
            .processor = processor_name(),
            .options = option_names(),
            .executor = {},
            .workers = 0};
}

std::string build_description(const RunInfo& info) {
    return "lockstep " + info.version + ", " + info.compiler + ", " + info.library + ", " +
           info.processor + ", " + info.options;
}

std::string run_info_path(const std::string& digests_path) {
    return digests_path + ".run";
}

Result<void, Error> check_run_info_place(const std::string& digests_path) {
    const std::string path = run_info_path(digests_path);
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return {};
    }
    std::string start(kRunFormat.size(), '\0');
    if (std::filesystem::is_regular_file(status)) {
        auto source = FileSource::open(path);
        if (!source && !std::filesystem::exists(path, error)) {
            return {};  // another writer is about to replace it
        }
        if (!source) {
            return failure(std::move(source.error()));
        }
        // tidy: allow(raw_bytes) characters
        (void)(*source)->read(std::as_writable_bytes(std::span(start)));
    }
    if (start != kRunFormat) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = "is in the way of the run file of " + digests_path,
                             .file = path});
    }
    return {};
}

Result<void, Error> remove_run_info(const std::string& digests_path) {
    if (auto checked = check_run_info_place(digests_path); !checked) {
        return checked;
    }
    std::error_code error;
    std::filesystem::remove(run_info_path(digests_path), error);
    if (error) {
        return failure(Error{.message = "cannot remove: " + error.message(),
                             .file = run_info_path(digests_path)});
    }
    return {};
}

Result<void, Error> write_run_info(const std::string& digests_path, std::uint64_t digests_check,
                                   const RunInfo& info) {
    auto lines = CheckedLineWriter::create(run_info_path(digests_path));
    if (!lines) {
        return failure(std::move(lines.error()));
    }
    for (std::string body :
         {std::string(kRunTitle), "digests " + to_hex(digests_check),
          "version " + escape_text(info.version), "compiler " + escape_text(info.compiler),
          "library " + escape_text(info.library), "processor " + escape_text(info.processor),
          "options " + escape_text(info.options), "executor " + escape_text(info.executor),
          "workers " + std::to_string(info.workers)}) {
        if (auto written = lines->line(std::move(body)); !written) {
            return written;
        }
    }
    return lines->commit();
}

Result<StoredRunInfo, Error> read_run_info(std::unique_ptr<ByteSource> source) {
    CheckedLineReader lines(std::move(source), "run file");
    auto title = lines.line();
    if (!title) {
        return failure(std::move(title.error()));
    }
    if (*title != kRunTitle) {
        return failure(lines.corrupt("no run file of version 1"));
    }
    constexpr std::string_view kKeywords[] = {"digests",   "version", "compiler", "library",
                                              "processor", "options", "executor", "workers"};
    std::vector<std::string> words;
    for (const std::string_view keyword : kKeywords) {
        auto text = lines.expect(keyword);
        if (!text) {
            return failure(std::move(text.error()));
        }
        auto plain = unescape_text(*text);
        if (!plain) {
            return failure(lines.corrupt("a line of the run file is malformed"));
        }
        words.push_back(std::move(*plain));
    }
    const auto check = parse_hex(words[0]);
    const auto workers = parse_u64(words[7]);
    if (!check || !workers || *workers > UINT32_MAX) {
        return failure(lines.corrupt("a number of the run file is malformed"));
    }
    if (auto end = lines.expect_end(); !end) {
        return failure(std::move(end.error()));
    }
    return StoredRunInfo{.info = {.version = std::move(words[1]),
                                  .compiler = std::move(words[2]),
                                  .library = std::move(words[3]),
                                  .processor = std::move(words[4]),
                                  .options = std::move(words[5]),
                                  .executor = std::move(words[6]),
                                  .workers = static_cast<std::uint32_t>(*workers)},
                         .digests_check = *check};
}

Result<std::optional<StoredRunInfo>, Error> find_run_info(const std::string& digests_path) {
    const std::string path = run_info_path(digests_path);
    std::error_code error;
    if (digests_path == "-" || !std::filesystem::is_regular_file(path, error)) {
        return std::nullopt;
    }
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    auto info = read_run_info(std::move(*source));
    if (!info) {
        return failure(std::move(info.error()));
    }
    return std::move(*info);
}

}  // namespace lockstep
