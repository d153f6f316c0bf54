#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::tidy {

/// A file of the tree, cut into lines; of C++ also the code without comments and literals.
struct SourceFile {
    std::string path;                ///< relative to the root, '/' between parts
    std::vector<std::string> lines;  ///< as written, without line ends
    /// Per line: the code, where comments and the contents of literals are blank.
    std::vector<std::string> code;
    std::vector<bool> commented;  ///< per line: holds a comment or a part of one

    [[nodiscard]] bool is_header() const { return path.ends_with(".hpp"); }
    [[nodiscard]] bool is_cpp() const { return is_header() || path.ends_with(".cpp"); }
};

[[nodiscard]] SourceFile parse_source(std::string path, std::string_view text);

/// Every text file that belongs to the project, sorted by path; build and hidden folders are left
/// out, except for the project's own hidden files.
[[nodiscard]] std::vector<SourceFile> load_tree(const std::filesystem::path& root);

/// Whether `word` stands in `line` with no identifier character before or behind it.
[[nodiscard]] bool contains_word(std::string_view line, std::string_view word);

}  // namespace lockstep::tidy
