#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/random.hpp"
#include "instruments/transaction.hpp"

namespace lockstep {

/// The markets of a workload and their prices.
///
/// Rule: markets come in groups of four over one underlying with one feed: linear perpetual,
/// inverse perpetual, dated future, European option (calls and puts by turns). The first eight
/// underlyings have a coin each, in which their inverse perpetual settles; later groups have a
/// second linear perpetual instead. A tick is 0.1 USD, a quantum 1e-6 USD or 1e-8 coin, a lot 1e-4
/// of the underlying or a contract of 1 USD.
class WorkloadMarkets {
  public:
    static constexpr std::uint32_t kCoinsMax = 8;
    static constexpr std::uint32_t kMarketsPerFeed = 4;

    /// `short_dated`: every fourth dated market expires a minute after `start_ms`, the others ten
    /// years after.
    WorkloadMarkets(std::uint32_t count, std::int64_t start_ms, std::uint64_t seed,
                    bool short_dated);

    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint32_t feeds() const noexcept {
        return static_cast<std::uint32_t>(feeds_.size());
    }
    [[nodiscard]] std::uint32_t coins() const noexcept;
    [[nodiscard]] MarketKind kind(std::uint32_t market) const noexcept;
    [[nodiscard]] bool expired(std::uint32_t market, std::int64_t now_ms) const noexcept {
        return terms_[market].expiry_ms != 0 && now_ms >= terms_[market].expiry_ms;
    }

    [[nodiscard]] CreateAsset asset(std::uint32_t number) const;  ///< 0: USD, then coins
    [[nodiscard]] CreateFeed feed(std::uint32_t number) const;
    [[nodiscard]] CreateMarket market(std::uint32_t number) const;

    /// Index of a feed, ticks.
    [[nodiscard]] std::int64_t index(std::uint32_t feed) const noexcept {
        return feeds_[feed].price;
    }
    /// What a market trades around: the index, or an option's intrinsic value and 2 % of the index.
    [[nodiscard]] std::int64_t fair_price(std::uint32_t market) const noexcept;
    /// A price within 0.5 % of the index around the fair one, at least 1 tick.
    [[nodiscard]] std::int64_t draw_price(std::uint32_t market, Random& random) const;

    /// Moves a feed by up to 0.1 %, once per block at most, and keeps it within half and twice its
    /// first price.
    [[nodiscard]] OracleUpdate tick(std::uint32_t feed, std::int64_t time_ms, Random& random);
    /// The same price again.
    [[nodiscard]] OracleUpdate quote(std::uint32_t feed, std::int64_t time_ms);
    /// The option over a feed, when there is one.
    [[nodiscard]] std::optional<std::uint32_t> option_of(std::uint32_t feed) const noexcept {
        const std::uint32_t market = feed * kMarketsPerFeed + kMarketsPerFeed - 1;
        return market < count_ ? std::optional(market) : std::nullopt;
    }

    /// A two-sided book around the fair price; the published mark of an option.
    [[nodiscard]] BookUpdate book(std::uint32_t market);

  private:
    struct Feed {
        std::int64_t first_price = 0;
        std::int64_t price = 0;
        std::int64_t moved_ms = 0;  ///< block time of the last move
        std::uint64_t sequence = 0;
    };

    [[nodiscard]] static std::uint32_t feed_of(std::uint32_t market) noexcept {
        return market / kMarketsPerFeed;
    }
    [[nodiscard]] MarketTerms make_terms(std::uint32_t market, std::int64_t start_ms,
                                         bool short_dated) const;

    std::uint32_t count_;
    std::vector<Feed> feeds_;
    std::vector<MarketTerms> terms_;
    std::vector<std::uint64_t> book_sequences_;
};

}  // namespace lockstep
