#include <gtest/gtest.h>

#include "replay/import/csv_row.hpp"
#include "replay/import/line_reader.hpp"
#include "tests/import/temporary_file.hpp"

namespace lockstep {
namespace {

using test::gzip;
using test::TemporaryFile;

LineReader reader_of(const std::string& path, std::size_t most = LineReader::kLineBytesMax) {
    const auto file = InputFile::open(path);
    EXPECT_TRUE(file.has_value());
    auto source = file->open_member(file->members().front());
    EXPECT_TRUE(source.has_value());
    return LineReader(std::move(*source), most);
}

std::vector<std::string> lines_of(LineReader reader) {
    std::vector<std::string> lines;
    while (true) {
        const auto line = reader.next();
        if (!line) {
            lines.push_back("error: " + line.error().describe());
            return lines;
        }
        if (!*line) {
            return lines;
        }
        lines.emplace_back(**line);
    }
}

TEST(LineReader, SplitsPlainAndCompressedFilesAlike) {
    const std::string text = "one\r\n\ntwo\nthree";
    const TemporaryFile plain("plain", text);
    const TemporaryFile packed("packed", gzip(text.substr(0, 6)) + gzip(text.substr(6)));
    const std::vector<std::string> expected = {"one", "", "two", "three"};
    EXPECT_EQ(lines_of(reader_of(plain.path())), expected);
    EXPECT_EQ(lines_of(reader_of(packed.path())), expected);
}

TEST(LineReader, NamesPlaceOfLongLinesAndBadBytes) {
    const TemporaryFile longer("longer", "short\n" + std::string(5000, 'x') + "\n");
    const auto lines = lines_of(reader_of(longer.path(), 4000));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_NE(lines[1].find("offset 6: line 2: longer than 4000 bytes"), std::string::npos);

    const TemporaryFile broken("broken", "fine\nb\xff\n");
    EXPECT_NE(lines_of(reader_of(broken.path()))[1].find("line 2: not UTF-8"), std::string::npos);
    const TemporaryFile zero("zero", std::string_view("a\0b\n", 4));
    EXPECT_NE(lines_of(reader_of(zero.path()))[0].find("NUL"), std::string::npos);
}

TEST(InputFile, DamagedCompressionIsCorrupt) {
    const std::string whole = gzip(std::string(100'000, 'a') + "\nend\n");
    const TemporaryFile cut("cut", std::string_view(whole).substr(0, whole.size() - 4));
    EXPECT_NE(lines_of(reader_of(cut.path())).back().find("end too early"), std::string::npos);

    std::string flipped = whole;
    flipped[flipped.size() - 6] ^= 1;  // in the checksum
    const TemporaryFile damaged("damaged", flipped);
    EXPECT_NE(lines_of(reader_of(damaged.path())).back().find("damaged"), std::string::npos);

    const TemporaryFile zip("zip", std::string_view("PK\x03\x04 is no archive", 19));
    const auto opened = InputFile::open(zip.path());
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
    EXPECT_FALSE(InputFile::open("/nonexistent/file").has_value());
}

TEST(CsvRow, ReadsQuotedAndGroupedNumbers) {
    const TemporaryFile file("csv", "a,\"1,234.5\",\"12,34\",\n");
    LineReader reader = reader_of(file.path());
    const auto line = reader.next();
    ASSERT_TRUE(line && *line);
    CsvRow row;
    ASSERT_TRUE(row.split(reader, **line, 4));
    EXPECT_EQ(row.grouped_decimal(1).value(), (Decimal{12345, 1}));
    EXPECT_FALSE(row.decimal(1).has_value());
    EXPECT_FALSE(row.grouped_decimal(2).has_value());
    EXPECT_EQ(row.text(3), "");
    EXPECT_NE(row.decimal(0).error().describe().find("column 1 'a' is not a number"),
              std::string::npos);
    EXPECT_FALSE(row.split(reader, "a,b", 4).has_value());
    EXPECT_FALSE(row.split(reader, "a,\"b,c,d", 4).has_value());
    EXPECT_FALSE(row.split(reader, "a,\"b\"x,c,d", 4).has_value());
}

}  // namespace
}  // namespace lockstep
