// The project's rules about its own text, as tests. Each rule is shown to fail on a bad sample.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/rules.hpp"
#include "tests/tidy/source_file.hpp"

namespace lockstep::tidy {
namespace {

const std::vector<SourceFile>& tree() {
    static const std::vector<SourceFile> files = load_tree(LOCKSTEP_SOURCE_DIR);
    return files;
}

using FileRule = void (*)(const SourceFile&, Findings&);

std::string listing(const Findings& findings) {
    std::string out;
    for (const Finding& finding : findings) {
        out += "\n  " + finding.text();
    }
    return out;
}

void expect_clean(FileRule rule) {
    ASSERT_GT(tree().size(), 50U) << "the tree was not found at " << LOCKSTEP_SOURCE_DIR;
    Findings findings;
    for (const SourceFile& file : tree()) {
        rule(file, findings);
    }
    EXPECT_TRUE(findings.empty()) << listing(findings);
}

/// Findings of `rule` on a file made up for the occasion.
Findings on_sample(FileRule rule, std::string path, std::string_view text) {
    Findings findings;
    rule(parse_source(std::move(path), text), findings);
    return findings;
}

std::string repeated(const std::string& line, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) {
        out += line;
    }
    return out;
}

TEST(Tree, LibrariesIncludeOnlyLowerLevels) {
    expect_clean(check_levels);
}
TEST(Tree, NoBannedWords) {
    expect_clean(check_banned_words);
}
TEST(Tree, AtomicAccessesNameAndExplainTheirOrder) {
    expect_clean(check_atomics);
}
TEST(Tree, FilesHaveTheHouseShape) {
    expect_clean(check_shape);
}
TEST(Tree, FilesAreShort) {
    Findings findings;
    check_file_length(tree(), kLongFiles, findings);
    EXPECT_TRUE(findings.empty()) << listing(findings);
}
TEST(Tree, FunctionsAreShort) {
    expect_clean(check_function_length);
}
TEST(Tree, NothingUnfinishedOrUnreachable) {
    expect_clean(check_marks);
}

TEST(Tree, NoObjectIsTakenForItsBytes) {
    expect_clean(check_raw_bytes);
}

TEST(Tree, NothingWalksOverHashContainers) {
    Findings findings;
    check_hash_order(tree(), findings);
    EXPECT_TRUE(findings.empty()) << listing(findings);
}

TEST(Tree, FoldersHaveReadmes) {
    Findings findings;
    check_readmes(tree(), findings);
    EXPECT_TRUE(findings.empty()) << listing(findings);
}

TEST(Tree, SourcesAreListed) {
    Findings findings;
    check_listed(tree(), findings);
    EXPECT_TRUE(findings.empty()) << listing(findings);
}

TEST(TidyLevels, HigherAndSiblingLevelsAreFound) {
    const auto levels = [](std::string path, std::string_view text) {
        return on_sample(check_levels, std::move(path), text).size();
    };
    EXPECT_EQ(levels("scheduler/a.hpp", "#include \"accounts/key.hpp\"\n"), 1U);
    EXPECT_EQ(levels("accounts/a.hpp", "#include \"scheduler/task.hpp\"\n"), 1U);
    EXPECT_EQ(levels("instruments/a.cpp", "#include \"engine/contract/machine.hpp\"\n"), 1U);
    EXPECT_EQ(levels("engine/base/a.cpp", "#include \"engine/contract/block.hpp\"\n"), 1U);
    EXPECT_EQ(levels("engine/a.cpp", "#include \"replay/log.hpp\"\n"), 1U);
    EXPECT_EQ(levels("bench/a.cpp", "#include \"tests/support/toy.hpp\"\n"), 1U);
    EXPECT_EQ(levels("engine/a.cpp", "#include \"block.hpp\"\n"), 1U);
    EXPECT_EQ(levels("engine/a.cpp",
                     "#include \"engine/contract/block.hpp\"\n#include \"engine/base/bytes.hpp\"\n"
                     "#include \"scheduler/task.hpp\"\n#include <vector>\n"),
              0U);
    EXPECT_EQ(levels("scheduler/a.cpp", "// #include \"accounts/key.hpp\"\n"), 0U);
}

TEST(TidyBanned, WordsAreFoundInCodeOnly) {
    const auto banned = [](std::string path, std::string_view text) {
        return on_sample(check_banned_words, std::move(path), text).size();
    };
    EXPECT_EQ(banned("accounts/a.hpp", "double price = 0;\n"), 1U);
    EXPECT_EQ(banned("replay/a.cpp", "const float x = 1;\n"), 1U);
    EXPECT_EQ(banned("engine/a.cpp", "return std::hash<int>{}(1);\n"), 1U);
    EXPECT_EQ(banned("engine/a.cpp", "auto now = std::chrono::system_clock::now();\n"), 1U);
    EXPECT_EQ(banned("engine/a.cpp", "int x = rand();\n"), 1U);
    EXPECT_EQ(banned("replay/a.cpp", "std::locale::global(l);\n"), 1U);
    EXPECT_EQ(banned("scheduler/a.hpp", "std::unordered_map<int, int> map_;\n"), 1U);
    EXPECT_EQ(banned("scheduler/a.hpp", "#include <unordered_map>\n"), 0U);
    EXPECT_EQ(banned("replay/a.hpp", "std::unordered_map<int, int> map_;\n"), 0U);
    EXPECT_EQ(banned("instruments/a.cpp", "thread_local int x;\n"), 1U);
    EXPECT_EQ(banned("scheduler/a.hpp", "std::atomic_thread_fence(order);\n"), 1U);
    EXPECT_EQ(banned("bench/a.cpp", "double seconds = 0;\n"), 0U);
    EXPECT_EQ(banned("accounts/a.hpp", "// no double here\n/* nor\nfloat */ int x;\n"), 0U);
    EXPECT_EQ(banned("accounts/a.cpp", "auto s = \"double\"; auto r = R\"(float)\";\n"), 0U);
    EXPECT_EQ(banned("accounts/a.cpp", "int n = 1'000'000; double x = 0;\n"), 1U);
    EXPECT_EQ(banned("accounts/a.cpp", "int double_entry = 0; int redoubled = 0;\n"), 0U);
}

TEST(TidyBanned, AnExcuseNeedsAReasonAndCoversOneRule) {
    const auto banned = [](std::string_view text) {
        return on_sample(check_banned_words, "replay/a.cpp", text).size();
    };
    EXPECT_EQ(banned("double s = 0;  // tidy: allow(banned) printed, never stored\n"), 0U);
    EXPECT_EQ(banned("// tidy: allow(banned) printed, never stored\ndouble s = 0;\n"), 0U);
    EXPECT_EQ(banned("double s = 0;  // tidy: allow(banned)\n"), 1U);
    EXPECT_EQ(banned("double s = 0;  // tidy: allow(shape) printed, never stored\n"), 1U);
}

TEST(TidyBytes, WalksOverHashContainersAreFound) {
    const auto walks = [](std::string_view text) {
        Findings findings;
        check_hash_order({parse_source("replay/a.cpp", text)}, findings);
        return findings.size();
    };
    const std::string map = "std::unordered_map<int, int> cells;\n";
    EXPECT_EQ(walks(map + "for (const auto& [key, value] : cells) {\n    out.put(value);\n}\n"),
              1U);
    EXPECT_EQ(walks(map + "std::vector<int> v(cells.begin(), cells.end());\n"), 1U);
    EXPECT_EQ(walks(map + "auto it = cells.cbegin();\n"), 1U);
    EXPECT_EQ(walks("absl::flat_hash_set<int> s{};\nfor (int k : s) {\n}\n"), 1U);
    EXPECT_EQ(walks("std::vector<absl::flat_hash_map<int, int>> by_market_;\n"
                    "for (const auto& one : by_market_) {\n}\n"),
              1U);
    EXPECT_EQ(walks("using Names = std::unordered_map<std::string, int>;\nNames names_;\n"
                    "for (const auto& name : names_) {\n}\n"),
              1U);
    EXPECT_EQ(walks("void f(const std::unordered_set<int>& seen) {\n    for (int k : seen) {\n"),
              1U);
    EXPECT_EQ(walks(map + "out.put(cells[1]); cells.find(2);\n"), 0U);
    EXPECT_EQ(walks("std::unordered_map<int, std::vector<int>> cells;\nfor (int k : cells[7]) {\n"),
              0U);
    EXPECT_EQ(walks("std::map<int, int> cells;\nfor (const auto& [k, v] : cells) {\n}\n"), 0U);
    EXPECT_EQ(walks(map + "for (auto& c : cells) {  // tidy: allow(hash_order) only counted\n}\n"),
              0U);
}

TEST(TidyBytes, WalksOverContainersOfAnIncludedHeaderAreFound) {
    const std::vector<SourceFile> sample = {
        parse_source("replay/a.hpp", "struct A { std::unordered_set<int> seen_; };\n"),
        parse_source("replay/a.cpp", "#include \"replay/a.hpp\"\nfor (int k : seen_) {\n}\n"),
        parse_source("replay/b.cpp", "std::vector<int> seen_;\nfor (int k : seen_) {\n}\n"),
    };
    Findings findings;
    check_hash_order(sample, findings);
    ASSERT_EQ(findings.size(), 1U) << listing(findings);
    EXPECT_EQ(findings[0].text().substr(0, 15), "replay/a.cpp:2:");
}

TEST(TidyBytes, ObjectsTakenForTheirBytesAreFound) {
    const auto raw = [](std::string path, std::string_view text) {
        return on_sample(check_raw_bytes, std::move(path), text).size();
    };
    EXPECT_EQ(raw("engine/a.cpp", "digest_of(std::as_bytes(std::span(&record, 1)));\n"), 1U);
    EXPECT_EQ(raw("engine/a.cpp", "out.append({reinterpret_cast<const std::byte*>(&r), 8});\n"),
              1U);
    EXPECT_EQ(raw("accounts/a.hpp", "std::memcpy(buffer, &position, sizeof position);\n"), 1U);
    EXPECT_EQ(raw("instruments/a.cpp", "return std::memcmp(&a, &b, sizeof a) == 0;\n"), 1U);
    EXPECT_EQ(raw("engine/base/a.hpp", "const auto bits = std::bit_cast<Bytes>(record);\n"), 1U);
    EXPECT_EQ(raw("replay/a.cpp", "auto h = XXH3_128bits(&record, sizeof record);\n"), 1U);
    EXPECT_EQ(raw("engine/a.cpp", "out.put(record.amount);  // no memcpy\n"), 0U);
    EXPECT_EQ(raw("bench/a.cpp", "std::memcpy(buffer, &position, sizeof position);\n"), 0U);
    EXPECT_EQ(
        raw("replay/a.cpp",
            "// tidy: allow(raw_bytes) text has no padding\nstd::as_bytes(std::span(text));\n"),
        0U);
}

TEST(TidyAtomics, SilentOrMissingOrdersAreFound) {
    const auto atomics = [](std::string_view text) {
        return on_sample(check_atomics, "scheduler/a.cpp", text).size();
    };
    EXPECT_EQ(atomics("x.store(1, std::memory_order_release);\n"), 1U);
    EXPECT_EQ(atomics("// pairs with the acquire of claim\n"
                      "x.store(1, std::memory_order_release);\n"),
              0U);
    EXPECT_EQ(atomics("// why\nauto y = x.load();\n"), 1U);
    EXPECT_EQ(atomics("// why\nx.fetch_add(1);\n"), 1U);
    EXPECT_EQ(atomics("// why\nx.compare_exchange_weak(a, b,\n    std::memory_order_acq_rel,\n"
                      "    std::memory_order_acquire);\n"),
              0U);
    EXPECT_EQ(on_sample(check_atomics, "replay/a.cpp", "auto y = x.load();\n").size(), 0U);
}

TEST(TidyShape, WidthNameAndGuardAreChecked) {
    const auto shape = [](std::string path, std::string_view text) {
        return on_sample(check_shape, std::move(path), text).size();
    };
    EXPECT_EQ(shape("engine/a.cpp", "// " + repeated("x", 97) + "\n"), 0U);
    EXPECT_EQ(shape("engine/a.cpp", "// " + repeated("x", 98) + "\n"), 1U);
    EXPECT_EQ(shape("engine/a.cpp", "// " + repeated("é", 97) + "\n"), 0U);
    EXPECT_EQ(shape("engine/utils.cpp", "int x;\n"), 1U);
    EXPECT_EQ(shape("engine/a.hpp", "int x;\n"), 1U);
    EXPECT_EQ(shape("engine/a.hpp", "#pragma once\nint x;\n"), 0U);
}

TEST(TidyFunctions, LongBodiesAreFoundWhereverTheyStand) {
    const auto functions = [](const std::string& text) {
        return on_sample(check_function_length, "engine/a.cpp", text).size();
    };
    const std::string fits = repeated("    call();\n", 68);
    const std::string over = repeated("    call();\n", 69);
    EXPECT_EQ(functions("void f() {\n" + fits + "}\n"), 0U);
    EXPECT_EQ(functions("void f() {\n" + over + "}\n"), 1U);
    EXPECT_EQ(
        functions("namespace a {\nint f(int x,\n int y) const noexcept {\n" + over + "}\n}\n"), 1U);
    EXPECT_EQ(functions("class A {\n public:\n  A(int x) : x_(x) {\n" + over + "}\n};\n"), 1U);
    EXPECT_EQ(functions("template <class T>\nauto f(T x) -> int {\n" + over + "}\n"), 1U);
    EXPECT_EQ(functions("class A {\n" + repeated("    void f() { call(); }\n", 100) + "};\n"), 0U);
    EXPECT_EQ(functions("constexpr int kTable[] = {\n" + repeated("    f(1),\n", 100) + "};\n"),
              0U);
    EXPECT_EQ(functions("// tidy: allow(functions) one switch over every command\n"
                        "void f() {\n" +
                        over + "}\n"),
              0U);
}

TEST(TidyMarks, UnfinishedPrivateAndPastThingsAreFound) {
    const auto marks = [](std::string path, std::string_view text) {
        return on_sample(check_marks, std::move(path), text).size();
    };
    EXPECT_EQ(marks("engine/a.cpp", "// TODO: more\n"), 1U);
    EXPECT_EQ(marks("README.md", "FIXME\n"), 1U);
    EXPECT_EQ(marks("engine/a.cpp", "// see issue #12\n"), 1U);
    EXPECT_EQ(marks("bench/README.md", "run /home/me/x\n"), 1U);
    EXPECT_EQ(marks("engine/a.cpp", "// previously a map\nint x;\n"), 1U);
    EXPECT_EQ(marks("engine/a.cpp", "// issues of bonds\nint todo = 0;\n"), 0U);
}

TEST(TidyTree, MissingLongAndEmptyReadmesAreFound) {
    std::vector<SourceFile> sample;
    for (const char* folder :
         {"engine", "bindings", "scheduler", "accounts", "instruments", "replay"}) {
        sample.push_back(parse_source(std::string(folder) + "/README.md", repeated("text\n", 20)));
    }
    sample.push_back(parse_source("bench/README.md", repeated("text\n", 151)));
    Findings findings;
    check_readmes(sample, findings);
    ASSERT_EQ(findings.size(), 2U) << listing(findings);
    EXPECT_EQ(findings[0].path, "bench/README.md");
    EXPECT_EQ(findings[1].path, "tests/README.md");
}

TEST(TidyTree, LongFilesAndStaleExceptionsAreFound) {
    static constexpr std::array<std::string_view, 2> kListed = {"engine/a.hpp", "replay/b.cpp"};
    const auto found = [](std::string path, int lines, std::span<const std::string_view> listed) {
        Findings findings;
        check_file_length({parse_source(std::move(path), repeated("int x;\n", lines))}, listed,
                          findings);
        return findings.size();
    };
    EXPECT_EQ(found("engine/c.hpp", 400, {}), 0U);
    EXPECT_EQ(found("engine/c.hpp", 401, {}), 1U);
    EXPECT_EQ(found("engine/base/c.cpp", 401, {}), 1U);
    EXPECT_EQ(found("scheduler/c.hpp", 401, {}), 1U);
    EXPECT_EQ(found("accounts/c.hpp", 401, {}), 1U);
    EXPECT_EQ(found("instruments/c.cpp", 401, {}), 1U);
    EXPECT_EQ(found("replay/format/c.cpp", 401, {}), 1U);
    EXPECT_EQ(found("tests/engine/c.cpp", 700, {}), 0U);
    EXPECT_EQ(found("bench/c.cpp", 701, {}), 1U);
    const auto only = [](std::size_t which) { return std::span(kListed).subspan(which, 1); };
    EXPECT_EQ(found("engine/a.hpp", 401, only(0)), 0U);
    EXPECT_EQ(found("engine/a.hpp", 700, only(0)), 0U);
    EXPECT_EQ(found("engine/a.hpp", 701, only(0)), 1U);
    EXPECT_EQ(found("engine/a.hpp", 400, only(0)), 1U);  // has become short
    EXPECT_EQ(found("engine/a.hpp", 401, kListed), 1U);  // the other one is gone
    EXPECT_EQ(found("engine/c.hpp", 401, only(1)), 2U);  // in place of one that is gone
}

TEST(TidyTree, UnlistedSourcesAreFound) {
    const std::vector<SourceFile> sample = {
        parse_source("engine/CMakeLists.txt",
                     "lockstep_library(HEADERS a.hpp b/c.hpp SOURCES d.cpp)\n"),
        parse_source("engine/a.hpp", ""),
        parse_source("engine/b/c.hpp", ""),
        parse_source("engine/d.cpp", ""),
        parse_source("engine/e.hpp", ""),
        parse_source("engine/b/d.cpp", ""),
        parse_source("tests/engine/x.hpp", ""),
    };
    Findings findings;
    check_listed(sample, findings);
    ASSERT_EQ(findings.size(), 2U) << listing(findings);
    EXPECT_EQ(findings[0].path, "engine/e.hpp");
    EXPECT_EQ(findings[1].path, "engine/b/d.cpp");
}

TEST(TidyTree, LoadingSeesHiddenProjectFilesButNoBuildFolder) {
    bool entry_command = false;
    for (const SourceFile& file : tree()) {
        EXPECT_FALSE(file.path.starts_with("build/")) << file.path;
        EXPECT_FALSE(file.path.starts_with(".git/")) << file.path;
        entry_command = entry_command || file.path == ".ci/run";
    }
    EXPECT_TRUE(entry_command);
}

}  // namespace
}  // namespace lockstep::tidy
