#include "tests/fuzz/venue_stream.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "instruments/authority.hpp"

namespace lockstep::fuzz {
namespace {

/// Stands for the key of the venue that may sign what is signed.
constexpr AccountId kVenue = make_account(0, 0xffff);
constexpr AccountId kOracle = role_account(Role::kOracle);
constexpr FeedId kFeed{1};
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::uint32_t kMarkets = 6;

AccountId trader(std::uint64_t i) {
    return make_account(100 + i / 2, static_cast<std::uint16_t>(i % 2));
}

}  // namespace

VenueStream::VenueStream(FuzzInput& in) : in_(in) {
    // A chain may start at any time; near the ends of 64 bits only if a byte says so.
    const std::uint8_t start = in_.byte();
    block_.header.time_ms = start < 240 ? 1'700'000'000'000 : in_.edge64();
}

// ---- values -------------------------------------------------------------------------------------

AccountId VenueStream::account() {
    const std::uint8_t choice = in_.byte();
    return choice < 250 ? trader(choice % 6) : AccountId{in_.word()};
}

AssetId VenueStream::asset() {
    const std::uint8_t choice = in_.byte();
    return AssetId{choice < 250 ? choice % 2U : choice};
}

MarketId VenueStream::market() {
    const std::uint8_t choice = in_.byte();
    return MarketId{choice < 252 ? 1U + choice % kMarkets : 200U + choice};
}

Int128 VenueStream::amount() {
    const std::uint8_t shape = in_.byte();
    if (shape < 160) {
        return Int128{shape} * 1'000'003 + in_.byte();
    }
    return shape < 200 ? Int128{in_.byte()} - 8 : in_.edge128();
}

std::int64_t VenueStream::price() {
    const std::uint8_t shape = in_.byte();
    if (shape < 230) {
        return price_ + (shape - 115) * 50;
    }
    return shape < 245 ? in_.between(-3, 60'000) : in_.edge64();
}

std::int64_t VenueStream::lots() {
    const std::uint8_t shape = in_.byte();
    if (shape < 220) {
        return 1 + shape * 2;
    }
    return shape < 240 ? in_.between(1, 1'000'000'000) : in_.edge64();
}

std::int64_t VenueStream::number(std::int64_t usual, std::int64_t most) {
    const std::uint8_t shape = in_.byte();
    if (shape < 200) {
        return usual;
    }
    return shape < 230 ? in_.between(0, most) : in_.edge64();
}

std::int32_t VenueStream::ppm(std::int32_t usual) {
    return static_cast<std::int32_t>(number(usual, kPpm));
}

// ---- payloads -----------------------------------------------------------------------------------

MarketParams VenueStream::params() {
    MarketParams out;
    out.margin_tiers = {{.maintenance_ppm = ppm(50'000), .initial_ppm = ppm(100'000)}};
    if (in_.byte() % 4 == 1) {
        out.margin_tiers.front().notional_upper = number(1'000'000'000, kMaxPrice);
        out.margin_tiers.push_back({.maintenance_ppm = 200'000, .initial_ppm = ppm(300'000)});
    }
    out.funding = {.interval_ms = number(1'000, kHourMs),
                   .interest_ppb = number(100'000, kPpb),
                   .clamp_ppb = number(500'000, kPpb),
                   .cap_ppb = number(0, kPpb)};
    out.max_price = number(10'000'000, kMaxPrice);
    out.max_position_lots = number(std::int64_t{1} << 40, kMaxLots);
    out.oi_cap_lots = number(0, 1000);
    out.oi_margin_lower = number(0, kMaxPrice);
    out.oi_margin_upper = number(0, kMaxPrice);
    out.min_notional = number(0, 1'000'000);
    out.band_ppm = ppm(50'000);
    out.option_floor_ppm = ppm(80'000);
    out.band_ticks = number(0, kMaxPrice);
    out.maintenance_floor = number(0, 1'000'000);
    out.initial_floor = number(0, kMaxFloor);
    out.ema_decay_q32 = static_cast<std::uint32_t>(number(4'266'429'412, 0xffffffff));
    return out;
}

std::vector<FeeTier> VenueStream::fees() {
    std::vector<FeeTier> out;
    for (std::uint8_t count = in_.byte() % 3; count > 0; --count) {
        out.push_back({.maker_ppm = ppm(-100), .taker_ppm = ppm(450)});
    }
    return out;
}

CreateMarket VenueStream::create_market(MarketId id, MarketKind kind) {
    const bool inverse = kind == MarketKind::kInversePerpetual;
    const bool dated = kind == MarketKind::kDatedFuture || kind == MarketKind::kEuropeanOption;
    CreateMarket out{.market = id};
    out.terms = {
        .kind = kind,
        .option_side = static_cast<OptionSide>(in_.byte() % 2),
        .allow_negative = kind != MarketKind::kEuropeanOption && in_.byte() >= 200,
        .host_matched = in_.byte() >= 200,
        .settlement_asset = AssetId{inverse ? 1U : 0U},
        .feed = kFeed,
        .multiplier =
            inverse ? number(1'000'000'000, std::int64_t{1} << 62) : number(10, kMaxMultiplier),
        .lot_step = number(1, 100),
        .price_step = number(1, 100),
        .strike = kind == MarketKind::kEuropeanOption ? number(600'000, kMaxPrice) : 0,
        .expiry_ms = dated ? later(number(3 * kHourMs, kHourMs)) : 0,
        .settle_window_ms = number(1'800'000, kHourMs),
        .settle_interval_ms = kind == MarketKind::kDatedFuture ? number(600'000, kHourMs) : 0};
    out.params = params();
    out.fees = fees();
    return out;
}

Order VenueStream::order(MarketId market, std::int64_t limit, std::int64_t size) {
    Order out{.account = account(),
              .market = market,
              .limit_price = limit,
              .lots = size,
              .max_fee_ppm = 100'000,
              .good_til_ms = later(kHourMs),
              .salt = ++salt_};
    const std::uint8_t shape = in_.byte();
    out.reduce_only = shape % 8 == 1;
    if (shape >= 240) {
        out.lots = lots();
        out.salt = in_.byte() % 8;
        out.max_fee_ppm = ppm(100);
        out.good_til_ms = number(out.good_til_ms, kHourMs);
        out.limit_price = price();
    }
    return out;
}

Trade VenueStream::trade() {
    const MarketId id = market();
    const std::int64_t at = price();
    const std::int64_t size = lots();
    Trade out{.buyer = order(id, at, size),
              .seller = order(id, at, size),
              .buyer_is_taker = in_.flag(),
              .lots = size,
              .price = at};
    out.seller.side = OrderSide::kSell;
    const std::uint8_t shape = in_.byte();
    if (shape >= 252) {
        out.buyer.side = static_cast<OrderSide>(in_.byte() % 2);
        out.seller.domain = in_.byte() % 2;
    } else if (shape >= 230) {
        out.host_fees = HostFees{.buyer = amount(), .seller = -amount()};
    } else if (shape >= 220) {
        out.seller.market = market();
        out.lots = lots();
    }
    return out;
}

BookUpdate VenueStream::book() {
    const std::int64_t middle = std::clamp(price(), -2 * kMaxPrice, 2 * kMaxPrice);
    BookUpdate out{.market = market(),
                   .best_bid = middle - 10,
                   .best_ask = middle + 10,
                   .last = middle,
                   .impact_bid = middle - 50,
                   .impact_ask = middle + 50,
                   .external = in_.flag() ? price() : kNoPrice,
                   .sequence = ++sequence_};
    if (in_.byte() >= 200) {
        out.best_bid = price();
        out.impact_ask = in_.flag() ? kNoPrice : price();
        out.last = price();
    }
    return out;
}

Payload VenueStream::governance() {
    switch (in_.below(12)) {
        case 7:
            return SettleMarket{.market = market(), .price = price()};
        case 8:
            return DelistMarket{.market = market()};
        case 9:
            return RemoveFeed{.feed = FeedId{in_.byte() % 4U}};
        case 10:
            return PayOut{.source = static_cast<PayOutSource>(in_.below(3)),
                          .market = market(),
                          .asset = asset(),
                          .to = account(),
                          .amount = amount()};
        case 0:
            return CreateAsset{.asset = AssetId{in_.byte() % 70U},
                               .haircut_ppm = ppm(10'000),
                               .liability_ppm = ppm(10'000),
                               .feed = FeedId{in_.byte() % 3U},
                               .value_divisor = number(1000, kMaxMultiplier)};
        case 1:
            return CreateFeed{.feed = FeedId{in_.byte() % 4U},
                              .params = {.quorum = 1U + in_.byte() % 2U,
                                         .max_age_ms = number(60'000, kHourMs),
                                         .clamp_ppm = ppm(5'000),
                                         .jump_ppm = ppm(0),
                                         .allow_negative = in_.flag()},
                              .sources = {{.signer = kOracle}, {.signer = trader(0)}}};
        case 2:
            return create_market(market(), static_cast<MarketKind>(in_.below(4)));
        case 3:
            return UpdateMarket{.market = market(), .params = params()};
        case 4:
            return SetFeeSchedule{.market = market(), .fees = fees()};
        case 5:
            return SetVenueParams{.profit_cap = in_.flag() ? kMaxPositionValue : amount(),
                                  .valid_window_ms = number(172'800'000, 172'800'000),
                                  .paused = in_.byte() >= 250,
                                  .track_account_volume = in_.flag()};
        case 6:
            return SetFeeTier{.account = account(), .tier = static_cast<std::uint8_t>(in_.byte())};
        default:
            return SetMarketStatus{.market = market(),
                                   .status = static_cast<MarketStatus>(in_.below(7))};
    }
}

Payload VenueStream::account_payload(AccountId& signer) {
    const AccountId own = account();
    signer = own;
    switch (in_.below(10)) {
        case 9:
            return Liquidate{.account = account(), .market = market(), .liquidator = own};
        case 0:
            return Withdraw{.account = own, .asset = asset(), .amount = amount()};
        case 1:
            return Transfer{.from = own, .to = account(), .asset = asset(), .amount = amount()};
        case 2:
            return SetDelegate{.account = own, .delegate = account()};
        case 3:
            return CancelOrders{.account = own, .salt_below = salt_ - in_.byte() % 4};
        case 4:
            return InsuranceDeposit{.account = own, .asset = asset(), .amount = amount()};
        case 5:
            return RealisePnl{.account = own, .market = market()};
        case 6:
            return CreateAccount{.account = in_.flag() ? own : account()};
        case 7:
            return SetFrozen{.account = own, .frozen = in_.byte() % 4 == 1};
        default: {
            SettleBatch out{.market = market()};
            for (std::uint64_t i = 0; i < 6; ++i) {
                out.accounts.push_back(trader(i));
            }
            if (in_.byte() >= 230) {
                out.accounts.push_back(account());
            }
            return out;
        }
    }
}

Payload VenueStream::any_payload(AccountId& signer) {
    signer = kVenue;
    switch (in_.below(16)) {
        case 0:
            return Deposit{.account = account(),
                           .asset = asset(),
                           .amount = amount(),
                           .reference = ++reference_ - in_.byte() / 250U};
        case 1:
            return book();
        case 2:
            return governance();
        case 3: {
            Batch batch{.atomic = in_.flag()};
            for (std::uint8_t count = in_.byte() % 5; count > 0; --count) {
                batch.fills.push_back(trade());
            }
            return batch;
        }
        case 4:
        case 5:
        case 6:
        case 7:
            return account_payload(signer);
        default:
            return trade();
    }
}

// ---- blocks -------------------------------------------------------------------------------------

std::int64_t VenueStream::later(std::int64_t ms) const {
    std::int64_t time = 0;
    return __builtin_add_overflow(block_.header.time_ms, ms, &time)
               ? std::numeric_limits<std::int64_t>::max()
               : time;
}

void VenueStream::open_block(std::int64_t elapsed_ms) {
    ++block_.header.height;
    block_.header.time_ms = later(elapsed_ms);
    block_.transactions.clear();
}

void VenueStream::push(AccountId signer, Payload payload) {
    const AccountId key = signer == kVenue ? venue_signer(payload) : signer;
    block_.transactions.push_back(
        {.envelope = {.signer = key, .nonce = nonce_++, .valid_until_ms = later(kHourMs)},
         .payload = std::move(payload)});
}

void VenueStream::push_price() {
    const std::uint8_t shape = in_.byte();
    if (shape < 240) {
        price_ = std::clamp<std::int64_t>(price_ + (shape - 120) * 100, 1'000, 4'000'000);
    }
    OracleUpdate update{.feed = kFeed,
                        .price = price_,
                        .publish_time_ms = block_.header.time_ms,
                        .sequence = ++sequence_};
    if (shape >= 240) {
        update.price = price();
        update.confidence = number(0, 1'000);
        update.publish_time_ms = number(update.publish_time_ms, kHourMs);
        update.sequence = static_cast<std::uint64_t>(number(0, 10));
    }
    push(kVenue, update);
}

std::vector<VenueStream::VenueBlock> VenueStream::set_up() {
    std::vector<VenueBlock> out;
    open_block(1);
    push(kVenue, CreateAsset{});
    push(kVenue, CreateFeed{.feed = kFeed,
                            .params = {.max_age_ms = 1'000'000'000,
                                       .jump_ppm = ppm(0),
                                       .allow_negative = in_.byte() >= 200},
                            .sources = {{.signer = kOracle}}});
    push(kVenue, CreateAsset{.asset = AssetId{1},
                             .decimals = 8,
                             .haircut_ppm = ppm(0),
                             .liability_ppm = ppm(0),
                             .feed = kFeed,
                             .value_divisor = 1000});
    out.push_back(block_);
    open_block(1000);
    static constexpr MarketKind kKinds[kMarkets - 1] = {
        MarketKind::kLinearPerpetual, MarketKind::kInversePerpetual, MarketKind::kDatedFuture,
        MarketKind::kEuropeanOption, MarketKind::kEuropeanOption};
    for (std::uint32_t i = 0; i < std::size(kKinds); ++i) {
        push(kVenue, create_market(MarketId{i + 1}, kKinds[i]));
    }
    push_price();
    for (std::uint64_t i = 0; i < 6; ++i) {
        const bool rich = i < 4;
        push(kVenue, Deposit{.account = trader(i),
                             .asset = AssetId{0},
                             .amount = rich ? 2'000'000'000'000 : 120'000'000,
                             .reference = ++reference_});
        push(kVenue, Deposit{.account = trader(i),
                             .asset = AssetId{1},
                             .amount = rich ? 5'000'000'000 : 10'000,
                             .reference = ++reference_});
    }
    out.push_back(block_);
    return out;
}

VenueStream::VenueBlock VenueStream::next() {
    static constexpr std::int64_t kElapsed[] = {250,     1,       1000,       20'000,
                                                600'000, kHourMs, 4 * kHourMs};
    const std::uint8_t shape = in_.byte();
    open_block(shape < 252 ? kElapsed[shape % std::size(kElapsed)]
                           : std::max<std::int64_t>(1, in_.edge64()));
    if (shape % 4 != 3) {
        push_price();
    }
    const std::uint8_t size = in_.byte();
    block_.header.weight_limit = size >= 240 ? size - 240U : BlockHeader{}.weight_limit;
    for (std::uint8_t count = size % 16; count > 0 && !in_.empty(); --count) {
        AccountId signer = kVenue;
        Payload payload = any_payload(signer);
        const std::uint8_t envelope = in_.byte();
        push(envelope >= 250 ? account() : signer, std::move(payload));
        if (envelope >= 245 && envelope < 250) {
            block_.transactions.back().envelope.nonce = in_.word();
            block_.transactions.back().envelope.valid_until_ms = in_.edge64();
        } else if (envelope == 244) {
            --nonce_;  // the next transaction repeats the nonce
        }
    }
    return block_;
}

}  // namespace lockstep::fuzz
