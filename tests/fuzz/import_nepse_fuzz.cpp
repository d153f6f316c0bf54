#include "tests/fuzz/import_check.hpp"

namespace lockstep::fuzz {

std::vector<Bytes> fuzz_seeds() {
    return {
        as_bytes("Transact. No.,Symbol,Buyer,Seller,Quantity,Rate,Amount\n"
                 "2021021801000003,AAA,34,34,10,646.0,6460.0\n"
                 "2021021801000002,BBB,59,49,\"1,026\",1400.5,1.0\n"
                 "2021021801000001,BBB,42,49,20,1400.0,28000.0\n"),
        as_bytes(
            "time_us,trade_book_id,symbol,buyer_member,seller_member,qty,rate_npr,contract_id\n"
            "1613624400000000,1,AAA,34,35,10,646,1\n"
            "1613624400500000,1,AAA,35,34,10,647.5,2\n"),
    };
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lockstep::fuzz::check_import("nepse", lockstep::fuzz::input_bytes(data, size));
    return 0;
}
