#include <memory>
#include <optional>

#include "replay/format/log_reader.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/log_seeds.hpp"
#include "tests/fuzz/sealed_frames.hpp"

namespace lockstep::fuzz {
namespace {

/// What a reader made of a file.
struct Reading {
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
    bool whole = false;
    bool torn = false;
};

Reading read_log(std::span<const std::byte> file, bool allow_torn_tail) {
    Reading out;
    auto reader =
        LogReader::open(std::make_unique<MemorySource>(file), {.allow_torn_tail = allow_torn_tail});
    if (!reader) {
        return out;
    }
    for (std::optional<BlockHeader> last;;) {
        const auto block = reader->next();
        if (!block) {
            require(block.error().offset <= file.size(), "an error lies inside the file");
            break;
        }
        if (!*block) {
            out.whole = true;
            out.torn = reader->torn_tail().has_value();
            break;
        }
        const BlockHeader& header = (*block)->header;
        require(!last || (header.height == last->height + 1 && header.time_ms > last->time_ms),
                "heights and times rise");
        last = header;
        ++out.blocks;
        out.transactions += (*block)->transactions.size();
    }
    require(reader->blocks() == out.blocks && reader->transactions() == out.transactions,
            "the reader counts what it returns");
    return out;
}

void check_file(std::span<const std::byte> file) {
    const Reading strict = read_log(file, false);
    const Reading lenient = read_log(file, true);
    require(lenient.blocks == strict.blocks && lenient.transactions == strict.transactions,
            "a torn tail costs no block");
    require(!strict.torn, "a torn tail is an error unless it is allowed");
    require(strict.whole == (lenient.whole && !lenient.torn), "only a torn tail can be allowed");
    if (strict.whole) {
        require(!read_log(file.first(file.size() - 1), false).whole, "a cut is seen");
    }
}

}  // namespace

/// A first byte that is odd means a file as it is, an even one the recipe of sealed_file.
std::vector<Bytes> fuzz_seeds() {
    ByteWriter recipe;
    recipe.put(std::uint8_t{0});
    put_recipe(recipe, FrameType::kLogHeader, encode_log_header(seed_header()).value());
    std::uint64_t transactions = 0;
    std::uint64_t height = 0;
    for (LogBlock& block : seed_blocks()) {
        block.header = {.height = ++height, .time_ms = static_cast<std::int64_t>(height)};
        if (height <= 3) {
            put_recipe(recipe, FrameType::kBlock, encode_block(block).value());
            transactions += block.transactions.size();
        }
    }
    put_end_recipe(recipe, 3, transactions);
    const Bytes sealed(recipe.bytes().begin(), recipe.bytes().end());
    Bytes raw = sealed_file(FuzzInput(std::span(sealed).subspan(1)));
    raw.insert(raw.begin(), std::byte{1});
    return {sealed, raw};
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    FuzzInput in(input_bytes(data, size));
    if (in.flag()) {
        check_file(in.rest());
    } else {
        check_file(sealed_file(in));
    }
    return 0;
}
