#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_file.hpp"

namespace lockstep::tidy {

/// A broken rule. Its text starts with `path:line:`, so that editors can jump to it.
struct Finding {
    std::string path;
    std::size_t line = 0;  ///< from 1; 0 for the file as a whole
    std::string message;

    [[nodiscard]] std::string text() const {
        return path + ":" + std::to_string(line) + ": " + message;
    }
};
using Findings = std::vector<Finding>;

/// A line may be excused from a rule by a comment on it or on the line above:
/// `tidy: allow(<rule>) <reason>`. The reason is required.
[[nodiscard]] bool is_allowed(const SourceFile& file, std::size_t index, std::string_view rule);

/// Level of the library that `path` belongs to; -1 when it belongs to none.
[[nodiscard]] int level_of(std::string_view path);

/// The path of `#include "path"`, when the line is one.
[[nodiscard]] std::optional<std::string> quoted_include(const std::string& line);

/// A library includes only lower levels, by paths from the root. (rule `levels`)
void check_levels(const SourceFile& file, Findings& out);
/// Words whose meaning depends on machine, run or locale. (rule `banned`)
void check_banned_words(const SourceFile& file, Findings& out);
/// Every atomic access of scheduler and engine names its order and explains it. (rule `atomics`)
void check_atomics(const SourceFile& file, Findings& out);
/// Width of lines, names of files, guards of headers. (rule `shape`)
void check_shape(const SourceFile& file, Findings& out);
/// Length of functions. (rule `functions`)
void check_function_length(const SourceFile& file, Findings& out);
/// Markers of unfinished work, and references to things outside the repository. (rule `marks`)
void check_marks(const SourceFile& file, Findings& out);

/// Nothing walks over a hash container, here or declared in an included header. (rule `hash_order`)
void check_hash_order(const std::vector<SourceFile>& tree, Findings& out);
/// No object is taken for its bytes; ByteWriter writes fields. (rule `raw_bytes`)
void check_raw_bytes(const SourceFile& file, Findings& out);

/// Every folder of the architecture has a README of bearable length. (rule `readmes`)
void check_readmes(const std::vector<SourceFile>& tree, Findings& out);
/// The files of the libraries and the command that are longer than their bound. The list only gets
/// shorter: nothing is added, and a file that has become short, or is gone, leaves it.
inline constexpr auto kLongFiles = std::to_array<std::string_view>({
    "replay/command/inspect_command.cpp",
    "replay/import/trade_import.cpp",
});
/// Files are no longer than 400 lines in the libraries and the command, than 700 elsewhere and on
/// the list of long ones. (rule `length`)
void check_file_length(const std::vector<SourceFile>& tree,
                       std::span<const std::string_view> long_files, Findings& out);
/// Every source is named in the CMakeLists.txt of its folder or of one above. (rule `listed`)
void check_listed(const std::vector<SourceFile>& tree, Findings& out);

}  // namespace lockstep::tidy
