#include "tests/tidy/source_file.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

namespace lockstep::tidy {
namespace {

bool is_identifier_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Walks over C++ text and blanks what is no code.
class Stripper {
  public:
    explicit Stripper(std::string_view text) : text_(text) {}

    void run(SourceFile& out) {
        out.code.emplace_back();
        out.commented.push_back(false);
        for (std::size_t i = 0; i < text_.size();) {
            if (text_[i] == '\n') {
                put('\n', false, out);
                ++i;
            } else if (starts(i, "//")) {
                i = skip(i, text_.find('\n', i), true, out);
            } else if (starts(i, "/*")) {
                i = skip(i, after(text_.find("*/", i + 2), 2), true, out);
            } else if (starts(i, "R\"") && !(i > 0 && is_identifier_char(text_[i - 1]))) {
                const std::size_t open = text_.find('(', i);
                const std::string close =
                    ")" + std::string(text_.substr(i + 2, open - i - 2)) + "\"";
                i = skip(i, after(text_.find(close, open), close.size()), false, out);
            } else if (text_[i] == '"' || (text_[i] == '\'' && !is_digit_separator(i))) {
                i = skip(i, end_of_literal(i), false, out);
            } else {
                put(text_[i], false, out);
                ++i;
            }
        }
    }

  private:
    [[nodiscard]] bool starts(std::size_t i, std::string_view what) const {
        return text_.substr(i, what.size()) == what;
    }
    [[nodiscard]] static std::size_t after(std::size_t found, std::size_t size) {
        return found == std::string_view::npos ? found : found + size;
    }
    [[nodiscard]] bool is_digit_separator(std::size_t i) const {
        return i > 0 && i + 1 < text_.size() && is_identifier_char(text_[i - 1]) &&
               is_identifier_char(text_[i + 1]) && text_[i - 1] >= '0' && text_[i - 1] <= 'f';
    }
    [[nodiscard]] std::size_t end_of_literal(std::size_t i) const {
        const char quote = text_[i];
        for (++i; i < text_.size() && text_[i] != '\n'; ++i) {
            if (text_[i] == '\\') {
                ++i;
            } else if (text_[i] == quote) {
                return i + 1;
            }
        }
        return i;
    }
    std::size_t skip(std::size_t from, std::size_t to, bool comment, SourceFile& out) const {
        to = std::min(to, text_.size());
        for (; from < to; ++from) {
            put(text_[from] == '\n' ? '\n' : ' ', comment, out);
        }
        return to;
    }
    static void put(char c, bool comment, SourceFile& out) {
        if (c == '\n') {
            out.code.emplace_back();
            out.commented.push_back(false);
            return;
        }
        out.code.back().push_back(c);
        if (comment) {
            out.commented.back() = true;
        }
    }

    std::string_view text_;
};

bool is_project_text(const std::filesystem::path& path) {
    static constexpr std::array<std::string_view, 9> kSuffixes = {
        ".hpp", ".cpp", ".h", ".c", ".md", ".txt", ".cmake", ".fbs", ".in"};
    static constexpr std::array<std::string_view, 5> kNames = {"dev", "run", ".clang-tidy",
                                                               ".clang-format", ".gitignore"};
    const std::string suffix = path.extension().string();
    const std::string name = path.filename().string();
    return std::find(kSuffixes.begin(), kSuffixes.end(), suffix) != kSuffixes.end() ||
           std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_foreign_folder(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return name == "build" || (name.starts_with(".") && name != ".ci");
}

}  // namespace

SourceFile parse_source(std::string path, std::string_view text) {
    SourceFile out;
    out.path = std::move(path);
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        out.lines.emplace_back(text.substr(from, end - from));
        from = end + 1;
    }
    if (out.is_cpp()) {
        Stripper(text).run(out);
    }
    out.code.resize(out.lines.size());
    out.commented.resize(out.lines.size());
    return out;
}

std::vector<SourceFile> load_tree(const std::filesystem::path& root) {
    std::vector<SourceFile> files;
    using Iterator = std::filesystem::recursive_directory_iterator;
    for (Iterator it(root), end; it != end; ++it) {
        if (it->is_directory() && is_foreign_folder(it->path())) {
            it.disable_recursion_pending();
        } else if (it->is_regular_file() && is_project_text(it->path())) {
            std::ifstream in(it->path(), std::ios::binary);
            const std::string text{std::istreambuf_iterator<char>(in), {}};
            files.push_back(
                parse_source(std::filesystem::relative(it->path(), root).generic_string(), text));
        }
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

bool contains_word(std::string_view line, std::string_view word) {
    for (std::size_t at = line.find(word); at != std::string_view::npos;
         at = line.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool starts =
            at == 0 || !is_identifier_char(line[at - 1]) || !is_identifier_char(word.front());
        const bool ends = end == line.size() || !is_identifier_char(line[end]) ||
                          !is_identifier_char(word.back());
        if (starts && ends) {
            return true;
        }
    }
    return false;
}

}  // namespace lockstep::tidy
