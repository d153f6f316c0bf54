#include "replay/generate/workload.hpp"

#include <algorithm>
#include <utility>

#include "accounts/nonces.hpp"
#include "engine/base/check.hpp"
#include "instruments/authority.hpp"
#include "instruments/market_phase.hpp"
#include "replay/format/limits.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kFirstOwner = 10;
constexpr std::int64_t kStartMs = 1'700'000'000'000;
constexpr std::int64_t kValidForMs = 60'000;
constexpr std::int32_t kMaxFeePpm = 1'000;
constexpr std::int64_t kTransferMax = 1'000'000;  // 1 USD

constexpr std::int64_t largest_size(MarketKind kind) {
    switch (kind) {
        case MarketKind::kInversePerpetual:
            return 10'000;
        case MarketKind::kEuropeanOption:
            return 100;
        default:
            return 1'000;
    }
}

}  // namespace

const char* Workload::refuse(const WorkloadOptions& options) {
    const WorkloadMix& mix = options.mix;
    if (options.accounts < 2 || options.accounts > Zipf::kCountMax) {
        return "--accounts must be 2 to 4194304";
    }
    if (options.markets < 1 || options.markets > kMaxListedMarkets) {
        return "--markets must be 1 to 4096";
    }
    if (options.block_transactions < 1 || options.block_transactions > kBlockTransactionsMax) {
        return "--block-size must be 1 to 1048576";
    }
    if (std::max(options.zipf_accounts, options.zipf_markets) > Zipf::kQuartersMax) {
        return "--zipf-accounts and --zipf-markets are at most 16 quarters";
    }
    if (options.block_interval_ms < 1 || options.block_interval_ms > 3'600'000) {
        return "--block-interval-ms must be 1 to 3600000";
    }
    for (const std::uint32_t share : {mix.deposits, mix.withdrawals, mix.transfers,
                                      mix.oracle_updates, mix.book_updates, options.faults}) {
        if (share > 100) {
            return "--deposits, --withdrawals, --transfers, --oracle-updates, --book-updates and "
                   "--faults are at most 100 percent";
        }
    }
    if (mix.deposits + mix.withdrawals + mix.transfers + mix.oracle_updates + mix.book_updates >
        100) {
        return "--deposits, --withdrawals, --transfers, --oracle-updates and --book-updates add up "
               "to "
               "more than 100 percent";
    }
    return nullptr;
}

Workload::Workload(const WorkloadOptions& options)
    : options_(options),
      random_(mix64(options.seed)),
      owners_(options.accounts, options.zipf_accounts),
      market_ranks_(options.markets, options.zipf_markets),
      markets_(options.markets, kStartMs, mix64(options.seed ^ 1),
               options.short_dated || options.kind == WorkloadKind::kMixed),
      nonces_(options.accounts, 0) {
    LOCKSTEP_CHECK(refuse(options) == nullptr);
    setup_blocks_ = count_setup_blocks();
}

LogBlock Workload::next() {
    open_block();
    const std::uint64_t number = height_ - 1;
    if (number < setup_blocks_) {
        make_setup(number);
        return std::move(block_);
    }
    switch (options_.kind) {
        case WorkloadKind::kTransfers:
            make_transfers();
            break;
        case WorkloadKind::kChain:
            make_chain();
            break;
        default:
            make_traffic();
    }
    return std::move(block_);
}

void Workload::open_block() {
    ++height_;
    block_ = {};
    block_.header.height = height_;
    block_.header.time_ms =
        kStartMs + static_cast<std::int64_t>(height_) * options_.block_interval_ms;
    block_.transactions.reserve(options_.block_transactions);
}

AccountId Workload::account_of(std::uint32_t owner, std::uint32_t market) {
    return make_account(kFirstOwner + owner,
                        static_cast<std::uint16_t>(market / kMarketsPerSubaccount));
}

void Workload::push_venue(Payload payload) {
    const std::int64_t valid_until = block_.header.time_ms + kValidForMs;
    if (const std::int64_t bucket = valid_until / NonceBits::kBucketMs;
        bucket != venue_nonce_bucket_) {
        venue_nonce_bucket_ = bucket;
        venue_nonce_ = 0;
    }
    const AccountId signer = venue_signer(payload);
    push({.signer = signer, .nonce = ++venue_nonce_, .valid_until_ms = valid_until},
         std::move(payload));
}

Envelope Workload::owner_envelope(std::uint32_t owner) {
    return {.signer = account_of(owner, 0),
            .nonce = ++nonces_[owner],
            .valid_until_ms = block_.header.time_ms + kValidForMs};
}

void Workload::push(const Envelope& envelope, Payload payload) {
    block_.transactions.push_back({.envelope = envelope, .payload = std::move(payload)});
}

// ---- transfers and chains -----------------------------------------------------------------------

Transfer Workload::make_transfer() {
    const std::uint32_t from = draw_owner();
    std::uint32_t to = draw_owner();
    if (to == from) {
        to = (from + 1) % options_.accounts;
    }
    return {.from = account_of(from, 0),
            .to = account_of(to, 0),
            .asset = kNumeraire,
            .amount = random_.between(1, kTransferMax)};
}

