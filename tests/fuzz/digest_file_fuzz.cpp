#include <memory>

#include "replay/digest/digest_file.hpp"
#include "replay/digest/digest_text.hpp"
#include "replay/format/frame.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace lockstep::fuzz {
namespace {

/// Reads a file; true when it is whole.
bool read_digests(std::span<const std::byte> file) {
    auto reader = DigestReader::open(std::make_unique<MemorySource>(file));
    if (!reader) {
        return false;
    }
    for (std::optional<DigestRecord> last;;) {
        const auto record = reader->next();
        if (!record) {
            return false;
        }
        if (!*record) {
            return true;
        }
        const DigestRecord& found = **record;
        require(!first_difference(found, found, reader->header().modules),
                "a record agrees with itself");
        if (last) {
            require(found.height == last->height + 1, "heights are consecutive");
        }
        require(found.modules.size() == reader->header().modules.size(), "one sum per module");
        if (found.effects) {
            require(found.effects->transactions.size() == found.transactions,
                    "one effect digest per transaction");
        }
        last = found;
    }
}

/// Puts the right check behind every line.
std::string sealed(std::string_view lines) {
    std::string out;
    std::uint64_t check = 0;
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        const std::string_view line = lines.substr(0, end);
        check = check_of(std::as_bytes(std::span(line)), check);
        out.append(line).append(" ").append(to_hex(check)).append("\n");
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
    return out;
}

void check_texts(std::string_view text) {
    const auto unescaped = unescape_text(escape_text(text));
    require(unescaped && *unescaped == text, "escaping loses nothing");
    if (const auto number = parse_u64(text)) {
        require(std::to_string(*number) == text, "a number has one spelling");
    }
}

constexpr std::string_view kRecipe =
    "lockstep-digests 2\n"
    "chain a%20b\n"
    "genesis 000102030405060708090a0b0c0d0e0f\n"
    "log 000102030405060708090a0b0c0d0e0e\n"
    "modules 2 cash feeds_1\n"
    "block 1 2 00112233445566778899aabbccddee00 00112233445566778899aabbccddeeff "
    "ffeeddccbbaa99887766554433221100 effects\n"
    "sums cash ffeeddccbbaa99887766554433221101 feeds_1 ffeeddccbbaa99887766554433221102\n"
    "begin 00112233445566778899aabbccddeeff\n"
    "transactions 00112233445566778899aabbccddee00 00112233445566778899aabbccddee01\n"
    "finish 00112233445566778899aabbccddee02\n"
    "block 2 0 00112233445566778899aabbccddee00 00112233445566778899aabbccddee03 "
    "ffeeddccbbaa99887766554433221101\n"
    "sums feeds_1 ffeeddccbbaa99887766554433221105\n"
    "end 2 2\n";

constexpr std::string_view kShortRecipe =
    "lockstep-digests 2\nchain \ngenesis 000102030405060708090a0b0c0d0e0f\n"
    "log 000102030405060708090a0b0c0d0e0e\nmodules 0\nend 0 0\n";

}  // namespace

/// A first byte that is odd means a file as it is, an even one lines that still lack their checks.
std::vector<Bytes> fuzz_seeds() {
    return {as_bytes(std::string(1, '\0') + std::string(kRecipe)),
            as_bytes("\x01" + sealed(kRecipe)),
            as_bytes(std::string(1, '\0') + std::string(kShortRecipe)),
            as_bytes(std::string(1, '\0') + "18446744073709551615\n%0a%25")};
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    if (size == 0) {
        return 0;
    }
    const auto body = input_bytes(data, size).subspan(1);
    check_texts(as_text(body));
    if ((data[0] & 1U) != 0) {
        read_digests(body);
        return 0;
    }
    const std::string file = sealed(as_text(body));
    if (read_digests(std::as_bytes(std::span(file)))) {
        std::string damaged = file;
        damaged[size % damaged.size()] ^= 1;
        require(!read_digests(std::as_bytes(std::span(damaged))), "one flipped bit is seen");
        damaged.assign(file, 0, file.size() - 1 - size % file.size());
        require(!read_digests(std::as_bytes(std::span(damaged))), "a cut is seen");
    }
    return 0;
}
