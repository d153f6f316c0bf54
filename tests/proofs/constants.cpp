// Prints the limits and scales of the code as SMT-LIB definitions, so that proofs cannot drift from
// them.
#include <cstdio>
#include <string>

#include "engine/base/int128.hpp"
#include "instruments/funding.hpp"
#include "instruments/terms.hpp"

namespace {

void define(const char* name, lockstep::Int128 value) {
    const std::string text = lockstep::to_string(value < 0 ? -(value + 1) : value);
    if (value < 0) {
        std::printf("(define-fun %s () Int (- (- %s) 1))\n", name, text.c_str());
    } else {
        std::printf("(define-fun %s () Int %s)\n", name, text.c_str());
    }
}

}  // namespace

int main() {
    using namespace lockstep;
    define("int128_max", kInt128Max);
    define("int128_min", kInt128Min);
    define("max_price", kMaxPrice);
    define("max_lots", kMaxLots);
    define("max_multiplier", kMaxMultiplier);
    define("max_inverse_multiplier", kMaxInverseMultiplier);
    define("max_position_value", kMaxPositionValue);
    define("max_value_divisor", kMaxValueDivisor);
    define("max_batch", Int128{kMaxBatch});
    define("ppm", kPpm);
    define("ppb", kPpb);
    define("funding_quote_ms", kFundingQuoteMs);
    define("funding_catch_up_ms", kFundingCatchUpMs);
    return 0;
}
