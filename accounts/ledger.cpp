#include "accounts/ledger.hpp"

namespace lockstep {

bool funding_balances(const FundingSums& sums) noexcept {
    // clearing * 2^32 = carried * 2^96 + rest with 0 <= rest < 2^96.
    const Int128 carried = sums.clearing >> 64;
    const Int128 rest = static_cast<Int128>(static_cast<UInt128>(low64(sums.clearing)) << 32);
    const Checked low =
        Checked{rest} + sums.social_claims - Checked{sums.claims_low} - Checked{sums.dust};
    const Checked high = Checked{sums.claims_high} - Checked{carried};
    if (!low.ok() || !high.ok()) {
        return false;
    }
    const Int128 multiple = low.value() >> 96;
    return low.value() == (multiple << 96) && multiple == high.value();
}

}  // namespace lockstep
