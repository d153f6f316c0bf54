#include <utility>

#include "replay/generate/workload.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t kHugeAmount = std::int64_t{1} << 62;
constexpr std::uint64_t kUnknownOwner = (std::uint64_t{1} << 40);
constexpr std::int64_t kThreeDaysMs = 3 * 86'400'000;

}  // namespace

/// One transaction that is meant to be rejected; a few of them are not, when state allows them.
void Workload::push_fault() {
    switch (random_.below(4)) {
        case 0:
            push_bad_envelope(random_.below(4));
            break;
        case 1:
            push_bad_cash(random_.below(7));
            break;
        case 2:
            push_bad_price();
            break;
        default:
            push_bad_trade(random_.below(14));
    }
}

void Workload::push_bad_envelope(std::uint64_t which) {
    const Transfer transfer = make_transfer();
    const std::uint32_t owner = draw_owner();
    Envelope envelope = owner_envelope(owner);
    const Transfer own{.from = envelope.signer,
                       .to = transfer.from == envelope.signer ? transfer.to : transfer.from,
                       .asset = kNumeraire,
                       .amount = 1};
    switch (which) {
        case 0:  // expired
            envelope.valid_until_ms = block_.header.time_ms - 1;
            break;
        case 1:  // valid for longer than the window
            envelope.valid_until_ms = block_.header.time_ms + kThreeDaysMs;
            break;
        case 2:  // nonce used, unless it was in another expiry bucket
            envelope.nonce = envelope.nonce > 1 ? envelope.nonce - 1 : envelope.nonce;
            --nonces_[owner];
            break;
        default:  // signed by somebody else
            envelope = owner_envelope((owner + 1) % options_.accounts);
    }
    push(envelope, own);
}

void Workload::push_bad_cash(std::uint64_t which) {
    const std::uint32_t owner = draw_owner();
    const AccountId account = account_of(owner, 0);
    const AccountId other = account_of((owner + 1) % options_.accounts, 0);
    const AccountId nobody = make_account(kUnknownOwner + owner);
    switch (which) {
        case 0:
            push(owner_envelope(owner), Transfer{.from = account,
                                                 .to = other,
                                                 .asset = kNumeraire,
                                                 .amount = Int128{kHugeAmount} * kHugeAmount});
            break;
        case 1:
            push(owner_envelope(owner),
                 Transfer{.from = account, .to = account, .asset = kNumeraire, .amount = 1});
            break;
        case 2:
            push(owner_envelope(owner),
                 Transfer{.from = account, .to = nobody, .asset = kNumeraire, .amount = 1});
            break;
        case 3:
            push(owner_envelope(owner),
                 Withdraw{.account = account, .asset = kNumeraire, .amount = kHugeAmount});
            break;
        case 4:
            push(owner_envelope(owner),
                 Withdraw{.account = account, .asset = AssetId{kMaxAssets - 1}, .amount = 1});
            break;
        case 5:  // only the venue deposits
            push(owner_envelope(owner), Deposit{.account = account,
                                                .asset = kNumeraire,
                                                .amount = 1,
                                                .reference = ++deposit_reference_});
            break;
        default:  // the reference was used
            push_venue(
                Deposit{.account = account, .asset = kNumeraire, .amount = 1, .reference = 1});
    }
}

void Workload::push_bad_price() {
    const std::uint32_t feed = draw_market() / WorkloadMarkets::kMarketsPerFeed;
    OracleUpdate update{.feed = FeedId{feed + 1},
                        .price = markets_.index(feed),
                        .publish_time_ms = block_.header.time_ms};
    switch (random_.below(4)) {
        case 0:  // sequence 0 is never newer
            break;
        case 1:
            update.sequence = std::uint64_t{1} << 40;
            update.publish_time_ms += kThreeDaysMs;
            break;
        case 2:
            update.feed = FeedId{kMaxFeeds - 1};
            update.sequence = 1;
            break;
        default:
            update.source = 1;
            update.sequence = 1;
    }
    push_venue(update);
}

void Workload::push_bad_trade(std::uint64_t which) {
    Trade trade = make_trade();
    Order& taker = trade.buyer_is_taker ? trade.buyer : trade.seller;
    switch (which) {
        case 0:
            trade.lots += 1;  // overfill
            break;
        case 1:  // both orders again
            trade = last_trade_.value_or(trade);
            break;
        case 2:
            trade.price *= 2;
            trade.buyer.limit_price = trade.price;
            break;
        case 3:
            trade.buyer.limit_price = trade.price - 1;
            break;
        case 4:
            taker.max_fee_ppm = 0;
            break;
        case 5:
            taker.good_til_ms = block_.header.time_ms - 1;
            break;
        case 6:
            taker.reduce_only = true;
            break;
        case 7:
            trade.seller.account = trade.buyer.account;
            break;
        case 8:
            trade.buyer.market = trade.seller.market = MarketId{kMaxMarkets - 1};
            break;
        case 9:
            trade.seller.market = MarketId{kMaxMarkets - 1};
            break;
        case 10:
            taker.account = make_account(kUnknownOwner);
            break;
        case 11:
            trade.host_fees = HostFees{.buyer = 1, .seller = -1};
            break;
        case 12:
            trade.lots = 0;
            break;
        default:  // more than the margin covers
            trade.lots = kMaxLots / 1024;
            trade.buyer.lots = trade.seller.lots = trade.lots;
    }
    push_venue(trade);
}

void Workload::push_batch() {
    Batch batch{.atomic = random_.chance(1, 2), .fills = {}};
    const std::int64_t legs = random_.between(1, 4);
    for (std::int64_t i = 0; i < legs; ++i) {
        batch.fills.push_back(make_trade());
    }
    if (random_.chance(1, 4)) {
        batch.fills.back().lots += 1;  // overfill in the last leg
    }
    push_venue(std::move(batch));
}

/// Transactions that are seldom seen; most of them are applied.
void Workload::push_rare() {
    const std::uint32_t owner = draw_owner();
    const AccountId account = account_of(owner, 0);
    const std::uint32_t other = (owner + 1) % options_.accounts;
    switch (random_.below(7)) {
        case 0:
            push(owner_envelope(owner),
                 SetDelegate{.account = account, .delegate = account_of(other, 0)});
            break;
        case 1:
            push_venue(SetFeeTier{.account = account,
                                  .tier = static_cast<std::uint8_t>(random_.below(2))});
            break;
        case 2:
            push(owner_envelope(owner), CancelOrders{.account = account, .salt_below = salt_});
            break;
        case 3:
            push(owner_envelope(owner),
                 InsuranceDeposit{.account = account, .asset = kNumeraire, .amount = 1'000});
            break;
        case 4: {  // settles what expired markets left open; rejected before
            const std::uint32_t market = market_ranks_.draw(random_);
            const AccountId first = account_of(owner, market);
            push(owner_envelope(owner),
                 SettleBatch{.market = MarketId{market}, .accounts = {first}});
            break;
        }
        case 5:  // freezes the account for one transaction
            if (block_.transactions.size() + 3 > options_.block_transactions) {
                push_batch();
                break;
            }
            push_venue(SetFrozen{.account = account, .frozen = true});
            push(owner_envelope(owner),
                 Withdraw{.account = account, .asset = kNumeraire, .amount = 1});
            push_venue(SetFrozen{.account = account, .frozen = false});
            break;
        default:
            push_batch();
    }
}

}  // namespace lockstep
