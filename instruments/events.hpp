#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "accounts/cell.hpp"
#include "accounts/ids.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"
#include "instruments/status.hpp"

namespace lockstep {

/// Types of events in receipts. The numbers and layouts are part of every digest.
enum class EventType : std::uint16_t {
    kTrade = 1,             ///< TradeEvent
    kCashMoved = 2,         ///< CashEvent
    kPositionSettled = 3,   ///< PositionSettledEvent
    kBatchLeg = 4,          ///< u32 leg, u16 status
    kFundingApplied = 16,   ///< FundingEvent; begin of block
    kMarketSettled = 17,    ///< u32 market, i64 price; begin of block
    kInvariantBroken = 18,  ///< u32 market; end of block
    kLossSpread = 19,       ///< u32 market, i128 quanta, i128 Q32 a lot; end of block
};

/// Canonical bytes of one event, built without allocation.
template <std::size_t Capacity>
class EventBytes {
  public:
    template <class T>
    EventBytes& put(T value) noexcept {
        if (size_ + sizeof(T) <= Capacity) {
            store_value(bytes_.data() + size_, value);
            size_ += sizeof(T);
        }
        return *this;
    }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return std::span(bytes_).first(size_);
    }

  private:
    std::array<std::byte, Capacity> bytes_;
    std::size_t size_ = 0;
};

/// One side of a fill. Realised profit follows from these numbers alone, under any convention of
/// average prices: the position before and after in cash-flow form, and each flow in between.
struct TradeSide {
    AccountId account{};
    std::int64_t lots_before = 0;
    std::int64_t lots_after = 0;
    Int128 cost_before = 0;  ///< before funding, sweep and fill
    Int128 funding = 0;      ///< received since the position was last touched; quanta
    Int128 swept = 0;        ///< moved to cash by daily settlements
    Int128 flow = 0;         ///< received for the lots; the two sides add up to 0
    Int128 fee = 0;          ///< paid; negative = rebate
    Int128 closed = 0;       ///< moved to cash: what the closed lots realised
};

struct TradeEvent {
    static constexpr std::size_t kSize = 4 + 8 + 8 + 1 + 2 * (8 * 3 + 16 * 6);

    MarketId market{};
    std::int64_t lots = 0;
    std::int64_t price = 0;
    bool buyer_is_taker = true;
    TradeSide buyer{};
    TradeSide seller{};

    [[nodiscard]] EventBytes<kSize> encode() const noexcept;
    [[nodiscard]] static std::optional<TradeEvent> decode(
        std::span<const std::byte> bytes) noexcept;
};

/// Cash that moved outside trades: deposits, withdrawals (negative), transfers (one event a side),
/// payments to the insurance fund (negative), and profit that was realised.
struct CashEvent {
    AccountId account{};
    AssetId asset{};
    Int128 amount = 0;

    [[nodiscard]] EventBytes<28> encode() const noexcept {
        EventBytes<28> out;
        out.put(account).put(asset).put(amount);
        return out;
    }
};

/// A position closed by final settlement.
struct PositionSettledEvent {
    AccountId account{};
    MarketId market{};
    std::int64_t lots = 0;
    Int128 cost = 0;  ///< before funding
    Int128 funding = 0;
    Int128 value = 0;  ///< of the lots at the settlement price
    Int128 cash = 0;   ///< credited

    [[nodiscard]] EventBytes<84> encode() const noexcept {
        EventBytes<84> out;
        out.put(account).put(market).put(lots).put(cost).put(funding).put(value).put(cash);
        return out;
    }
};

/// Funding that a market charged per lot.
struct FundingEvent {
    MarketId market{};
    std::int64_t index = 0;
    std::int64_t rate_ppb = 0;  ///< per 8 hours
    Int128 delta_q32 = 0;
    Int128 total_q32 = 0;

    [[nodiscard]] EventBytes<52> encode() const noexcept {
        EventBytes<52> out;
        out.put(market).put(index).put(rate_ppb).put(delta_q32).put(total_q32);
        return out;
    }
};

template <class View, std::size_t Size>
void emit(View& view, EventType type, const EventBytes<Size>& event) {
    view.emit(static_cast<std::uint16_t>(type), event.bytes());
}

}  // namespace lockstep
