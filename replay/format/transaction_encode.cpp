#include <algorithm>
#include <variant>

#include "replay/format/transaction_wire.hpp"

namespace lockstep {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
using AnyOffset = flatbuffers::Offset<void>;

/// Payload of a transaction: its type number and where its table lies.
struct Part {
    wire::Payload type;
    AnyOffset offset;
};

wire::Int128 to_wire(Int128 value) {
    return {low64(value), high64(value)};
}

wire::Order to_wire(const Order& order) {
    return {raw(order.account), order.limit_price,
            order.lots,         order.good_til_ms,
            order.salt,         order.domain,
            raw(order.market),  order.max_fee_ppm,
            order.reduce_only,  static_cast<std::uint8_t>(order.side)};
}

wire::MarketTerms to_wire(const MarketTerms& terms) {
    return {terms.multiplier,
            terms.lot_step,
            terms.price_step,
            terms.strike,
            terms.expiry_ms,
            terms.settle_window_ms,
            terms.settle_interval_ms,
            raw(terms.settlement_asset),
            raw(terms.feed),
            static_cast<std::uint8_t>(terms.kind),
            static_cast<std::uint8_t>(terms.option_side),
            terms.allow_negative,
            terms.host_matched};
}

wire::FeedParams to_wire(const FeedParams& params) {
    return {params.max_age_ms, params.max_ahead_ms, params.quorum,        params.confidence_ppm,
            params.clamp_ppm,  params.jump_ppm,     params.allow_negative};
}

flatbuffers::Offset<wire::MarketParams> encode(Builder& builder, const MarketParams& params) {
    std::vector<wire::MarginTier> tiers;
    tiers.reserve(params.margin_tiers.size());
    for (const MarginTier& tier : params.margin_tiers) {
        tiers.emplace_back(tier.notional_upper, tier.maintenance_ppm, tier.initial_ppm);
    }
    const wire::FundingTerms funding(params.funding.interval_ms, params.funding.interest_ppb,
                                     params.funding.clamp_ppb, params.funding.cap_ppb);
    return wire::CreateMarketParams(
        builder, builder.CreateVectorOfStructs(tiers), &funding, params.max_price,
        params.max_position_lots, params.oi_cap_lots, params.oi_margin_lower,
        params.oi_margin_upper, params.min_notional, params.band_ppm, params.option_floor_ppm,
        params.ema_decay_q32, params.band_ticks, params.maintenance_floor, params.initial_floor);
}

auto encode(Builder& builder, const std::vector<FeeTier>& fees) {
    std::vector<wire::FeeTier> tiers;
    tiers.reserve(fees.size());
    for (const FeeTier& tier : fees) {
        tiers.emplace_back(tier.maker_ppm, tier.taker_ppm);
    }
    return builder.CreateVectorOfStructs(tiers);
}

flatbuffers::Offset<wire::Trade> encode(Builder& builder, const Trade& trade) {
    const wire::Order buyer = to_wire(trade.buyer);
    const wire::Order seller = to_wire(trade.seller);
    wire::HostFees fees;
    if (trade.host_fees) {
        fees = wire::HostFees(to_wire(trade.host_fees->buyer), to_wire(trade.host_fees->seller));
    }
    return wire::CreateTrade(builder, &buyer, &seller, trade.buyer_is_taker, trade.lots,
                             trade.price, trade.host_fees ? &fees : nullptr);
}

/// One overload per alternative of Payload.
struct PartEncoder {
    Builder& builder;

