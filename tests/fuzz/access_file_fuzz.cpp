#include <memory>
#include <optional>

#include "replay/format/access_codec.hpp"
#include "replay/format/access_file.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/sealed_frames.hpp"

namespace lockstep::fuzz {
namespace {

/// What an access list promises: keys ascend within a transaction, every access says something.
void check_list(const BlockAccesses& block) {
    for (std::size_t i = 0; i < block.list.size(); ++i) {
        const CellAccess<StateKey>* last = nullptr;
        for (const CellAccess<StateKey>& access : block.list.of(i)) {
            require(last == nullptr || last->key < access.key, "keys ascend");
            require(access.dependence != Dependence::kNone || access.effect != Effect::kNone,
                    "an access says something");
            require(access.dependence <= Dependence::kValue && access.effect <= Effect::kWrite,
                    "kinds exist");
            last = &access;
        }
    }
    const auto encoded = encode_block_accesses(block);
    require(encoded.has_value(), "what was decoded can be encoded");
    const auto again = decode_block_accesses(*encoded);
    require(again.has_value() && *again == block, "encoding loses nothing");
}

void check_payload(std::span<const std::byte> payload) {
    if (const auto block = decode_block_accesses(payload)) {
        require((block->list.total() + block->list.size()) * 4 <= payload.size() * 4 + 64,
                "memory is bounded by the payload");
        check_list(*block);
    }
    if (const auto header = decode_access_header(payload)) {
        const auto encoded = encode_access_header(*header);
        require(encoded.has_value(), "a decoded header can be encoded");
        const auto again = decode_access_header(*encoded);
        require(again.has_value() && *again == *header, "encoding a header loses nothing");
    }
}

bool read_accesses(std::span<const std::byte> file) {
    auto reader = AccessReader::open(std::make_unique<MemorySource>(file));
    if (!reader) {
        return false;
    }
    for (std::optional<std::uint64_t> last;;) {
        const auto block = reader->next();
        if (!block) {
            require(block.error().offset <= file.size(), "an error lies inside the file");
            return false;
        }
        if (!*block) {
            return true;
        }
        require(!last || (*block)->height == *last + 1, "heights are consecutive");
        last = (*block)->height;
        check_list(**block);
    }
}

}  // namespace

/// A first byte of 1 means a file as it is, 0 the recipe of sealed_file, 2 a payload.
std::vector<Bytes> fuzz_seeds() {
    const auto key = [](std::uint64_t i) { return cash_key(make_account(i), kNumeraire); };
    BlockAccesses block{.height = 7, .list = {}};
    block.list.append(std::vector<CellAccess<StateKey>>{
        {.key = key(1), .dependence = Dependence::kValue, .effect = Effect::kWrite},
        {.key = key(2), .dependence = Dependence::kPredicate, .effect = Effect::kAdd}});
    block.list.append(std::vector<CellAccess<StateKey>>{});
    block.list.append(std::vector<CellAccess<StateKey>>{{.key = key(2), .effect = Effect::kAdd}});
    const Bytes header = encode_access_header({.chain_id = "fuzz", .log = {}}).value();
    const Bytes payload = encode_block_accesses(block).value();
    ByteWriter recipe;
    recipe.put(std::uint8_t{0});
    put_recipe(recipe, FrameType::kAccessHeader, header);
    put_recipe(recipe, FrameType::kAccessBlock, payload);
    put_end_recipe(recipe, 1, 3);
    const Bytes sealed(recipe.bytes().begin(), recipe.bytes().end());
    Bytes raw = sealed_file(FuzzInput(std::span(sealed).subspan(1)));
    raw.insert(raw.begin(), std::byte{1});
    Bytes alone = payload;
    alone.insert(alone.begin(), std::byte{2});
    Bytes head = header;
    head.insert(head.begin(), std::byte{2});
    return {sealed, raw, alone, head};
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    FuzzInput in(input_bytes(data, size));
    switch (in.byte() % 3) {
        case 0: {
            const Bytes file = sealed_file(in);
            if (read_accesses(file)) {
                require(!read_accesses(std::span(file).first(file.size() - 1)), "a cut is seen");
            }
            break;
        }
        case 1:
            static_cast<void>(read_accesses(in.rest()));
            break;
        default:
            check_payload(in.rest());
            break;
    }
    return 0;
}
