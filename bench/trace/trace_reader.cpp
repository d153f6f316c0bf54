#include "bench/trace/trace_reader.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "bench/trace/trace_builder.hpp"
#include "replay/import/csv_row.hpp"
#include "replay/import/input_file.hpp"
#include "replay/import/line_reader.hpp"

namespace lockstep::bench {
namespace {

using Address = std::array<std::uint8_t, 20>;

constexpr std::uint64_t kGasMax = 1'000'000'000'000;

std::optional<std::uint8_t> digit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint8_t>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<std::uint8_t>(c - 'a' + 10);
    }
    if (c >= 'A' && c <= 'F') {
        return static_cast<std::uint8_t>(c - 'A' + 10);
    }
    return std::nullopt;
}

/// Exactly N bytes as `0x` and two digits each.
template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> parse_bytes(std::string_view text) {
    if (text.size() != 2 + 2 * N || !text.starts_with("0x")) {
        return std::nullopt;
    }
    std::array<std::uint8_t, N> out{};
    for (std::size_t i = 0; i < N; ++i) {
        const auto high = digit(text[2 + 2 * i]);
        const auto low = digit(text[3 + 2 * i]);
        if (!high || !low) {
            return std::nullopt;
        }
        out[i] = static_cast<std::uint8_t>(*high << 4 | *low);
    }
    return out;
}

/// `0x` and 1 to 64 digits.
std::optional<Word256> parse_hexadecimal(std::string_view text) {
    if (!text.starts_with("0x") || text.size() < 3 || text.size() > 66) {
        return std::nullopt;
    }
    Word256 out;
    for (const char c : text.substr(2)) {
        const auto value = digit(c);
        if (!value) {
            return std::nullopt;
        }
        for (std::size_t word = 3; word > 0; --word) {
            out.words[word] = out.words[word] << 4 | out.words[word - 1] >> 60;
        }
        out.words[0] = out.words[0] << 4 | *value;
    }
    return out;
}

std::optional<Word256> parse_decimal_word(std::string_view text) {
    Int128 out = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || __builtin_mul_overflow(out, Int128{10}, &out) ||
            __builtin_add_overflow(out, Int128{c - '0'}, &out)) {
            return std::nullopt;
        }
    }
    return text.empty() ? std::nullopt : std::optional(Word256::of(out));
}

/// Calls `visit(row, columns)` for every row of a file with a header; `columns` are the places of
/// `names`.
template <class Visit>
Result<void, Error> for_each_row(const std::string& path,
                                 const std::vector<std::string_view>& names, Visit&& visit) {
    const Result<InputFile, Error> file = InputFile::open(path);
    if (!file) {
        return failure(file.error());
    }
    for (const InputMember& member : file->members()) {
        Result<LineReader, Error> reader = LineReader::open(*file, member);
        if (!reader) {
            return failure(reader.error());
        }
        const Result<CsvHeader, Error> header = CsvHeader::read(*reader);
        if (!header) {
            return failure(header.error());
        }
        const auto columns = header->locate(*reader, names);
        if (!columns) {
            return failure(columns.error());
        }
        CsvRow row;
        for (;;) {
            const auto line = reader->next();
            if (!line) {
                return failure(line.error());
            }
            if (!*line) {
                break;
            }
            if (auto split = row.split(*reader, **line, header->columns()); !split) {
                return failure(split.error());
            }
            if (auto visited = visit(row, *columns); !visited) {
                return failure(reader->locate(visited.error()));
            }
        }
    }
    return {};
}

/// What the first file tells of a transaction.
struct TxnRow {
    std::uint64_t gas = 0;
    Address beneficiary{};
    bool pays_beneficiary_only = true;
};
using TxnRows = std::map<std::uint64_t, std::vector<TxnRow>>;  // by block

