#include "tests/replay/log_samples.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <limits>

#include "replay/format/log_writer.hpp"

namespace lockstep::test {
namespace {

constexpr std::int64_t kLow64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHigh64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t kLow32 = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kHigh32 = std::numeric_limits<std::int32_t>::max();

/// One value per field type; `one_of_each` passes different ones, `extremes` the ends.
struct Values {
    std::int64_t i64;
    std::int32_t i32;
    std::uint64_t u64;
    std::uint32_t u32;
    std::uint8_t u8;
    Int128 i128;
    bool flag;
    std::size_t list;
    bool optional;
};

Order order(const Values& v, std::int64_t shift) {
    return {.account = AccountId{v.u64},
            .market = MarketId{v.u32},
            .limit_price = v.i64 ^ shift,
            .lots = v.i64,
            .max_fee_ppm = v.i32,
            .reduce_only = v.flag,
            .good_til_ms = v.i64 ^ (2 * shift),
            .salt = v.u64 ^ static_cast<std::uint64_t>(shift),
            .domain = v.u64 ^ 11,
            .side = v.flag ? OrderSide::kSell : OrderSide::kBuy};
}

Trade trade(const Values& v) {
    Trade out{.buyer = order(v, 1),
              .seller = order(v, 5),
              .buyer_is_taker = v.flag,
              .lots = v.i64,
              .price = v.i64 ^ 9,
              .host_fees = std::nullopt};
    if (v.optional) {
        out.host_fees = {.buyer = v.i128, .seller = v.i128 ^ 3};
    }
    return out;
}

MarketParams params(const Values& v) {
    MarketParams out;
    out.margin_tiers.assign(
        v.list, {.notional_upper = v.i64, .maintenance_ppm = v.i32, .initial_ppm = v.i32 ^ 1});
    out.funding = {.interval_ms = v.i64,
                   .interest_ppb = v.i64 ^ 1,
                   .clamp_ppb = v.i64 ^ 2,
                   .cap_ppb = v.i64 ^ 3};
    out.max_price = v.i64 ^ 4;
    out.max_position_lots = v.i64 ^ 5;
    out.oi_cap_lots = v.i64 ^ 6;
    out.oi_margin_lower = v.i64 ^ 7;
    out.oi_margin_upper = v.i64 ^ 8;
    out.min_notional = v.i64 ^ 9;
    out.band_ppm = v.i32 ^ 2;
    out.option_floor_ppm = v.i32 ^ 3;
    out.ema_decay_q32 = v.u32;
    out.band_ticks = v.i64 ^ 10;
    out.maintenance_floor = v.i64 ^ 11;
    out.initial_floor = v.i64 ^ 12;
    return out;
}

MarketTerms terms(const Values& v) {
    return {.kind = v.flag ? MarketKind::kEuropeanOption : MarketKind::kLinearPerpetual,
            .option_side = v.flag ? OptionSide::kPut : OptionSide::kCall,
            .allow_negative = v.flag,
            .host_matched = !v.flag,
            .settlement_asset = AssetId{v.u32},
            .feed = FeedId{v.u32 ^ 1},
            .multiplier = v.i64,
            .lot_step = v.i64 ^ 1,
            .price_step = v.i64 ^ 2,
            .strike = v.i64 ^ 3,
            .expiry_ms = v.i64 ^ 4,
            .settle_window_ms = v.i64 ^ 5,
            .settle_interval_ms = v.i64 ^ 6};
}

std::vector<Payload> payloads(const Values& v) {
    const MarketStatus status = v.flag ? MarketStatus::kFrozen : MarketStatus::kActive;
    const std::vector<FeeTier> fees(v.list, {.maker_ppm = v.i32, .taker_ppm = v.i32 ^ 1});
    return {
        CreateAsset{AssetId{v.u32}, v.u8, v.i32, v.i32 ^ 1, FeedId{v.u32 ^ 1}, v.i64},
        CreateFeed{FeedId{v.u32},
                   {.quorum = v.u32 ^ 2,
                    .max_age_ms = v.i64,
                    .max_ahead_ms = v.i64 ^ 1,
                    .confidence_ppm = v.i32,
                    .clamp_ppm = v.i32 ^ 1,
                    .jump_ppm = v.i32 ^ 2,
                    .allow_negative = v.flag},
                   std::vector<FeedSource>(v.list, {.signer = AccountId{v.u64}, .weight = v.u32})},
        CreateMarket{MarketId{v.u32}, terms(v), params(v), fees, status},
        UpdateMarket{MarketId{v.u32}, params(v)},
        SetMarketStatus{MarketId{v.u32}, status},
        SetFeeSchedule{MarketId{v.u32}, fees},
        SetVenueParams{v.i128, v.i64, v.flag, !v.flag, v.u64 ^ 2},
        SettleMarket{MarketId{v.u32}, v.i64},
        DelistMarket{MarketId{v.u32}},
        RemoveFeed{FeedId{v.u32}},
        PayOut{v.flag ? PayOutSource::kInsurance : PayOutSource::kFees, MarketId{v.u32},
               AssetId{v.u32 ^ 1}, AccountId{v.u64}, v.i128},
        OracleUpdate{FeedId{v.u32}, v.u32 ^ 1, v.i64, v.i64 ^ 1, v.i64 ^ 2, v.u64},
        BookUpdate{MarketId{v.u32}, v.i64, v.i64 ^ 1, v.i64 ^ 2, v.i64 ^ 3, v.i64 ^ 4, v.i64 ^ 5,
                   v.u64},
        CreateAccount{AccountId{v.u64}},
        Deposit{AccountId{v.u64}, AssetId{v.u32}, v.i128, v.u64 ^ 1},
        Withdraw{AccountId{v.u64}, AssetId{v.u32}, v.i128},
        Transfer{AccountId{v.u64}, AccountId{v.u64 ^ 1}, AssetId{v.u32}, v.i128},
        SetDelegate{AccountId{v.u64}, AccountId{v.u64 ^ 1}},
        SetFrozen{AccountId{v.u64}, v.flag},
        SetFeeTier{AccountId{v.u64}, v.u8},
        CancelOrders{AccountId{v.u64}, v.u64 ^ 1},
        InsuranceDeposit{AccountId{v.u64}, AssetId{v.u32}, v.i128},
        trade(v),
        Batch{v.flag, std::vector<Trade>(v.list, trade(v))},
        SettleBatch{MarketId{v.u32}, std::vector<AccountId>(v.list, AccountId{v.u64})},
        RealisePnl{AccountId{v.u64}, MarketId{v.u32}},
        Liquidate{AccountId{v.u64}, MarketId{v.u32}, AccountId{v.u64 ^ 1}},
    };
}

void append(std::vector<Transaction>& out, const Values& v) {
    for (Payload& payload : payloads(v)) {
        out.push_back({.envelope = {.signer = AccountId{v.u64},
                                    .nonce = v.u64 ^ out.size(),
                                    .valid_until_ms = v.i64},
                       .payload = std::move(payload)});
    }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        ADD_FAILURE() << "no temporary folder";
    }
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<Transaction> one_of_each() {
    std::vector<Transaction> out;
    append(out, {.i64 = 0x0102030405060708,
                 .i32 = 0x11121314,
                 .u64 = 0x2122232425262728,
                 .u32 = 0x31323334,
                 .u8 = 0x41,
                 .i128 = make_int128(0x5152535455565758, 0x6162636465666768),
                 .flag = true,
                 .list = 3,
                 .optional = true});
    return out;
}

std::vector<Transaction> extremes() {
    std::vector<Transaction> out;
    append(out, {.i64 = kLow64,
                 .i32 = kLow32,
                 .u64 = 0,
                 .u32 = 0,
                 .u8 = 0,
                 .i128 = kInt128Min,
                 .flag = false,
                 .list = 0,
                 .optional = false});
    append(out, {.i64 = kHigh64,
                 .i32 = kHigh32,
                 .u64 = UINT64_MAX,
                 .u32 = UINT32_MAX,
                 .u8 = UINT8_MAX,
                 .i128 = kInt128Max,
                 .flag = true,
                 .list = 300,
                 .optional = true});
    append(out, {.i64 = 0,
                 .i32 = 0,
                 .u64 = 0,
                 .u32 = 0,
                 .u8 = 0,
                 .i128 = 0,
                 .flag = false,
                 .list = 1,
                 .optional = true});
    return out;
}

LogHeader sample_header() {
    return {.chain_id = "sample-1",
            .creator = "log_samples",
            .genesis = "one of each transaction",
            .source = "synthetic throughout"};
}

std::vector<LogBlock> sample_blocks(std::size_t count, std::uint64_t first) {
    std::vector<LogBlock> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back({.header = {.height = first + i,
                                  .time_ms = 1'700'000'000'000 + static_cast<std::int64_t>(i) * 500,
                                  .weight_limit = 1'000'000 + i},
                       .transactions = one_of_each()});
    }
    return out;
}

std::vector<std::byte> read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

void write_bytes(const std::string& path, std::span<const std::byte> bytes) {
    std::ofstream out(path, std::ios::binary);
    for (const std::byte b : bytes) {
        out.put(static_cast<char>(b));
    }
}

std::vector<std::byte> log_bytes(const std::vector<LogBlock>& blocks) {
    const TemporaryFolder folder;
    auto writer = LogWriter::create(folder.file("log"), sample_header());
    EXPECT_TRUE(writer.has_value());
    for (const LogBlock& block : blocks) {
        EXPECT_TRUE(writer->append(block).has_value());
    }
    EXPECT_TRUE(writer->close().has_value());
    return read_bytes(folder.file("log"));
}

}  // namespace lockstep::test
