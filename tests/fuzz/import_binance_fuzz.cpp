#include "tests/fuzz/import_check.hpp"

namespace lockstep::fuzz {

std::vector<Bytes> fuzz_seeds() {
    return {
        as_bytes("trade_time_ms,trade_id,market,symbol,price,qty,buyer_is_maker,recv_ns,exec_type\n"
                 "1000,1,usdm,AAAUSDT,61.10,0.003,1,1,MARKET\n"
                 "1001,2,cm,BBBUSD_PERP,61.1,7,0,1,MARKET\n"
                 "1002,3,spot,CCCUSDT,2.68380000,0.00200000,1,1,\n"
                 "1003,4,spot,CCCUSDT,2.68380000,0.00000000,1,1,\n"),
        as_bytes("trade_time_ms,trade_id,market,symbol,price,qty,buyer_is_maker\n"
                 "5,1,usdm,AAAUSDC,1,1,0\n5,2,usdm,AAAUSDC,3,2,1\n9,3,usdm,AAAUSDC,2,1,1\n"),
        as_bytes("1 {\"data\":{\"e\":\"trade\",\"s\":\"AAAUSDT\",\"p\":\"10.5\",\"q\":\"0.2\","
                 "\"T\":1000,\"m\":true,\"X\":\"MARKET\"}}\n"
                 "2 {\"data\":{\"e\":\"bookTicker\",\"s\":\"AAAUSDT\",\"b\":\"10.4\",\"B\":\"1\","
                 "\"a\":\"10.7\",\"A\":\"1\",\"T\":1001}}\n"
                 "3 {\"data\":{\"e\":\"trade\",\"s\":\"AAAUSDT\",\"p\":\"10.6\",\"q\":\"0.1\","
                 "\"T\":1002,\"m\":false,\"X\":\"MARKET\"}}\n"),
    };
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lockstep::fuzz::check_import("binance-trades", lockstep::fuzz::input_bytes(data, size));
    return 0;
}
