#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "instruments/terms.hpp"
#include "replay/import/decimal.hpp"

namespace lockstep {

/// A market of recorded data as its venue describes it.
struct RecordedMarket {
    std::string name = {};  ///< unique in the data
    MarketKind kind = MarketKind::kLinearPerpetual;
    bool spot = false;          ///< traded against delivery; imported as linear
    std::string currency = {};  ///< what fills are paid in
    /// Linear, dated: units of the underlying per 1 of size. Inverse: quote units per contract.
    Decimal contract = {.units = 1, .scale = 0};
    std::int64_t expiry_ms = 0;  ///< dated futures

    friend bool operator==(const RecordedMarket&, const RecordedMarket&) = default;
};

/// Number of a market in a sink.
enum class RecordedMarketId : std::uint32_t {};

[[nodiscard]] constexpr std::uint32_t raw(RecordedMarketId id) noexcept {
    return static_cast<std::uint32_t>(id);
}

/// One party of a recorded trade. What the data do not tell is absent. Of an account that trades
/// with itself one party tells the position.
struct RecordedSide {
    std::string_view account = {};    ///< empty: not recorded
    std::optional<Decimal> fee = {};  ///< in the market's currency, positive = paid
    bool tells_fee = false;           ///< also when it is left out
    /// Taken from the position: paid in what is traded, positive = paid. Spot only.
    std::optional<Decimal> coin_fee = {};
    std::optional<Decimal> position_before = {};  ///< signed size before the trade
    std::optional<Decimal> closed_profit = {};    ///< booked for what the trade closed, before fee
};

struct RecordedTrade {
    RecordedMarketId market{};
    Decimal price;
    Decimal size;  ///< positive
    RecordedSide buyer = {};
    RecordedSide seller = {};
    bool buyer_is_taker = true;
    std::int64_t time_ms = 0;
};

/// A block of the recorded venue; the trades that follow belong to it.
struct RecordedBlock {
    std::uint64_t number = 0;
    std::int64_t time_ms = 0;
};

/// An error of the data without its place, which the reader adds.
[[nodiscard]] inline Error bad_record(std::string reason) {
    return {.code = ErrorCode::kCorrupt, .message = std::move(reason)};
}

/// Takes what a reader finds, in the order of the data.
///
/// A failure without a file is about the record at hand; the reader adds file, offset and line.
class RecordSink {
  public:
    virtual ~RecordSink() = default;

    [[nodiscard]] virtual std::optional<RecordedMarketId> find_market(
        std::string_view name) const = 0;
    /// Declares a market that find_market does not know.
    [[nodiscard]] virtual RecordedMarketId add_market(const RecordedMarket& market) = 0;
    /// Never called by readers of data without blocks.
    [[nodiscard]] virtual Result<void, Error> block(const RecordedBlock& block) = 0;
    [[nodiscard]] virtual Result<void, Error> trade(const RecordedTrade& trade) = 0;
    /// A price of the market that is no trade, such as the middle of a quote.
    [[nodiscard]] virtual Result<void, Error> index(RecordedMarketId market,
                                                    const Decimal& price) = 0;
    /// A row that a stated rule leaves out; rows are counted by rule.
    virtual void leave_out(std::string_view rule) = 0;
};

/// Passes everything on to another sink: for those that look at, or keep back, a part of it.
class ForwardingSink : public RecordSink {
  public:
    explicit ForwardingSink(RecordSink& sink) : sink_(sink) {}

    [[nodiscard]] std::optional<RecordedMarketId> find_market(
        std::string_view name) const override {
        return sink_.find_market(name);
    }
    [[nodiscard]] RecordedMarketId add_market(const RecordedMarket& market) override {
        return sink_.add_market(market);
    }
    [[nodiscard]] Result<void, Error> block(const RecordedBlock& block) override {
        return sink_.block(block);
    }
    [[nodiscard]] Result<void, Error> trade(const RecordedTrade& trade) override {
        return sink_.trade(trade);
    }
    [[nodiscard]] Result<void, Error> index(RecordedMarketId market,
                                            const Decimal& price) override {
        return sink_.index(market, price);
    }
    void leave_out(std::string_view rule) override { sink_.leave_out(rule); }

  private:
    RecordSink& sink_;
};

/// A file of recorded trades.
class RecordedData {
  public:
    virtual ~RecordedData() = default;

    /// Reads everything once, front to back. May be called again; the records are then the same.
    [[nodiscard]] virtual Result<void, Error> read(RecordSink& sink) = 0;
    /// What this reader assumes beyond the data: contract sizes, expiries, currencies.
    [[nodiscard]] virtual std::string assumptions() const = 0;
    /// The name of its layout.
    [[nodiscard]] virtual std::string format() const = 0;
    /// What the last reading found worth telling, apart from what it left out.
    [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
    /// True when it tells positions, fees or profits.
    [[nodiscard]] virtual bool can_be_checked() const { return false; }
    /// Where profits are booked against an entry price floored to a grid: the digits that price and
    /// size have together.
    [[nodiscard]] virtual std::optional<std::uint8_t> entry_digits() const { return std::nullopt; }
};

}  // namespace lockstep
