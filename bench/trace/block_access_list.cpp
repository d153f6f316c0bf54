#include "bench/trace/block_access_list.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "bench/trace/rlp.hpp"
#include "bench/trace/trace_builder.hpp"

namespace lockstep::bench {
namespace {

constexpr std::uint64_t kIndexMax = 100'000;

Error not_a_list(std::string reason) {
    return {.code = ErrorCode::kCorrupt, .message = std::move(reason)};
}

struct Change {
    TraceKey key;
    Word256 value;
};
/// By transaction, in the order of the list.
using Changes = std::map<std::uint64_t, std::vector<Change>>;

/// A number of at most 32 bytes, most significant first.
std::optional<Word256> number_of(const RlpItem& item) {
    if (item.is_list || item.bytes.size() > 32) {
        return std::nullopt;
    }
    Word256 out;
    for (std::size_t i = 0; i < item.bytes.size(); ++i) {
        const std::size_t place = item.bytes.size() - 1 - i;
        out.words[i / 8] |= std::uint64_t{item.bytes[place]} << (8 * (i % 8));
    }
    return out;
}

Word256 digest_of_code(std::span<const std::uint8_t> code) {
    Word256 out{{code.size(), 0, 0, 0}};
    for (const std::uint8_t byte : code) {
        out.words[1] = mix64(out.words[1] ^ byte);
    }
    return out;
}

/// Takes [[index, value]] of one key.
Result<void, Error> take_changes(const RlpItem& list, const TraceKey& key, Changes& changes) {
    if (!list.is_list) {
        return failure(not_a_list("changes are not a list"));
    }
    std::optional<std::uint64_t> before;
    for (const RlpItem& change : list.items) {
        if (!change.is_list || change.items.size() != 2 || change.items[1].is_list) {
            return failure(not_a_list("a change is not a pair of index and value"));
        }
        const auto index = number_of(change.items[0]);
        if (!index || *index != Word256{{index->words[0], 0, 0, 0}} ||
            index->words[0] > kIndexMax) {
            return failure(not_a_list("an index is no number of a transaction"));
        }
        if (before && index->words[0] <= *before) {
            return failure(not_a_list("the indices of a key do not ascend"));
        }
        before = index->words[0];
        const bool is_code = key.kind == TraceKind::kCode;
        const auto value =
            is_code ? digest_of_code(change.items[1].bytes) : number_of(change.items[1]);
        if (!value) {
            return failure(not_a_list("a value is longer than 32 bytes"));
        }
        if (key.kind == TraceKind::kBalance && (value->words[2] | value->words[3]) != 0) {
            return failure(not_a_list("a balance is longer than 16 bytes"));
        }
        changes[*before].push_back({key, *value});
    }
    return {};
}

Result<void, Error> take_account(const RlpItem& account, Changes& changes) {
    constexpr std::size_t kFields = 6;
    if (!account.is_list || account.items.size() != kFields || account.items[0].is_list ||
        account.items[0].bytes.size() != 20) {
        return failure(not_a_list("an account is not a list of an address and five lists"));
    }
    TraceKey key;
    std::copy_n(account.items[0].bytes.begin(), key.address.size(), key.address.begin());
    key.kind = TraceKind::kStorage;
    if (!account.items[1].is_list || !account.items[2].is_list) {
        return failure(not_a_list("slots are not a list"));
    }
    for (const RlpItem& slot : account.items[1].items) {
        if (!slot.is_list || slot.items.size() != 2 || slot.items[0].is_list ||
            slot.items[0].bytes.size() > key.slot.size()) {
            return failure(not_a_list("a slot is not a pair of slot and changes"));
        }
        key.slot = {};
        std::copy_backward(slot.items[0].bytes.begin(), slot.items[0].bytes.end(), key.slot.end());
        if (auto taken = take_changes(slot.items[1], key, changes); !taken) {
            return taken;
        }
    }
    key.slot = {};
    constexpr TraceKind kKinds[] = {TraceKind::kBalance, TraceKind::kNonce, TraceKind::kCode};
    for (std::size_t i = 0; i < std::size(kKinds); ++i) {
        key.kind = kKinds[i];
        if (auto taken = take_changes(account.items[3 + i], key, changes); !taken) {
            return taken;
        }
    }
    return {};
}

Result<Changes, Error> read_changes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(in), {}};
    if (!in) {
        return failure(
            Error{.code = ErrorCode::kEnvironment, .message = "cannot be read", .file = path});
    }
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    const auto located = [&](Error error) {
        error.file = path;
        return failure(std::move(error));
    };
    const auto list = decode_rlp(bytes);
    if (!list) {
        return located(list.error());
    }
    if (!list->is_list) {
        return located(not_a_list("the item is not a list of accounts"));
    }
    Changes changes;
    for (const RlpItem& account : list->items) {
        if (auto taken = take_account(account, changes); !taken) {
            return located(taken.error());
        }
    }
    return changes;
}

/// The number that a file name begins with, else 0.
std::uint64_t block_number(const std::string& path) {
    const std::string name = std::filesystem::path(path).filename().string();
    std::uint64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number;
}

}  // namespace

std::vector<std::string> find_block_access_lists(const std::filesystem::path& folder) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".rlp") {
            out.push_back(entry.path().string());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

Result<Trace, Error> read_block_access_lists(const std::vector<std::string>& paths) {
    TraceBuilder builder;
    for (const std::string& path : paths) {
        const Result<Changes, Error> changes = read_changes(path);
        if (!changes) {
            return failure(changes.error());
        }
        TraceBlock& block = builder.begin_block(block_number(path), false);
        block.transactions.resize(changes->empty() ? 0 : changes->rbegin()->first + 1);
        for (TraceTxn& txn : block.transactions) {
            txn.gas = kGasOfUnknown;
        }
        for (const auto& [index, list] : *changes) {
            for (const Change& change : list) {
                const bool fits = builder.take(block.transactions[index].accesses,
                                               {.key = change.key,
                                                .writes = true,
                                                .start = builder.value_of(change.key),
                                                .end = change.value});
                if (!fits) {
                    return failure(Error{.code = ErrorCode::kCorrupt,
                                         .message = "a change does not follow on the one before",
                                         .file = path});
                }
            }
        }
    }
    return builder.finish();
}

}  // namespace lockstep::bench
