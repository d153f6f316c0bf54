#include "tests/fuzz/import_check.hpp"

namespace lockstep::fuzz {
namespace {

struct SeedFill {
    std::string user;
    std::string side;
    std::string size;
    std::string start;
    std::string profit = "0.0";
    std::string fee = "0.01";
    std::string token = "USDC";
};

std::string fill(const SeedFill& fill, const std::string& coin, const std::string& price, int id) {
    return "[\"" + fill.user + "\",{\"coin\":\"" + coin + "\",\"px\":\"" + price + "\",\"sz\":\"" +
           fill.size + "\",\"side\":\"" + fill.side + "\",\"time\":1000,\"startPosition\":\"" +
           fill.start + "\",\"closedPnl\":\"" + fill.profit + "\",\"crossed\":true,\"fee\":\"" +
           fill.fee + "\",\"feeToken\":\"" + fill.token + "\",\"tid\":" + std::to_string(id) + "}]";
}

std::string block(int number, const std::string& events) {
    return "{\"block_time\":\"2025-10-27T16:59:5" + std::to_string(number) +
           ".5\",\"block_number\":" + std::to_string(number) + ",\"events\":[" + events + "]}\n";
}

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    const auto pair = [](const SeedFill& a, const SeedFill& b, const std::string& coin,
                         const std::string& price, int id) {
        return fill(a, coin, price, id) + "," + fill(b, coin, price, id);
    };
    return {
        as_bytes(block(1, pair({"a", "B", "2.5", "-1.0000000001", "0.3"}, {"b", "A", "2.5", "0.0"},
                               "X", "10.1", 1)) +
                 block(2, "") +
                 block(3, pair({"b", "B", "1.5", "-2.5", "0.15"}, {"a", "A", "1.5", "1.5", "-0.15"},
                               "X", "10.0", 2))),
        as_bytes(
            block(1, pair({"a", "B", "2.5", "0.00000001", "0.0", "0.00012345", "TOK"},
                          {"b", "A", "2.5", "10.0", "0.0", "-0.00001", "TOK"}, "@7", "2.5", 1)) +
            block(2, pair({"a", "A", "1.0", "2.49987656"}, {"b", "B", "1.0", "7.50001"}, "@7",
                          "2.5", 2))),
        as_bytes(block(1, fill({"a", "B", "2.5", "1.0"}, "X", "10.1", 1))),
        as_bytes(block(1, pair({"a", "B", "1", "0"}, {"a", "A", "1", "1"}, "X", "3", 1))),
    };
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lockstep::fuzz::check_import("hyperliquid-fills", lockstep::fuzz::input_bytes(data, size));
    return 0;
}
