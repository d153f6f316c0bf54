// Runs blocks that come as JSON, one a line, through the serial executor, and answers each with a
// line of JSON: receipts, events, and the cells that the block changed. Knows no layout of a cell
// or an event: their bytes go out as they are, in hexadecimal.
//
//   run_blocks <log.fbs>           the table Block of the log format, as FlatBuffers writes JSON
//   run_blocks <log.fbs> <log>     prints the blocks of a log in that form, and runs nothing
//
// A line that is no block ends the program with exit code 1 and a message.

#include <flatbuffers/idl.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "engine/base/digest.hpp"
#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/format/log_reader.hpp"

namespace lockstep {
namespace {

void put_hex(std::string& out, std::span<const std::byte> bytes) {
    out += '"' + hex_of(bytes) + '"';
}

void put_events(std::string& out, std::span<const std::byte> encoded) {
    out += '[';
    bool first = true;
    for_each_event(encoded, [&](std::uint16_t type, std::span<const std::byte> bytes) {
        out += (first ? "[" : ",[") + std::to_string(type) + ',';
        put_hex(out, bytes);
        out += ']';
        first = false;
    });
    out += ']';
}

/// Begin phase, transactions, end phase: one after the other in BlockResult::events. Where there is
/// no transaction, all events count as those of the begin phase.
void put_result(std::string& out, const BlockResult& result) {
    const std::span<const std::byte> events(result.events);
    const std::size_t begin =
        result.receipts.empty() ? events.size() : result.receipts.front().events_begin;
    const std::size_t end =
        result.receipts.empty() ? events.size() : result.receipts.back().events_end;
    out += "\"begin\":";
    put_events(out, events.first(begin));
    out += ",\"receipts\":[";
    for (const Receipt& receipt : result.receipts) {
        out += &receipt == &result.receipts.front() ? "[" : ",[";
        out += std::to_string(static_cast<unsigned>(receipt.disposition)) + ',' +
               std::to_string(receipt.status) + ',' + std::to_string(receipt.weight) + ',';
        put_events(out, result.events_of(receipt));
        out += ']';
    }
    out += "],\"end\":";
    put_events(out, events.subspan(end));
}

void put_cell(std::string& out, const StateKey& key, const Cell* cell) {
    out += out.back() == '[' ? "[" : ",[";
    out += std::to_string(static_cast<unsigned>(key.kind())) + ',' + std::to_string(key.owner()) +
           ',' + std::to_string(key.item()) + ',' + std::to_string(key.chunk()) + ',';
    if (cell == nullptr) {
        out += "null]";
    } else {
        put_hex(out, cell->bytes());
        out += ']';
    }
}

/// What differs between the state and `known`, which then follows it.
void put_changes(std::string& out, const StateStore<Venue>& store,
                 std::map<StateKey, Cell>& known) {
    out += '[';
    std::size_t met = 0;
    store.for_each([&](const StateKey& key, const Cell& cell) {
        ++met;
        const auto place = known.find(key);
        if (place == known.end() || !(place->second == cell)) {
            put_cell(out, key, &cell);
            known.insert_or_assign(key, cell);
        }
    });
    for (auto it = known.begin(); known.size() != met && it != known.end();) {
        if (store.get(it->first) != nullptr) {
            ++it;
            continue;
        }
        put_cell(out, it->first, nullptr);
        it = known.erase(it);
    }
    out += ']';
}

/// Blocks as JSON, by the schema of the log format.
class BlockText {
  public:
    explicit BlockText(const std::string& schema)
        : sound_(parser_.Parse((schema + "\nfile_identifier \"LSB1\";\n").c_str())) {
        parser_.opts.strict_json = true;
        parser_.opts.output_default_scalars_in_json = true;
        parser_.opts.indent_step = -1;
    }
    /// The block that a line says; nothing, with a message on the error stream, when it is none.
    [[nodiscard]] std::optional<LogBlock> read(const std::string& line) {
        if (!sound_ || !parser_.Parse(line.c_str())) {
            std::cerr << "run_blocks: " << parser_.error_ << '\n';
            return {};
        }
        const std::span bytes(parser_.builder_.GetBufferPointer(), parser_.builder_.GetSize());
        auto block = decode_block(std::as_bytes(bytes));
        if (!block) {
            std::cerr << "run_blocks: " << block.error().message << '\n';
            return {};
        }
        return std::move(*block);
    }
    /// The line of a block; empty when it does not fit into the format.
    [[nodiscard]] std::string write(const LogBlock& block) const {
        const auto bytes = encode_block(block);
        std::string out;
        if (!bytes || !flatbuffers::GenerateText(parser_, bytes->data(), &out)) {
            out.clear();
        }
        return out;
    }

  private:
    flatbuffers::Parser parser_;
    bool sound_;
};

class BlockRunner {
  public:
    explicit BlockRunner(BlockText& text) : text_(text) {}

    /// The answer to one line; empty, with a message on the error stream, when it is no block.
    [[nodiscard]] std::string answer(const std::string& line) {
        const auto block = text_.read(line);
        if (!block) {
            return {};
        }
        const auto result = executor_.execute(*block);
        if (!result) {
            std::cerr << "run_blocks: " << result.error().message << '\n';
            return {};
        }
        std::string out = "{";
        put_result(out, *result);
        out += ",\"cells\":";
        put_changes(out, store_, known_);
        return out + "}";
    }

  private:
    BlockText& text_;
    Venue venue_;
    StateStore<Venue> store_;
    SerialExecutor<Venue> executor_{venue_, store_};
    std::map<StateKey, Cell> known_;
};

int print_log(const BlockText& text, const std::string& path) {
    auto log = LogReader::open(path);
    while (log) {
        const auto block = log->next();
        if (!block) {
            std::cerr << "run_blocks: " << block.error().message << '\n';
            return 1;
        }
        if (!*block) {
            return 0;
        }
        std::cout << text.write(**block) << '\n';
    }
    std::cerr << "run_blocks: " << log.error().message << '\n';
    return 1;
}

}  // namespace
}  // namespace lockstep

int main(int count, char** arguments) {
    if (count != 2 && count != 3) {
        std::cerr << "usage: run_blocks <log.fbs> [log]\n";
        return 1;
    }
    std::ifstream file(arguments[1], std::ios::binary);
    lockstep::BlockText text({std::istreambuf_iterator<char>(file), {}});
    if (count == 3) {
        return lockstep::print_log(text, arguments[2]);
    }
    lockstep::BlockRunner runner(text);
    for (std::string line; std::getline(std::cin, line);) {
        const std::string answer = runner.answer(line);
        if (answer.empty()) {
            return 1;
        }
        std::cout << answer << std::endl;
    }
    return 0;
}
