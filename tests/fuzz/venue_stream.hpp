#pragma once

#include <cstdint>
#include <vector>

#include "engine/contract/block.hpp"
#include "instruments/transaction.hpp"
#include "tests/fuzz/fuzz_input.hpp"

namespace lockstep::fuzz {

/// Turns bytes into blocks for the venue: a few accounts and one market of each kind, every kind of
/// transaction, mostly sensible values and, where a byte says so, values at the ends of ranges.
class VenueStream {
  public:
    using VenueBlock = Block<Transaction>;

    explicit VenueStream(FuzzInput& in);

    /// Creates assets, a feed, markets and accounts with cash. Takes two blocks.
    [[nodiscard]] std::vector<VenueBlock> set_up();
    [[nodiscard]] VenueBlock next();

  private:
    void open_block(std::int64_t elapsed_ms);
    /// Block time plus `ms`, or the end of time.
    [[nodiscard]] std::int64_t later(std::int64_t ms) const;
    void push(AccountId signer, Payload payload);
    void push_price();

    [[nodiscard]] AccountId account();
    [[nodiscard]] AssetId asset();
    [[nodiscard]] MarketId market();
    [[nodiscard]] Int128 amount();
    [[nodiscard]] std::int64_t price();
    [[nodiscard]] std::int64_t lots();
    [[nodiscard]] std::int64_t number(std::int64_t usual, std::int64_t most);
    [[nodiscard]] std::int32_t ppm(std::int32_t usual);

    [[nodiscard]] CreateMarket create_market(MarketId id, MarketKind kind);
    [[nodiscard]] MarketParams params();
    [[nodiscard]] std::vector<FeeTier> fees();
    [[nodiscard]] Order order(MarketId market, std::int64_t limit, std::int64_t size);
    [[nodiscard]] Trade trade();
    [[nodiscard]] BookUpdate book();
    [[nodiscard]] Payload any_payload(AccountId& signer);
    [[nodiscard]] Payload governance();
    [[nodiscard]] Payload account_payload(AccountId& signer);

    FuzzInput& in_;
    VenueBlock block_;
    std::uint64_t nonce_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t salt_ = 0;
    std::uint64_t reference_ = 0;
    std::int64_t price_ = 600'000;
};

/// Runs the stream of an input through the serial executor and through the parallel one under a
/// schedule of the input, and requires equal results, invariants that hold after every block, and
/// no transaction that breaks its contract. `hostile_hints`: declared keys are dropped, changed and
/// made up as the input says.
void check_venue_stream(FuzzInput& in, bool hostile_hints);

}  // namespace lockstep::fuzz
