#include "accounts/position.hpp"

namespace lockstep {

bool settle_funding(Position& position, const FundingIndex& index, FundingFlow& flow) noexcept {
    flow = {};
    if (position.since == index) {
        return true;
    }
    const Checked lots = position.lots;
    const Checked funding = lots * (Checked{index.funding} - Checked{position.since.funding});
    const Checked social = abs(lots) * (Checked{index.social} - Checked{position.since.social});
    const Checked due = Checked{position.remainder} - funding - social;
    if (!due.ok()) {
        return false;
    }
    const Int128 paid = due.value() >> 32;
    const auto remainder = static_cast<std::uint32_t>(low64(due.value()) & 0xffffffffU);
    const Checked cost = Checked{position.cost} + paid;
    const Checked claims = funding + Int128{remainder} - Int128{position.remainder};
    if (!cost.ok() || !claims.ok()) {
        return false;
    }
    flow = {.paid = paid, .claims = claims.value(), .social = social.value()};
    position.cost = cost.value();
    position.remainder = remainder;
    position.since = index;
    return true;
}

bool apply_fill(Position& position, std::int64_t lots, Int128 cash_paid) noexcept {
    const Checked cost = Checked{position.cost} - cash_paid;
    std::int64_t sum = 0;
    if (!cost.ok() || __builtin_add_overflow(position.lots, lots, &sum)) {
        return false;
    }
    position.lots = sum;
    position.cost = cost.value();
    return true;
}

bool realise(Position& position, Int128 value, Sweep& sweep) noexcept {
    const Checked cash = Checked{position.cost} + value;
    const Checked cost = -Checked{value};
    if (!cash.ok() || !cost.ok()) {
        return false;
    }
    sweep.cash = cash.value();
    position.cost = cost.value();
    return true;
}

}  // namespace lockstep
