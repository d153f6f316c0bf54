#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "tests/tidy/rules.hpp"

namespace lockstep::tidy {
namespace {

constexpr std::size_t kLineColumnsMax = 100;
constexpr std::size_t kCommentReach = 6;  ///< lines above an atomic access that may explain it

struct Ban {
    std::string_view word;
    std::string_view instead;
};

/// Banned in all libraries and the command.
constexpr std::array kBannedEverywhere = {
    Ban{"float", "integers of a stated scale"},
    Ban{"double", "integers of a stated scale"},
    Ban{"std::hash", "mix64, or a Digest"},
    Ban{"absl::Hash", "mix64, or a Digest"},
    Ban{"rand", "Random"},
    Ban{"srand", "Random"},
    Ban{"std::random_device", "a seed from the caller"},
    Ban{"std::mt19937", "Random"},
    Ban{"std::mt19937_64", "Random"},
    Ban{"std::shuffle", "a loop over Random::below"},
    Ban{"std::uniform_int_distribution", "Random::below"},
    Ban{"system_clock", "block time, or steady_clock where a duration is measured"},
    Ban{"high_resolution_clock", "steady_clock"},
    Ban{"setlocale", "nothing: the classic locale stays"},
    Ban{"std::locale", "std::from_chars and std::to_chars"},
    Ban{"strtod", "std::from_chars into integers"},
    Ban{"atof", "std::from_chars into integers"},
    Ban{"atoi", "std::from_chars"},
    Ban{"std::stod", "std::from_chars into integers"},
    Ban{"std::stoi", "std::from_chars"},
    Ban{"std::stoul", "std::from_chars"},
    Ban{"std::stoull", "std::from_chars"},
    Ban{"sscanf", "std::from_chars"},
    Ban{"isspace", "comparisons of characters"},
    Ban{"isalpha", "comparisons of characters"},
    Ban{"isdigit", "comparisons of characters"},
    Ban{"tolower", "comparisons of characters"},
    Ban{"toupper", "comparisons of characters"},
    Ban{"volatile", "std::atomic"},
    Ban{"atomic_thread_fence", "orders on the accesses; the thread sanitizer sees no fences"},
};

/// Banned up to the engine: the order of their elements differs from run to run.
constexpr std::array kBannedInState = {
    Ban{"unordered_map", "a sorted vector, std::map, or dense ids"},
    Ban{"unordered_set", "a sorted vector, std::set, or dense ids"},
    Ban{"flat_hash_map", "a sorted vector, std::map, or dense ids"},
    Ban{"flat_hash_set", "a sorted vector, std::set, or dense ids"},
    Ban{"node_hash_map", "a sorted vector, std::map, or dense ids"},
    Ban{"concurrent_hash_map", "dense ids and arrays"},
    Ban{"concurrent_unordered_map", "dense ids and arrays"},
};

/// Banned in what a transaction computes: accounts and instruments.
constexpr std::array kBannedInHandlers = {
    Ban{"steady_clock", "block time"},
    Ban{"thread_local", "locals, or state behind the view"},
    Ban{"std::this_thread", "nothing: handlers do not know threads"},
};

void find_words(const SourceFile& file, std::span<const Ban> bans, Findings& out) {
    for (std::size_t i = 0; i < file.code.size(); ++i) {
        if (file.code[i].starts_with("#include")) {
            continue;  // the use is what counts
        }
        for (const Ban& ban : bans) {
            if (contains_word(file.code[i], ban.word) && !is_allowed(file, i, "banned")) {
                out.push_back(
                    {file.path, i + 1,
                     "banned word " + std::string(ban.word) + "; use " + std::string(ban.instead)});
            }
        }
    }
}

bool is_ordered_scope(std::string_view path) {
    // Virtual cores implement atomics: their orders are parameters.
    return (path.starts_with("scheduler/") || path.starts_with("engine/")) &&
           !path.starts_with("engine/virtual/");
}

/// The code from line `index` to the end of its statement.
std::string statement_from(const SourceFile& file, std::size_t index, std::size_t column) {
    std::string text = file.code[index].substr(column);
    for (std::size_t i = index + 1; i < file.code.size() && i < index + 8; ++i) {
        if (text.find(';') != std::string::npos) {
            break;
        }
        text += file.code[i];
    }
    return text.substr(0, text.find(';'));
}

bool is_explained(const SourceFile& file, std::size_t index) {
    const std::size_t from = index > kCommentReach ? index - kCommentReach : 0;
    for (std::size_t i = from; i <= index; ++i) {
        if (file.commented[i]) {
            return true;
        }
    }
    return false;
}

std::size_t columns(std::string_view line) {
    // Bytes that continue a UTF-8 character take no column.
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

bool contains_ignoring_case(std::string_view line, std::string_view lower) {
    const auto found = std::search(
        line.begin(), line.end(), lower.begin(), lower.end(),
        [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
    return found != line.end();
}

/// "issue 12" and "issue #12".
bool names_issue(std::string_view line) {
    for (const std::string_view word : {"issue ", "Issue "}) {
        const std::size_t at = line.find(word);
        if (at == std::string_view::npos) {
            continue;
        }
        std::string_view rest = line.substr(at + word.size());
        if (rest.starts_with('#')) {
            rest.remove_prefix(1);
        }
        if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
            return true;
        }
    }
    return false;
}

}  // namespace

bool is_allowed(const SourceFile& file, std::size_t index, std::string_view rule) {
    const std::string tag = "tidy: allow(" + std::string(rule) + ") ";
    const auto excuses = [&](const std::string& line) {
        const std::size_t at = line.find(tag);
        return at != std::string::npos && line.size() > at + tag.size() + 3;
    };
    return excuses(file.lines[index]) || (index > 0 && excuses(file.lines[index - 1]));
}

void check_banned_words(const SourceFile& file, Findings& out) {
    const int level = level_of(file.path);
    if (!file.is_cpp() || level < 0 || level > 4) {
        return;
    }
    find_words(file, kBannedEverywhere, out);
    if (level <= 3) {
        find_words(file, kBannedInState, out);
    }
    if (file.path.starts_with("accounts/") || file.path.starts_with("instruments/")) {
        find_words(file, kBannedInHandlers, out);
    }
}

void check_atomics(const SourceFile& file, Findings& out) {
    if (!file.is_cpp() || !is_ordered_scope(file.path)) {
        return;
    }
    static constexpr std::array<std::string_view, 7> kAccesses = {
        ".load(",      ".fetch_add(", ".fetch_sub(",       ".fetch_or(",
        ".fetch_and(", ".fetch_max(", ".compare_exchange_"};
    for (std::size_t i = 0; i < file.code.size(); ++i) {
        const std::string& line = file.code[i];
        if (line.find("memory_order") != std::string::npos && !is_explained(file, i) &&
            !is_allowed(file, i, "atomics")) {
            out.push_back({file.path, i + 1, "a memory order without a comment near it"});
        }
        for (const std::string_view access : kAccesses) {
            const std::size_t at = line.find(access);
            if (at != std::string::npos &&
                statement_from(file, i, at).find("memory_order") == std::string::npos &&
                !is_allowed(file, i, "atomics")) {
                out.push_back({file.path, i + 1, "an atomic access that does not name its order"});
            }
        }
    }
}

void check_shape(const SourceFile& file, Findings& out) {
    if (!file.is_cpp()) {
        return;
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (columns(file.lines[i]) > kLineColumnsMax &&
            file.lines[i].find("://") == std::string::npos) {
            out.push_back({file.path, i + 1, "wider than 100 columns"});
        }
    }
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    const std::string stem = name.substr(0, name.find('.'));
    for (const std::string_view vague : {"util", "utils", "helper", "helpers", "common", "misc"}) {
        if (stem == vague) {
            out.push_back({file.path, 0, "a file name that says nothing"});
        }
    }
    if (file.is_header() &&
        std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end()) {
        out.push_back({file.path, 1, "a header without #pragma once"});
    }
}

void check_marks(const SourceFile& file, Findings& out) {
    if (file.path.starts_with("tests/tidy/")) {
        return;  // names the marks in order to find them
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string& line = file.lines[i];
        for (const std::string_view mark : {"TODO", "FIXME", "XXX", "HACK"}) {
            if (contains_word(line, mark)) {
                out.push_back({file.path, i + 1, "unfinished work: " + std::string(mark)});
            }
        }
        if (names_issue(line)) {
            out.push_back({file.path, i + 1, "a reference that readers cannot follow"});
        }
        for (const std::string_view place : {"/work/", "/home/", "/root/"}) {
            if (line.find(place) != std::string::npos) {
                out.push_back({file.path, i + 1, "a path of one machine"});
            }
        }
        if (file.commented[i]) {
            for (const std::string_view past : {"previously", "formerly", "used to be"}) {
                if (contains_ignoring_case(line, past)) {
                    out.push_back({file.path, i + 1, "a comment about the past"});
                }
            }
        }
    }
}

}  // namespace lockstep::tidy
