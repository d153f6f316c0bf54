#include <algorithm>
#include <limits>

#include "replay/bundle/bundle_file.hpp"

namespace lockstep {
namespace {

using Details = ExecutionDetails<Venue>;

void put(ByteWriter& out, const std::optional<Cell>& cell) {
    out.put(cell.has_value());
    if (cell) {
        out.put_bytes(cell->bytes());
    }
}

void put(ByteWriter& out, const RunInfo& run) {
    for (const std::string* text :
         {&run.version, &run.compiler, &run.library, &run.processor, &run.options, &run.executor}) {
        out.put_text(*text);
    }
    out.put(run.workers);
}

void put(ByteWriter& out, const std::vector<Digest>& digests) {
    out.put(static_cast<std::uint32_t>(digests.size()));
    for (const Digest& digest : digests) {
        put(out, digest);
    }
}

void put(ByteWriter& out, const DigestRecord& record) {
    out.put(record.height);
    out.put(record.transactions);
    put(out, record.input);
    put(out, record.block);
    put(out, record.state);
    put(out, record.modules);
    out.put(record.effects.has_value());
    if (record.effects) {
        put(out, record.effects->begin);
        put(out, record.effects->transactions);
        put(out, record.effects->end);
    }
}

void put(ByteWriter& out, const Details& details) {
    out.put(details.disposition);
    out.put(details.status);
    out.put(details.weight);
    out.put(static_cast<std::uint32_t>(details.looks.size()));
    for (const Look<Venue>& look : details.looks) {
        out.put(look.kind);
        look.key.encode(out);
        out.put(look.amount);
        out.put(look.answer);
        put(out, look.before);
    }
    out.put(static_cast<std::uint32_t>(details.changes.size()));
    for (const Change<Venue>& change : details.changes) {
        out.put(change.kind);
        change.key.encode(out);
        out.put(change.amount);
        put(out, change.after);
    }
    out.put_bytes(details.events);
}

/// Decodes in the order of encoding; `ok` turns false for good at the first thing that is wrong.
class BundleDecoder {
  public:
    explicit BundleDecoder(std::span<const std::byte> payload) : in_(payload) {}

    [[nodiscard]] bool ok() const { return ok_ && in_.ok(); }
    [[nodiscard]] bool done() const { return ok() && in_.remaining() == 0; }
    void require(bool condition) { ok_ = ok_ && condition; }

    template <class T>
    T get() {
        return in_.get<T>();
    }
    bool flag() {
        const auto value = in_.get<std::uint8_t>();
        require(value <= 1);
        return value == 1;
    }
    /// A count of things of at least `size` bytes each, which must be there.
    std::uint32_t count(std::size_t size) {
        const auto value = in_.get<std::uint32_t>();
        require(value <= in_.remaining() / size);
        return ok() ? value : 0;
    }
    template <class Enum>
    Enum kind(Enum first, Enum last) {
        const auto value = in_.get<std::uint8_t>();
        require(value >= static_cast<std::uint8_t>(first) &&
                value <= static_cast<std::uint8_t>(last));
        return static_cast<Enum>(value);
    }
    std::span<const std::byte> bytes() { return in_.get_bytes(); }
    std::string text() { return in_.get_text(); }
    Digest digest() { return get_digest(in_); }
    std::vector<Digest> digests() {
        std::vector<Digest> out(count(sizeof(Digest)));
        for (Digest& digest_out : out) {
            digest_out = digest();
        }
        return out;
    }
    StateKey key() {
        const auto tag = in_.get<std::uint64_t>();
        const auto owner = in_.get<std::uint64_t>();
        return StateKey::from_words(tag, owner);
    }
    std::optional<Cell> cell() {
        if (!flag()) {
            return std::nullopt;
        }
        const std::span<const std::byte> raw = in_.get_bytes();
        require(raw.size() <= Cell::kCapacity);
        return Cell::of_bytes(raw.first(std::min(raw.size(), Cell::kCapacity)));
    }
    Int128 number() { return in_.get_int128(); }

