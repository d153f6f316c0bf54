#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "tests/tidy/rules.hpp"

namespace lockstep::tidy {
namespace {

constexpr std::size_t kProductLinesMax = 400;
constexpr std::size_t kFileLinesMax = 700;
constexpr std::size_t kReadmeLinesMax = 150;
constexpr std::size_t kFunctionLinesMax = 70;

constexpr std::array<std::pair<std::string_view, int>, 9> kLevels = {{
    {"engine/base/", 0},  // before engine/, which contains it
    {"scheduler/", 1},
    {"accounts/", 1},
    {"instruments/", 2},
    {"engine/", 3},
    {"bindings/", 4},
    {"replay/", 4},
    {"bench/", 5},
    {"tests/", 5},
}};

constexpr std::array<std::string_view, 8> kFolders = {
    "engine", "bindings", "scheduler", "accounts", "instruments", "replay", "bench", "tests"};

std::string_view folder_of(std::string_view path) {
    for (const auto& [folder, level] : kLevels) {
        if (path.starts_with(folder)) {
            return folder;
        }
    }
    return {};
}

/// Finds the outermost function bodies of stripped code and their lengths.
///
/// A brace opens a function when its head, the code since the last ';', '{' or '}', has a
/// parenthesis and is no type, namespace or initialiser; heads are looked at only in namespaces
/// and types, so lambdas and control flow count toward the function around them.
class FunctionScan {
  public:
    FunctionScan(const SourceFile& file, Findings& out) : file_(file), out_(out) {}

    void run() {
        for (line_ = 0; line_ < file_.code.size(); ++line_) {
            const std::string& code = file_.code[line_];
            if (continues_ || is_directive(code)) {
                continues_ = code.ends_with('\\');
                continue;
            }
            for (const char c : code) {
                step(c);
            }
            if (!head_.empty()) {
                head_ += ' ';
            }
        }
    }

  private:
    enum class Scope { kOuter, kFunction, kInner };

    static bool is_directive(const std::string& code) {
        const std::size_t at = code.find_first_not_of(" \t");
        return at != std::string::npos && code[at] == '#';
    }

    void step(char c) {
        if (c == '{') {
            open();
        } else if (c == '}') {
            close();
        } else if (c == ';') {
            head_.clear();
        } else if (!head_.empty() || c != ' ') {
            if (head_.empty()) {
                head_line_ = line_;
            }
            head_ += c;
        }
    }

    void open() {
        if (!scopes_.empty() && scopes_.back() != Scope::kOuter) {
            scopes_.push_back(Scope::kInner);
        } else if (is_function_head()) {
            scopes_.push_back(Scope::kFunction);
            function_line_ = head_line_;
        } else {
            scopes_.push_back(is_outer_head() ? Scope::kOuter : Scope::kInner);
        }
        head_.clear();
    }

    void close() {
        if (scopes_.empty()) {
            return;
        }
        const std::size_t lines = line_ - function_line_ + 1;
        if (scopes_.back() == Scope::kFunction && lines > kFunctionLinesMax &&
            !is_allowed(file_, function_line_, "functions")) {
            out_.push_back({file_.path, function_line_ + 1,
                            "a function of " + std::to_string(lines) + " lines; at most " +
                                std::to_string(kFunctionLinesMax)});
        }
        scopes_.pop_back();
        head_.clear();
    }

    [[nodiscard]] bool is_outer_head() const {
        for (const std::string_view word :
             {"namespace", "class", "struct", "union", "extern", "concept"}) {
            if (contains_word(head_, word)) {
                return true;
            }
        }
        return false;
    }

    /// A head with parameters. Template heads name types too, so the word of a type only counts
    /// when no parameter list follows.
    [[nodiscard]] bool is_function_head() const {
        if (head_.find('(') == std::string::npos || contains_word(head_, "namespace")) {
            return false;
        }
        const std::size_t last = head_.find_last_not_of(' ');
        const bool ends_like_one =
            head_[last] == ')' || contains_word(head_, "noexcept") ||
            contains_word(head_, "const") || contains_word(head_, "override") ||
            head_.find("->") != std::string::npos || head_.find(") :") != std::string::npos;
        const bool is_type = (head_.starts_with("class") || head_.starts_with("struct")) &&
                             head_.find(") ") == std::string::npos && head_[last] != ')';
        return ends_like_one && !is_type;
    }