void Workload::push_transfer() {
    const Transfer transfer = make_transfer();
    const auto owner = static_cast<std::uint32_t>(owner_of(transfer.from) - kFirstOwner);
    push(owner_envelope(owner), transfer);
}

void Workload::make_transfers() {
    while (block_.transactions.size() < options_.block_transactions) {
        push_transfer();
    }
}

void Workload::make_chain() {
    while (block_.transactions.size() < options_.block_transactions) {
        const std::uint32_t from = chain_holder_;
        const auto step = static_cast<std::uint32_t>(random_.below(options_.accounts - 1));
        chain_holder_ = (from + 1 + step) % options_.accounts;
        push(owner_envelope(from), Transfer{.from = account_of(from, 0),
                                            .to = account_of(chain_holder_, 0),
                                            .asset = kNumeraire,
                                            .amount = kChainAmount});
    }
}

// ---- trades and what surrounds them -------------------------------------------------------------

void Workload::make_traffic() {
    const bool mixed = options_.kind == WorkloadKind::kMixed;
    while (block_.transactions.size() < options_.block_transactions) {
        if (mixed && random_.chance(options_.faults, 100)) {
            push_fault();
        } else if (mixed && random_.chance(1, 10)) {
            push_rare();
        } else {
            push_traffic();
        }
    }
}

void Workload::push_traffic() {
    const WorkloadMix& mix = options_.mix;
    auto share = static_cast<std::uint32_t>(random_.below(100));
    const auto falls_in = [&share](std::uint32_t width) {
        const bool inside = share < width;
        share -= inside ? 0 : width;
        return inside;
    };
    if (falls_in(mix.deposits)) {
        push_deposit();
    } else if (falls_in(mix.withdrawals)) {
        push_withdrawal();
    } else if (falls_in(mix.transfers)) {
        push_transfer();
    } else if (falls_in(mix.oracle_updates)) {
        push_price();
    } else if (falls_in(mix.book_updates)) {
        push_venue(markets_.book(draw_market()));
    } else {
        last_trade_ = make_trade();
        push_venue(*last_trade_);
    }
}

std::uint32_t Workload::draw_market() {
    if (options_.kind == WorkloadKind::kHotMarket) {
        return 0;
    }
    const std::uint32_t market = market_ranks_.draw(random_);
    return markets_.expired(market, block_.header.time_ms) ? 0 : market;
}

Order Workload::make_order(std::uint32_t owner, std::uint32_t market, std::int64_t lots,
                           std::int64_t price) {
    return {.account = account_of(owner, market),
            .market = MarketId{market},
            .limit_price = price,
            .lots = lots,
            .max_fee_ppm = kMaxFeePpm,
            .good_til_ms = block_.header.time_ms + kValidForMs,
            .salt = ++salt_};
}

Trade Workload::make_trade() {
    const std::uint32_t market = draw_market();
    const bool hot_account = options_.kind == WorkloadKind::kHotAccount;
    const std::uint32_t maker = hot_account ? 0 : draw_owner();
    std::uint32_t taker = draw_owner();
    if (taker == maker) {
        taker = (maker + 1) % options_.accounts;
    }
    Trade trade;
    trade.lots = random_.between(1, largest_size(markets_.kind(market)));
    trade.price = markets_.draw_price(market, random_);
    trade.buyer_is_taker = random_.chance(1, 2);
    trade.buyer = make_order(trade.buyer_is_taker ? taker : maker, market, trade.lots, trade.price);
    trade.seller =
        make_order(trade.buyer_is_taker ? maker : taker, market, trade.lots, trade.price);
    trade.seller.side = OrderSide::kSell;
    return trade;
}

void Workload::push_deposit() {
    // Drawn one by one: compilers evaluate the arguments of a call in different orders.
    const std::uint32_t market = draw_market();
    const AccountId account = account_of(draw_owner(), market);
    const std::uint32_t assets = markets_.coins() + 1;
    // Every second deposit is in coins.
    const bool coin = random_.chance(1, 2);
    const auto asset = static_cast<std::uint32_t>(coin ? random_.below(assets) : 0);
    push_venue(Deposit{.account = account,
                       .asset = AssetId{asset},
                       .amount = random_.between(1, 1'000 * kTransferMax),
                       .reference = ++deposit_reference_});
}

void Workload::push_withdrawal() {
    const std::uint32_t owner = draw_owner();
    push(owner_envelope(owner), Withdraw{.account = account_of(owner, 0),
                                         .asset = kNumeraire,
                                         .amount = random_.between(1, kTransferMax)});
}

void Workload::push_price() {
    const std::uint32_t feed = draw_market() / WorkloadMarkets::kMarketsPerFeed;
    push_venue(markets_.tick(feed, block_.header.time_ms, random_));
    const auto option = markets_.option_of(feed);
    if (option && block_.transactions.size() < options_.block_transactions) {
        push_venue(markets_.book(*option));
    }
}

}  // namespace lockstep