    RunInfo run() {
        RunInfo out;
        for (std::string* text_out : {&out.version, &out.compiler, &out.library, &out.processor,
                                      &out.options, &out.executor}) {
            *text_out = text();
        }
        out.workers = in_.get<std::uint32_t>();
        return out;
    }
    DigestRecord record(std::uint64_t height, std::uint64_t transactions, std::size_t modules) {
        DigestRecord out;
        out.height = in_.get<std::uint64_t>();
        out.transactions = in_.get<std::uint64_t>();
        out.input = digest();
        out.block = digest();
        out.state = digest();
        out.modules = digests();
        require(out.height == height && out.transactions == transactions &&
                out.modules.size() == modules);
        if (flag()) {
            BlockEffects& effects = out.effects.emplace();
            effects.begin = digest();
            effects.transactions = digests();
            effects.end = digest();
            require(effects.transactions.size() == transactions);
        }
        return out;
    }
    Details details() {
        Details out;
        out.disposition = kind(Disposition::kExecuted, Disposition::kFaulted);
        out.status = in_.get<std::uint16_t>();
        out.weight = in_.get<std::uint64_t>();
        const std::uint32_t looks = count(kLookMin);
        for (std::uint32_t i = 0; i < looks && ok(); ++i) {
            Look<Venue>& look = out.looks.emplace_back();
            look.kind = kind(LookKind::kRead, LookKind::kAdd);
            look.key = key();
            look.amount = number();
            look.answer = flag();
            look.before = cell();
        }
        const std::uint32_t changes = count(kChangeMin);
        for (std::uint32_t i = 0; i < changes && ok(); ++i) {
            Change<Venue>& change = out.changes.emplace_back();
            change.kind = kind(ChangeKind::kWrite, ChangeKind::kAdd);
            change.key = key();
            change.amount = number();
            change.after = cell();
            require((change.kind == ChangeKind::kErase) == !change.after);
            require(i == 0 || out.changes[i - 1].key < change.key);
        }
        const auto events = bytes();
        out.events.assign(events.begin(), events.end());
        return out;
    }
    BlockDetails<Venue> block_details(std::size_t transactions) {
        BlockDetails<Venue> out;
        out.begin = details();
        for (std::size_t i = 0; i < transactions && ok(); ++i) {
            out.transactions.push_back(details());
        }
        out.end = details();
        return out;
    }

  private:
    static constexpr std::size_t kLookMin = 1 + 16 + 16 + 1 + 1;
    static constexpr std::size_t kChangeMin = 1 + 16 + 16 + 1;

    ByteReader in_;
    bool ok_ = true;
};

constexpr std::size_t kCellMin = 16 + 1;
constexpr std::size_t kSideMin = 6 * 4 + 4 + 8 + 8 + 3 * 16 + 4 + 1 + 1;

Error corrupt(std::string message) {
    return {.code = ErrorCode::kCorrupt, .message = std::move(message)};
}

void decode_basis(BundleDecoder& in, BundleBlock& out, std::size_t modules) {
    out.input = in.digest();
    out.basis.previous_block = in.digest();
    out.basis.state = in.digest();
    out.basis.modules = in.digests();
    in.require(out.basis.modules.size() == modules);
    const std::uint32_t cells = in.count(kCellMin);
    for (std::uint32_t i = 0; i < cells && in.ok(); ++i) {
        const StateKey key = in.key();
        in.require(out.basis.cells.empty() || out.basis.cells.rbegin()->first < key);
        out.basis.cells.emplace_hint(out.basis.cells.end(), key, in.cell());
    }
}

}  // namespace

Result<std::vector<std::byte>, Error> encode_bundle_block(const BundleBlock& block) {
    const auto payload = encode_block(block.block);
    if (!payload) {
        return failure(payload.error());
    }
    ByteWriter out;
    out.put_bytes(*payload);
    put(out, block.input);
    put(out, block.basis.previous_block);
    put(out, block.basis.state);
    put(out, block.basis.modules);
    out.put(static_cast<std::uint32_t>(block.basis.cells.size()));
    for (const auto& [key, cell] : block.basis.cells) {
        key.encode(out);
        put(out, cell);
    }
    out.put(static_cast<std::uint32_t>(block.sides.size()));
    for (const BundleSide& side : block.sides) {
        put(out, side.run);
        put(out, side.digests);
        out.put(side.details.has_value());
        if (side.details) {
            put(out, side.details->begin);
            for (const Details& details : side.details->transactions) {
                put(out, details);
            }
            put(out, side.details->end);
        }
    }
    return std::vector<std::byte>(out.bytes().begin(), out.bytes().end());
}

Result<BundleBlock, Error> decode_bundle_block(std::span<const std::byte> payload,
                                               std::size_t modules) {
    BundleDecoder in(payload);
    auto block = decode_block(in.bytes());
    if (!block) {
        return failure(std::move(block.error()));
    }
    BundleBlock out{.block = std::move(*block), .input = {}, .basis = {}, .sides = {}};
    const std::size_t transactions = out.block.transactions.size();
    decode_basis(in, out, modules);
    const std::uint32_t sides = in.count(kSideMin);
    in.require(sides <= kBundleSidesMax);
    for (std::uint32_t i = 0; i < sides && in.ok(); ++i) {
        BundleSide& side = out.sides.emplace_back();
        side.run = in.run();
        side.digests = in.record(out.block.header.height, transactions, modules);
        if (in.flag() && in.ok()) {
            side.details = in.block_details(transactions);
        }
    }
    if (!in.done()) {
        return failure(corrupt("a block of the bundle is malformed"));
    }
    return out;
}

}  // namespace lockstep
