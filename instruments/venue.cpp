#include "instruments/venue.hpp"

#include <algorithm>

namespace lockstep {
namespace {

using Right = Authority::Right;

struct AuthorityOf {
    Authority operator()(const CreateAccount& tx) const noexcept {
        return {.right = Right::kOwner, .account = tx.account, .signer_must_exist = false};
    }
    Authority operator()(const Withdraw& tx) const noexcept {
        return {.right = Right::kOwner, .account = tx.account};
    }
    Authority operator()(const Transfer& tx) const noexcept {
        return {.right = Right::kOwner, .account = tx.from};
    }
    Authority operator()(const InsuranceDeposit& tx) const noexcept {
        return {.right = Right::kOwner, .account = tx.account};
    }
    Authority operator()(const SetDelegate& tx) const noexcept {
        return {.right = Right::kOwner, .account = tx.account};
    }
    Authority operator()(const SetFrozen& tx) const noexcept {
        return {.right = Right::kOwner, .account = tx.account};
    }
    Authority operator()(const CancelOrders& tx) const noexcept {
        return {.right = Right::kDelegate, .account = tx.account};
    }
    Authority operator()(const RealisePnl& tx) const noexcept {
        return {.right = Right::kDelegate, .account = tx.account};
    }
    Authority operator()(const SettleBatch&) const noexcept { return {}; }
    /// Governance, deposits, fills.
    template <class Other>
    Authority operator()(const Other&) const noexcept {
        return {.right = Right::kVenue};
    }
};

}  // namespace

Authority authority_of(const Payload& payload) noexcept {
    return std::visit(AuthorityOf{}, payload);
}

std::uint64_t weight_of(const Payload& payload) noexcept {
    std::size_t units = 1;
    if (const auto* batch = std::get_if<Batch>(&payload)) {
        units = std::min(batch->fills.size(), kMaxBatch);
    } else if (const auto* list = std::get_if<SettleBatch>(&payload)) {
        units = std::min(list->accounts.size(), kMaxSettleList);
    }
    return std::max<std::uint64_t>(1, units);
}

}  // namespace lockstep