Result<TxnRows, Error> read_transactions(const std::string& path) {
    enum Column : std::uint8_t { kBlock, kTx, kSender, kTo, kGas, kBeneficiary };
    TxnRows rows;
    const auto read = for_each_row(
        path, {"block", "tx", "sender", "to", "gas_used", "beneficiary"},
        [&](const CsvRow& row, const std::vector<std::size_t>& at) -> Result<void, Error> {
            const auto block = row.number(at[kBlock]);
            const auto index = row.number(at[kTx]);
            const auto gas = row.number(at[kGas]);
            if (!block || !index || !gas) {
                return failure(!block ? block.error() : !index ? index.error() : gas.error());
            }
            const auto sender = parse_bytes<20>(row.text(at[kSender]));
            const auto to = parse_bytes<20>(row.text(at[kTo]));
            const auto beneficiary = parse_bytes<20>(row.text(at[kBeneficiary]));
            if (!sender) {
                return failure(row.error(at[kSender], "is not an address"));
            }
            if (!to && !row.text(at[kTo]).empty()) {
                return failure(row.error(at[kTo], "is not an address"));
            }
            if (!beneficiary) {
                return failure(row.error(at[kBeneficiary], "is not an address"));
            }
            if (*gas > kGasMax) {
                return failure(row.error(at[kGas], "is no amount of gas"));
            }
            std::vector<TxnRow>& block_rows = rows[*block];
            if (*index != block_rows.size()) {
                return failure(
                    row.error(at[kTx], "is not the next transaction of its block, number " +
                                           std::to_string(block_rows.size())));
            }
            if (!block_rows.empty() && block_rows.front().beneficiary != *beneficiary) {
                return failure(row.error(at[kBeneficiary], "is another one within the block"));
            }
            block_rows.push_back(
                {.gas = *gas,
                 .beneficiary = *beneficiary,
                 .pays_beneficiary_only = *sender != *beneficiary && to != beneficiary});
            return {};
        });
    if (!read) {
        return failure(read.error());
    }
    return rows;
}

enum AccessColumn : std::uint8_t { kBlock, kTx, kKind, kAddress, kKey, kIsWrite, kStart, kEnd };

Result<TraceKey, Error> key_of(const CsvRow& row, const std::vector<std::size_t>& at) {
    TraceKey key;
    const std::string_view kind = row.text(at[kKind]);
    if (kind == "bal") {
        key.kind = TraceKind::kBalance;
    } else if (kind == "nonce") {
        key.kind = TraceKind::kNonce;
    } else if (kind == "stor") {
        key.kind = TraceKind::kStorage;
    } else {
        return failure(row.error(at[kKind], "is not bal, nonce or stor"));
    }
    const auto address = parse_bytes<20>(row.text(at[kAddress]));
    if (!address) {
        return failure(row.error(at[kAddress], "is not an address"));
    }
    key.address = *address;
    if (key.kind == TraceKind::kStorage) {
        const auto slot = parse_bytes<32>(row.text(at[kKey]));
        if (!slot) {
            return failure(row.error(at[kKey], "is not a storage slot"));
        }
        key.slot = *slot;
    } else if (!row.text(at[kKey]).empty()) {
        return failure(row.error(at[kKey], "is set, though only storage has keys"));
    }
    return key;
}

Result<TraceAccess, Error> access_of(const CsvRow& row, const std::vector<std::size_t>& at) {
    const auto key = key_of(row, at);
    if (!key) {
        return failure(key.error());
    }
    const auto value = [&](std::size_t column) {
        return key->kind == TraceKind::kStorage ? parse_hexadecimal(row.text(column))
                                                : parse_decimal_word(row.text(column));
    };
    TraceAccess access{.key = *key};
    const std::string_view is_write = row.text(at[kIsWrite]);
    if (is_write != "0" && is_write != "1") {
        return failure(row.error(at[kIsWrite], "is neither 0 nor 1"));
    }
    access.writes = is_write == "1";
    const auto start = value(at[kStart]);
    if (!start) {
        return failure(row.error(at[kStart], "is no value"));
    }
    access.start = *start;
    if (access.writes) {
        const auto end = value(at[kEnd]);
        if (!end) {
            return failure(row.error(at[kEnd], "is no value"));
        }
        access.end = *end;
    }
    return access;
}

/// Puts the rows of the second file into the blocks.
class AccessRows {
  public:
    explicit AccessRows(const TxnRows& transactions) : transactions_(transactions) {}

