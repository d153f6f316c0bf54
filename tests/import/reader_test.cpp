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

TEST(LineReader, ByteOrderMarkIsNoPartOfTheFirstLine) {
    const TemporaryFile marked("marked", "\xef\xbb\xbfone\n\xef\xbb\xbftwo\n");
    LineReader reader = reader_of(marked.path());
    EXPECT_EQ(**reader.next(), "one");
    EXPECT_EQ(reader.place().offset, 3U);
    EXPECT_EQ(**reader.next(), "\xef\xbb\xbftwo");
}

TEST(CsvRow, FieldsMayBeQuoted) {
    const TemporaryFile file("csv", "a,\"1,234.5\",\"say \"\"so\"\"\",\"\"\"\",\n");
    LineReader reader = reader_of(file.path());
    const auto line = reader.next();
    ASSERT_TRUE(line && *line);
    CsvRow row;
    ASSERT_TRUE(row.split(reader, **line, 5));
    EXPECT_EQ(row.text(1), "1,234.5");
    EXPECT_EQ(row.text(2), "say \"so\"");
    EXPECT_EQ(row.text(3), "\"");
    EXPECT_EQ(row.text(4), "");
    EXPECT_NE(row.number(0).error().describe().find("column 1 'a' is not a number"),
              std::string::npos);
    EXPECT_FALSE(row.split(reader, "a,b", 5).has_value());
    for (const char* bad : {"a,\"b,c,d", "a,\"b\"x,c,d", "a,b\"c,d", "\"a\"\"", "\""}) {
        EXPECT_FALSE(row.split_at(reader, bad, ',').has_value()) << bad;
    }
    ASSERT_TRUE(row.split_at(reader, "a;b,c", ';'));
    EXPECT_EQ(row.fields().size(), 2U);
}

TEST(CsvRow, DigitsMayBeGrouped) {
    const auto value = [](std::string_view text) { return parse_grouped_decimal(text); };
    EXPECT_EQ(value("1,234.5").value(), (Decimal{12345, 1}));
    EXPECT_EQ(value("1,00,000").value(), (Decimal{100000, 0}));
    EXPECT_EQ(value("12,34,567.25").value(), (Decimal{123456725, 2}));
    EXPECT_EQ(value("-1,234,567").value(), (Decimal{-1234567, 0}));
    for (const char* bad : {"12,34", "1,2345", ",123", "1,", "1,23,4567", "1234,567",
                            "1,234,56,789", "1.2,345", "1,,234", "100,00,000"}) {
        EXPECT_FALSE(value(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace lockstep
