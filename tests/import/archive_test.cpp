#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <thread>

#include "replay/import/input_file.hpp"
#include "tests/import/sample_folder.hpp"

namespace lockstep {
namespace {

using test::SampleFolder;

/// An archive with these members; `format` and `filter` are numbers of libarchive.
std::string pack(const std::vector<std::pair<std::string, std::string>>& members, int format,
                 int filter) {
    archive* const out = archive_write_new();
    archive_write_set_format(out, format);
    archive_write_add_filter(out, filter);
    archive_write_set_bytes_per_block(out, 0);
    std::string buffer(1'000'000, '\0');
    std::size_t used = 0;
    EXPECT_EQ(archive_write_open_memory(out, buffer.data(), buffer.size(), &used), ARCHIVE_OK);
    for (const auto& [name, content] : members) {
        archive_entry* const entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        EXPECT_EQ(archive_write_header(out, entry), ARCHIVE_OK) << archive_error_string(out);
        archive_write_data(out, content.data(), content.size());
        archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);
    buffer.resize(used);
    return buffer;
}

std::string fault_of(const Error& error) {
    return (error.code == ErrorCode::kCorrupt ? "corrupt: " : "error: ") + error.describe();
}

std::string content_of(const InputFile& file, const InputMember& member) {
    const auto source = file.open_member(member);
    if (!source) {
        return fault_of(source.error());
    }
    std::string out;
    std::array<std::byte, 1000> buffer{};
    while (true) {
        const auto count = (*source)->read(buffer);
        if (!count) {
            return fault_of(count.error());
        }
        for (std::size_t i = 0; i < *count; ++i) {
            out.push_back(static_cast<char>(buffer[i]));
        }
        if (*count < buffer.size()) {
            return out;
        }
    }
}

constexpr std::array kFilters = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
                                 ARCHIVE_FILTER_XZ,   ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4};

std::string long_text() {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        text += std::to_string(i * 7919) + ",";
    }
    return text;
}

TEST(InputFile, EveryCompressionIsReadWhateverTheNameOfTheFile) {
    const SampleFolder folder;
    for (const int filter : kFilters) {
        const auto file = InputFile::open(
            folder.add("data", pack({{"data", long_text()}}, ARCHIVE_FORMAT_RAW, filter)));
        ASSERT_TRUE(file.has_value()) << filter << file.error().describe();
        ASSERT_EQ(file->members().size(), 1U);
        EXPECT_EQ(content_of(*file, file->members()[0]), long_text()) << filter;
        EXPECT_EQ(content_of(*file, file->members()[0]), long_text()) << "a second time";
    }
}

TEST(InputFile, ArchivesOfEveryCompressionGiveTheirDataFiles) {
    const SampleFolder folder;
    const std::string packed = pack({{"x", long_text()}}, ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_GZIP);
    for (const int format : {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_ZIP}) {
        for (const int filter : kFilters) {
            const auto file = InputFile::open(folder.add("data", pack({{"README.md", "x"},
                                                                       {"day/a.csv", "one"},
                                                                       {"day/.hidden", "x"},
                                                                       {"b.csv.gz", packed},
                                                                       {"SHA256.checksums", "x"}},
                                                                      format, filter)));
            ASSERT_TRUE(file.has_value()) << format << ' ' << filter << file.error().describe();
            ASSERT_EQ(file->members().size(), 2U);
            EXPECT_EQ(file->members()[0].name, "day/a.csv");
            EXPECT_EQ(content_of(*file, file->members()[0]), "one");
            EXPECT_EQ(file->members()[1].name, "b.csv");
            EXPECT_EQ(content_of(*file, file->members()[1]), long_text());
            EXPECT_EQ(file->left_out(),
                      (std::vector<std::string>{"README.md", "day/.hidden", "SHA256.checksums"}));
        }
    }
}

TEST(InputFile, EveryCutOfACompressedFileIsAnError) {
    const SampleFolder folder;
    for (const int filter : kFilters) {
        if (filter == ARCHIVE_FILTER_NONE) {
            continue;
        }
        const std::string whole = pack({{"d", long_text()}}, ARCHIVE_FORMAT_RAW, filter);
        for (std::size_t keep = 20; keep < whole.size(); keep += whole.size() / 7) {
            const auto file = InputFile::open(folder.add("data", whole.substr(0, keep)));
            const std::string content =
                file ? content_of(*file, file->members()[0]) : fault_of(file.error());
            EXPECT_EQ(content.find("corrupt: "), 0U) << filter << " cut at " << keep;
        }
    }
}

TEST(InputFile, APipeIsReadOnceAndCanBeReadAgain) {
    const SampleFolder folder;
    const std::string pipe = folder.path() + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::thread writer([&] {
        std::ofstream out(pipe, std::ios::binary);
        out << pack({{"a.csv", long_text()}, {"b.csv", "two"}}, ARCHIVE_FORMAT_ZIP,
                    ARCHIVE_FILTER_NONE);
    });
    const auto file = InputFile::open(pipe);
    writer.join();
    ASSERT_TRUE(file.has_value()) << file.error().describe();
    ASSERT_EQ(file->members().size(), 2U);
    for (int time = 0; time < 2; ++time) {
        EXPECT_EQ(content_of(*file, file->members()[0]), long_text());
        EXPECT_EQ(content_of(*file, file->members()[1]), "two");
    }
}

TEST(InputFile, FoldersAndDevicesAreRefused) {
    const SampleFolder folder;
    for (const std::string& path : {folder.path(), std::string("/dev/zero")}) {
        const auto file = InputFile::open(path);
        ASSERT_FALSE(file.has_value());
        EXPECT_EQ(file.error().code, ErrorCode::kEnvironment);
    }
    const auto empty = InputFile::open(folder.add("empty", ""));
    ASSERT_TRUE(empty.has_value());
    EXPECT_EQ(content_of(*empty, empty->members()[0]), "");
}

}  // namespace
}  // namespace lockstep
