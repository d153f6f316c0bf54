#include "instruments/venue.hpp"

#include <algorithm>

namespace lockstep {
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