    Part operator()(const CreateAsset& tx) const {
        return {wire::Payload::CreateAsset,
                wire::CreateCreateAsset(builder, raw(tx.asset), tx.decimals, tx.haircut_ppm,
                                        tx.liability_ppm, raw(tx.feed), tx.value_divisor)
                    .Union()};
    }
    Part operator()(const CreateFeed& tx) const {
        std::vector<wire::FeedSource> sources;
        sources.reserve(tx.sources.size());
        for (const FeedSource& source : tx.sources) {
            sources.emplace_back(raw(source.signer), source.weight);
        }
        const wire::FeedParams params = to_wire(tx.params);
        return {wire::Payload::CreateFeed,
                wire::CreateCreateFeed(builder, raw(tx.feed), &params,
                                       builder.CreateVectorOfStructs(sources))
                    .Union()};
    }
    Part operator()(const CreateMarket& tx) const {
        const wire::MarketTerms terms = to_wire(tx.terms);
        const auto params = encode(builder, tx.params);
        const auto fees = encode(builder, tx.fees);
        return {wire::Payload::CreateMarket,
                wire::CreateCreateMarket(builder, raw(tx.market), &terms, params, fees,
                                         static_cast<std::uint8_t>(tx.status))
                    .Union()};
    }
    Part operator()(const UpdateMarket& tx) const {
        const auto params = encode(builder, tx.params);
        return {wire::Payload::UpdateMarket,
                wire::CreateUpdateMarket(builder, raw(tx.market), params).Union()};
    }
    Part operator()(const SetMarketStatus& tx) const {
        return {wire::Payload::SetMarketStatus,
                wire::CreateSetMarketStatus(builder, raw(tx.market),
                                            static_cast<std::uint8_t>(tx.status))
                    .Union()};
    }
    Part operator()(const SetFeeSchedule& tx) const {
        const auto fees = encode(builder, tx.fees);
        return {wire::Payload::SetFeeSchedule,
                wire::CreateSetFeeSchedule(builder, raw(tx.market), fees).Union()};
    }
    Part operator()(const SetVenueParams& tx) const {
        const wire::Int128 cap = to_wire(tx.profit_cap);
        return {wire::Payload::SetVenueParams,
                wire::CreateSetVenueParams(builder, &cap, tx.valid_window_ms, tx.paused,
                                           tx.track_account_volume, tx.domain)
                    .Union()};
    }
    Part operator()(const SettleMarket& tx) const {
        return {wire::Payload::SettleMarket,
                wire::CreateSettleMarket(builder, raw(tx.market), tx.price).Union()};
    }
    Part operator()(const DelistMarket& tx) const {
        return {wire::Payload::DelistMarket,
                wire::CreateDelistMarket(builder, raw(tx.market)).Union()};
    }
    Part operator()(const RemoveFeed& tx) const {
        return {wire::Payload::RemoveFeed, wire::CreateRemoveFeed(builder, raw(tx.feed)).Union()};
    }
    Part operator()(const PayOut& tx) const {
        const wire::Int128 amount = to_wire(tx.amount);
        return {wire::Payload::PayOut,
                wire::CreatePayOut(builder, static_cast<std::uint8_t>(tx.source), raw(tx.market),
                                   raw(tx.asset), raw(tx.to), &amount)
                    .Union()};
    }
    Part operator()(const OracleUpdate& tx) const {
        return {wire::Payload::OracleUpdate,
                wire::CreateOracleUpdate(builder, raw(tx.feed), tx.source, tx.price, tx.confidence,
                                         tx.publish_time_ms, tx.sequence)
                    .Union()};
    }
    Part operator()(const BookUpdate& tx) const {
        return {wire::Payload::BookUpdate,
                wire::CreateBookUpdate(builder, raw(tx.market), tx.best_bid, tx.best_ask, tx.last,
                                       tx.impact_bid, tx.impact_ask, tx.external, tx.sequence)
                    .Union()};
    }
    Part operator()(const CreateAccount& tx) const {
        return {wire::Payload::CreateAccount,
                wire::CreateCreateAccount(builder, raw(tx.account)).Union()};
    }
    Part operator()(const Deposit& tx) const {
        const wire::Int128 amount = to_wire(tx.amount);
        return {wire::Payload::Deposit,
                wire::CreateDeposit(builder, raw(tx.account), raw(tx.asset), &amount, tx.reference)
                    .Union()};
    }
    Part operator()(const Withdraw& tx) const {
        const wire::Int128 amount = to_wire(tx.amount);
        return {wire::Payload::Withdraw,
                wire::CreateWithdraw(builder, raw(tx.account), raw(tx.asset), &amount).Union()};
    }
    Part operator()(const Transfer& tx) const {
        const wire::Int128 amount = to_wire(tx.amount);
        return {wire::Payload::Transfer,
                wire::CreateTransfer(builder, raw(tx.from), raw(tx.to), raw(tx.asset), &amount)
                    .Union()};
    }
    Part operator()(const SetDelegate& tx) const {
        return {wire::Payload::SetDelegate,
                wire::CreateSetDelegate(builder, raw(tx.account), raw(tx.delegate)).Union()};
    }
    Part operator()(const SetFrozen& tx) const {
        return {wire::Payload::SetFrozen,
                wire::CreateSetFrozen(builder, raw(tx.account), tx.frozen).Union()};
    }
    Part operator()(const SetFeeTier& tx) const {
        return {wire::Payload::SetFeeTier,
                wire::CreateSetFeeTier(builder, raw(tx.account), tx.tier).Union()};
    }
    Part operator()(const CancelOrders& tx) const {
        return {wire::Payload::CancelOrders,
                wire::CreateCancelOrders(builder, raw(tx.account), tx.salt_below).Union()};
    }
    Part operator()(const InsuranceDeposit& tx) const {
        const wire::Int128 amount = to_wire(tx.amount);
        return {
            wire::Payload::InsuranceDeposit,
            wire::CreateInsuranceDeposit(builder, raw(tx.account), raw(tx.asset), &amount).Union()};
    }
    Part operator()(const Trade& tx) const {
        return {wire::Payload::Trade, encode(builder, tx).Union()};
    }
    Part operator()(const Batch& tx) const {
        std::vector<flatbuffers::Offset<wire::Trade>> fills;
        fills.reserve(tx.fills.size());
        for (const Trade& fill : tx.fills) {
            fills.push_back(encode(builder, fill));
        }
        return {wire::Payload::Batch,
                wire::CreateBatch(builder, tx.atomic, builder.CreateVector(fills)).Union()};
    }
    Part operator()(const SettleBatch& tx) const {
        std::vector<std::uint64_t> accounts;
        accounts.reserve(tx.accounts.size());
        for (const AccountId account : tx.accounts) {
            accounts.push_back(raw(account));
        }
        return {wire::Payload::SettleBatch,
                wire::CreateSettleBatch(builder, raw(tx.market), builder.CreateVector(accounts))
                    .Union()};
    }
    Part operator()(const Liquidate& tx) const {
        return {wire::Payload::Liquidate,
                wire::CreateLiquidate(builder, raw(tx.account), raw(tx.market), raw(tx.liquidator))
                    .Union()};
    }
    Part operator()(const RealisePnl& tx) const {
        return {wire::Payload::RealisePnl,
                wire::CreateRealisePnl(builder, raw(tx.account), raw(tx.market)).Union()};
    }
};

struct LongestList {
    std::size_t operator()(const CreateFeed& tx) const { return tx.sources.size(); }
    std::size_t operator()(const CreateMarket& tx) const {
        return std::max(tx.fees.size(), tx.params.margin_tiers.size());
    }
    std::size_t operator()(const UpdateMarket& tx) const { return tx.params.margin_tiers.size(); }
    std::size_t operator()(const SetFeeSchedule& tx) const { return tx.fees.size(); }
    std::size_t operator()(const Batch& tx) const { return tx.fills.size(); }
    std::size_t operator()(const SettleBatch& tx) const { return tx.accounts.size(); }
    template <class Other>
    std::size_t operator()(const Other&) const {
        return 0;
    }
};

}  // namespace

flatbuffers::Offset<wire::Transaction> encode_transaction(Builder& builder,
                                                          const Transaction& transaction) {
    const Part part = std::visit(PartEncoder{builder}, transaction.payload);
    const wire::Envelope envelope(raw(transaction.envelope.signer), transaction.envelope.nonce,
                                  transaction.envelope.valid_until_ms);
    return wire::CreateTransaction(builder, &envelope, part.type, part.offset);
}

std::size_t longest_list(const Transaction& transaction) {
    return std::visit(LongestList{}, transaction.payload);
}

}  // namespace lockstep