    const SourceFile& file_;
    Findings& out_;
    std::vector<Scope> scopes_;
    std::string head_;
    std::size_t line_ = 0;
    std::size_t head_line_ = 0;
    std::size_t function_line_ = 0;
    bool continues_ = false;
};

/// The CMakeLists.txt files that may list `path`: those of its folder and of the folders above.
std::vector<std::string> lists_above(const std::string& path) {
    std::vector<std::string> out;
    for (std::size_t cut = path.rfind('/'); cut != std::string::npos && cut > 0;
         cut = path.rfind('/', cut - 1)) {
        out.push_back(path.substr(0, cut));
    }
    return out;
}

}  // namespace

int level_of(std::string_view path) {
    for (const auto& [folder, level] : kLevels) {
        if (path.starts_with(folder)) {
            return level;
        }
    }
    return -1;
}

std::optional<std::string> quoted_include(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line.compare(begin, 8, "#include") != 0) {
        return std::nullopt;
    }
    const std::size_t open = line.find('"', begin);
    const std::size_t close = open == std::string::npos ? open : line.find('"', open + 1);
    if (close == std::string::npos) {
        return std::nullopt;
    }
    return line.substr(open + 1, close - open - 1);
}

void check_levels(const SourceFile& file, Findings& out) {
    const int own = level_of(file.path);
    if (!file.is_cpp() || own < 0) {
        return;
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::optional<std::string> included = quoted_include(file.lines[i]);
        if (!included || file.code[i].find("#include") == std::string::npos ||
            is_allowed(file, i, "levels")) {
            continue;
        }
        const int other = level_of(*included);
        const bool same_folder = folder_of(*included) == folder_of(file.path);
        const bool test_of_bench = file.path.starts_with("tests/") && other == own;
        if (other < 0 && !file.path.starts_with("tests/consumer/")) {
            out.push_back({file.path, i + 1,
                           "include \"" + *included + "\" does not start at a folder of the root"});
        } else if (other >= own && !same_folder && !test_of_bench) {
            out.push_back(
                {file.path, i + 1, "include \"" + *included + "\" is not of a lower level"});
        }
    }
}

void check_function_length(const SourceFile& file, Findings& out) {
    if (file.is_cpp() && !file.path.starts_with("tests/")) {
        FunctionScan(file, out).run();
    }
}

void check_file_length(const std::vector<SourceFile>& tree,
                       std::span<const std::string_view> long_files, Findings& out) {
    const auto is_long = [&](const std::string& path) {
        return std::find(long_files.begin(), long_files.end(), path) != long_files.end();
    };
    std::vector<std::string_view> stale(long_files.begin(), long_files.end());
    for (const SourceFile& file : tree) {
        if (!file.is_cpp()) {
            continue;
        }
        const int level = level_of(file.path);
        const bool product = level >= 0 && level <= 4;
        const std::size_t bound = product && !is_long(file.path) ? kProductLinesMax : kFileLinesMax;
        if (file.lines.size() > bound) {
            out.push_back({file.path, file.lines.size(),
                           "longer than " + std::to_string(bound) + " lines; split it"});
        }
        if (file.lines.size() > kProductLinesMax) {
            std::erase(stale, file.path);
        }
    }
    for (const std::string_view path : stale) {
        out.push_back({std::string(path), 0, "not a long file any more; take it off kLongFiles"});
    }
}

void check_readmes(const std::vector<SourceFile>& tree, Findings& out) {
    for (const std::string_view folder : kFolders) {
        const std::string path = std::string(folder) + "/README.md";
        const auto found = std::find_if(tree.begin(), tree.end(),
                                        [&](const SourceFile& f) { return f.path == path; });
        if (found == tree.end()) {
            out.push_back({path, 0, "the folder has no README"});
        } else if (found->lines.size() > kReadmeLinesMax) {
            out.push_back({path, found->lines.size(),
                           "longer than " + std::to_string(kReadmeLinesMax) + " lines"});
        } else if (found->lines.size() < 5) {
            out.push_back({path, 1, "a README that says nothing"});
        }
    }
}

void check_listed(const std::vector<SourceFile>& tree, Findings& out) {
    std::map<std::string, const SourceFile*> lists;  // folder -> its CMakeLists.txt
    for (const SourceFile& file : tree) {
        if (file.path.ends_with("/CMakeLists.txt")) {
            lists[file.path.substr(0, file.path.rfind('/'))] = &file;
        }
    }
    for (const SourceFile& file : tree) {
        // A header that is not listed is neither installed nor checked to compile alone. From the
        // command upward nothing is installed, so only sources have to be listed there.
        const int level = level_of(file.path);
        if (!file.is_cpp() || level < 0 || (level > 3 && file.is_header())) {
            continue;
        }
        bool listed = false;
        for (const std::string& folder : lists_above(file.path)) {
            const auto list = lists.find(folder);
            if (list == lists.end()) {
                continue;
            }
            const std::string name = file.path.substr(folder.size() + 1);
            const auto& lines = list->second->lines;
            listed = listed || std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
                         return contains_word(line, name);
                     });
        }
        if (!listed) {
            out.push_back({file.path, 0, "no CMakeLists.txt names this file"});
        }
    }
}

}  // namespace lockstep::tidy
