// What could bring the order of a hash table, or the padding of a record, into bytes that are
// hashed, stored or compared.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "tests/tidy/rules.hpp"

namespace lockstep::tidy {
namespace {

constexpr std::array<std::string_view, 8> kHashContainers = {
    "unordered_map", "unordered_set", "unordered_multimap",  "unordered_multiset",
    "flat_hash_map", "flat_hash_set", "concurrent_hash_map", "concurrent_unordered_map"};

/// Ways from an object to its bytes, and to digests past the one encoder.
constexpr std::array<std::string_view, 9> kRawBytes = {"reinterpret_cast",
                                                       "memcpy",
                                                       "memmove",
                                                       "memcmp",
                                                       "bit_cast",
                                                       "as_bytes",
                                                       "as_writable_bytes",
                                                       "XXH3_128bits",
                                                       "XXH3_64bits_withSeed"};

/// The encoder itself; what it accepts is checked by its test.
constexpr std::string_view kEncoder = "engine/base/bytes.hpp";

bool is_name(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string name_at(std::string_view text, std::size_t at) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '&' || text[at] == '*')) {
        ++at;
    }
    std::size_t end = at;
    while (end < text.size() && is_name(text[end])) {
        ++end;
    }
    return std::string(text.substr(at, end - at));
}

/// Declared names of one file: aliases of hash containers, and variables that are or hold one.
struct HashNames {
    std::set<std::string> aliases;
    std::set<std::string> variables;
};

void collect(const SourceFile& file, HashNames& out) {
    for (const std::string& line : file.code) {
        if (line.starts_with("#include")) {
            continue;
        }
        const bool hashed =
            std::any_of(kHashContainers.begin(), kHashContainers.end(),
                        [&](std::string_view word) { return contains_word(line, word); });
        if (const std::size_t alias = line.find("using "); alias != std::string::npos) {
            if (hashed) {
                out.aliases.insert(name_at(line, alias + 6));
            }
            continue;
        }
        std::size_t type_end = hashed ? line.rfind('>') : std::string::npos;
        for (const std::string& alias : out.aliases) {
            if (type_end == std::string::npos && contains_word(line, alias)) {
                const std::size_t close = line.rfind('>');
                type_end = close != std::string::npos ? close : line.find(alias) + alias.size() - 1;
            }
        }
        if (type_end != std::string::npos) {
            out.variables.insert(name_at(line, type_end + 1));
        }
    }
    out.variables.erase("");
}

/// The container of a range-for, empty when the line has none.
std::string ranged_over(const std::string& line) {
    const std::size_t loop = line.find("for (");
    const std::size_t colon = loop == std::string::npos ? loop : line.find(" : ", loop);
    return colon == std::string::npos ? std::string() : line.substr(colon + 3);
}

/// Whether a statement walks over the container `name` itself, and not over what is found in it.
bool walks_over(const std::string& line, const std::string& name) {
    for (const std::string_view call : {".begin(", ".cbegin("}) {
        const std::size_t at = line.find(name + std::string(call));
        if (at != std::string::npos && (at == 0 || !is_name(line[at - 1]))) {
            return true;
        }
    }
    const std::string range = ranged_over(line);
    return contains_word(range, name) && range.find(name + "[") == std::string::npos &&
           range.find(name + ".at(") == std::string::npos;
}

bool is_in_scope(const SourceFile& file) {
    const int level = level_of(file.path);
    // Virtual cores switch stacks and measure; nothing of them is an output.
    return file.is_cpp() && level >= 0 && level <= 4 && !file.path.starts_with("engine/virtual/");
}

}  // namespace

void check_hash_order(const std::vector<SourceFile>& tree, Findings& out) {
    std::map<std::string, HashNames> declared;
    for (const SourceFile& file : tree) {
        if (is_in_scope(file)) {
            collect(file, declared[file.path]);
        }
    }
    for (const SourceFile& file : tree) {
        if (!is_in_scope(file)) {
            continue;
        }
        std::set<std::string> names = declared[file.path].variables;
        for (const std::string& line : file.lines) {
            if (const auto path = quoted_include(line); path && declared.count(*path) != 0) {
                const auto& included = declared[*path].variables;
                names.insert(included.begin(), included.end());
            }
        }
        for (std::size_t i = 0; i < file.code.size(); ++i) {
            for (const std::string& name : names) {
                if (walks_over(file.code[i], name) && !is_allowed(file, i, "hash_order")) {
                    out.push_back({file.path, i + 1,
                                   "a walk over the hash container " + name +
                                       ", whose order differs from run to run; sort first"});
                }
            }
        }
    }
}

void check_raw_bytes(const SourceFile& file, Findings& out) {
    if (!is_in_scope(file) || file.path == kEncoder) {
        return;
    }
    for (std::size_t i = 0; i < file.code.size(); ++i) {
        for (const std::string_view word : kRawBytes) {
            if (contains_word(file.code[i], word) && !is_allowed(file, i, "raw_bytes")) {
                out.push_back({file.path, i + 1,
                               std::string(word) +
                                   " reaches the bytes of an object, padding included; write "
                                   "fields with ByteWriter"});
            }
        }
    }
}

}  // namespace lockstep::tidy
