#include "replay/import/input_file.hpp"

#include "replay/import/line_reader.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/zip_archive.hpp"

namespace lockstep::fuzz {
namespace {

/// More than any input of a fuzzer's size inflates to within its time.
constexpr std::size_t kReadMax = std::size_t{1} << 22;

/// The content of a member as far as it can be read.
std::string read_member(const InputFile& file, const InputMember& member) {
    std::string out;
    auto source = file.open_member(member);
    if (!source) {
        require(source.error().code == ErrorCode::kCorrupt, "bad bytes are called corrupt");
        return out;
    }
    Bytes buffer(1000);
    while (out.size() < kReadMax) {
        const auto count = (*source)->read(buffer);
        if (!count) {
            require(count.error().code == ErrorCode::kCorrupt, "bad bytes are called corrupt");
            break;
        }
        out.append(as_text(std::span(buffer).first(*count)));
        if (*count < buffer.size()) {
            break;
        }
    }
    return out;
}

/// Lines as the reader gives them; they must be those of the content.
void check_lines(const InputFile& file, const InputMember& member, std::string_view content) {
    auto reader = LineReader::open(file, member);
    if (!reader) {
        return;
    }
    for (std::uint64_t number = 1;; ++number) {
        const auto line = reader->next();
        if (!line) {
            require(line.error().code == ErrorCode::kCorrupt, "bad lines are called corrupt");
            return;
        }
        if (!*line) {
            return;
        }
        const LinePlace& place = reader->place();
        require(place.number == number, "lines are counted");
        require(place.offset >= kReadMax || content.substr(place.offset).starts_with(**line),
                "a line stands where the reader says");
    }
}

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    const std::string text = "one,two\r\nthree\n\nfour, \xc3\xa4";
    Bytes twice = gzip_stream(text);
    const Bytes more = gzip_stream("last");
    twice.insert(twice.end(), more.begin(), more.end());
    return {as_bytes(text), gzip_stream(text), twice,
            zip_archive({{"folder/", ""}, {"folder/a.csv", text}, {"b.csv", "x\n"}})};
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep;
    using namespace lockstep::fuzz;
    const MemoryFile memory(input_bytes(data, size));
    const auto file = InputFile::open(memory.path());
    if (!file) {
        require(file.error().code == ErrorCode::kCorrupt, "bad bytes are called corrupt");
        return 0;
    }
    require(!file->members().empty(), "an input has a member");
    for (const InputMember& member : file->members()) {
        const std::string content = read_member(*file, member);
        require(read_member(*file, member) == content, "a member reads the same twice");
        check_lines(*file, member, content);
    }
    return 0;
}
