#include "replay/import/serial_run.hpp"

namespace lockstep {

Result<void, Error> SerialRun::execute(const LogBlock& block, const OnTrade& on_trade) {
    const Result<BlockResult, Error> result = executor_.execute(block);
    if (!result) {
        return failure(result.error());
    }
    for (std::uint32_t i = 0; i < result->receipts.size(); ++i) {
        const Receipt& receipt = result->receipts[i];
        ++transactions_;
        ++statuses_[Status{receipt.status}];
        if (receipt.disposition != Disposition::kExecuted) {
            return failure(Error{.code = ErrorCode::kInvariant,
                                 .message = "a transaction was skipped or broke its limits",
                                 .block = block.header.height,
                                 .transaction = i});
        }
        for_each_event(result->events_of(receipt),
                       [&](std::uint16_t type, std::span<const std::byte> bytes) {
                           if (type != static_cast<std::uint16_t>(EventType::kTrade)) {
                               return;
                           }
                           ++trade_events_;
                           if (const auto event = TradeEvent::decode(bytes); event && on_trade) {
                               on_trade(block.header, i, *event);
                           }
                       });
    }
    return {};
}

std::uint64_t SerialRun::applied() const {
    const auto found = statuses_.find(Status::kApplied);
    return found == statuses_.end() ? 0 : found->second;
}

}  // namespace lockstep