    Result<void, Error> take(const CsvRow& row, const std::vector<std::size_t>& at) {
        const auto number = row.number(at[kBlock]);
        if (!number) {
            return failure(number.error());
        }
        if (builder_.trace().blocks.empty() || *number != builder_.trace().blocks.back().number) {
            if (auto opened = open_blocks(*number); !opened) {
                return failure(row.error(at[kBlock], opened.error().message));
            }
        }
        TraceBlock& block = builder_.trace().blocks.back();
        std::vector<TraceAccess>* list = &block.epilogue;
        if (row.text(at[kTx]) != "-1") {
            const auto index = row.number(at[kTx]);
            if (!index) {
                return failure(index.error());
            }
            if (*index >= block.transactions.size()) {
                return failure(row.error(at[kTx], "is not in the file of transactions"));
            }
            if (*index < last_index_ || !block.epilogue.empty()) {
                return failure(row.error(at[kTx], "stands behind a later one"));
            }
            last_index_ = *index;
            list = &block.transactions[*index].accesses;
        }
        const auto access = access_of(row, at);
        if (!access) {
            return failure(access.error());
        }
        if (!builder_.take(*list, *access)) {
            return failure(row.error(at[kStart], "is not the value that the trace left there"));
        }
        return {};
    }
    /// Appends the blocks without any access, and gives up the trace.
    Result<Trace, Error> finish() {
        if (auto opened = open_blocks(std::nullopt); !opened) {
            return failure(opened.error());
        }
        return builder_.finish();
    }

  private:
    /// Opens the blocks up to `number`, all of them when there is none.
    Result<void, Error> open_blocks(std::optional<std::uint64_t> number) {
        const std::vector<TraceBlock>& blocks = builder_.trace().blocks;
        auto next = blocks.empty() ? transactions_.begin()
                                   : transactions_.upper_bound(blocks.back().number);
        if (number && !blocks.empty() && *number < blocks.back().number) {
            return failure(bad_trace("stands behind a later block"));
        }
        for (; next != transactions_.end() && (!number || next->first <= *number); ++next) {
            TraceBlock& block = open_block(next->first);
            block.beneficiary = next->second.front().beneficiary;
            for (const TxnRow& txn : next->second) {
                block.transactions.push_back(
                    {.gas = txn.gas, .pays_beneficiary_only = txn.pays_beneficiary_only});
            }
        }
        if (number && (blocks.empty() || blocks.back().number != *number)) {
            open_block(*number);  // without transactions: an epilogue is all that it has
        }
        last_index_ = 0;
        return {};
    }
    TraceBlock& open_block(std::uint64_t number) {
        const std::vector<TraceBlock>& blocks = builder_.trace().blocks;
        return builder_.begin_block(number, !blocks.empty() && number == blocks.back().number + 1);
    }
    static Error bad_trace(std::string reason) {
        return {.code = ErrorCode::kCorrupt, .message = std::move(reason)};
    }

    const TxnRows& transactions_;
    TraceBuilder builder_;
    std::uint64_t last_index_ = 0;
};

}  // namespace

std::vector<TraceFiles> find_traces(const std::filesystem::path& folder) {
    std::vector<TraceFiles> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const std::size_t at = name.find("_txs.csv");
        if (at == std::string::npos) {
            continue;
        }
        for (const char* suffix : {"_access.csv.gz", "_access.csv"}) {
            const auto accesses = folder / (name.substr(0, at) + suffix);
            if (std::filesystem::exists(accesses)) {
                out.push_back(
                    {.transactions = entry.path().string(), .accesses = accesses.string()});
                break;
            }
        }
    }
    std::sort(out.begin(), out.end(), [](const TraceFiles& a, const TraceFiles& b) {
        return a.transactions < b.transactions;
    });
    return out;
}

Result<Trace, Error> read_trace(const TraceFiles& files) {
    const Result<TxnRows, Error> transactions = read_transactions(files.transactions);
    if (!transactions) {
        return failure(transactions.error());
    }
    AccessRows rows(*transactions);
    const auto read = for_each_row(
        files.accesses, {"block", "tx", "kind", "address", "key", "is_write", "start", "end"},
        [&](const CsvRow& row, const std::vector<std::size_t>& at) { return rows.take(row, at); });
    if (!read) {
        return failure(read.error());
    }
    Result<Trace, Error> trace = rows.finish();
    if (trace && trace->blocks.empty()) {
        return failure(Error{.code = ErrorCode::kCorrupt,
                             .message = "there is no block",
                             .file = files.transactions});
    }
    if (trace) {
        trace->source = files.accesses;
    }
    return trace;
}

}  // namespace lockstep::bench
