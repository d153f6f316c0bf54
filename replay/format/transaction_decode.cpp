#include "replay/format/limits.hpp"
#include "replay/format/transaction_wire.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kEnvelopeSize = 24;
constexpr std::uint64_t kTableSize = 8;  // its vtable offset and an offset to it
constexpr const char* kShared = "parts of the payload are shared: more content than bytes";

Int128 from_wire(const wire::Int128& value) {
    return make_int128(value.high(), value.low());
}

Order from_wire(const wire::Order& in, OrderSide side) {
    return {.account = AccountId{in.account()},
            .market = MarketId{in.market()},
            .limit_price = in.limit_price(),
            .lots = in.lots(),
            .max_fee_ppm = in.max_fee_ppm(),
            .reduce_only = in.reduce_only(),
            .good_til_ms = in.good_til_ms(),
            .salt = in.salt(),
            .domain = in.domain(),
            .side = side};
}

FeedParams from_wire(const wire::FeedParams& in) {
    return {.quorum = in.quorum(),
            .max_age_ms = in.max_age_ms(),
            .max_ahead_ms = in.max_ahead_ms(),
            .confidence_ppm = in.confidence_ppm(),
            .clamp_ppm = in.clamp_ppm(),
            .jump_ppm = in.jump_ppm(),
            .allow_negative = in.allow_negative()};
}

/// Decodes one transaction. The first refusal stays in `refused`; values made after it are dropped
/// with the transaction.
class TransactionDecoder {
  public:
    explicit TransactionDecoder(DecodeBudget& budget) : budget_(budget) {}

    [[nodiscard]] const char* refused() const { return refused_; }

    Payload payload(const wire::Transaction& in) {
        switch (in.payload_type()) {
            case wire::Payload::Deposit:
            case wire::Payload::Withdraw:
            case wire::Payload::Transfer:
            case wire::Payload::InsuranceDeposit:
                return cash(in);
            case wire::Payload::CreateAccount:
            case wire::Payload::SetDelegate:
            case wire::Payload::SetFrozen:
            case wire::Payload::SetFeeTier:
            case wire::Payload::CancelOrders:
                return account(in);
            case wire::Payload::OracleUpdate:
            case wire::Payload::BookUpdate:
            case wire::Payload::Trade:
            case wire::Payload::Batch:
            case wire::Payload::SettleBatch:
            case wire::Payload::RealisePnl:
            case wire::Payload::Liquidate:
                return market(in);
            default:
                return governance(in);
        }
    }

    void charge(std::uint64_t bytes) {
        if (!budget_.charge(bytes)) {
            refuse(kShared);
        }
    }

  private:
    void refuse(const char* reason) {
        if (refused_ == nullptr) {
            refused_ = reason;
        }
    }

    template <class Enum>
    Enum checked_enum(std::uint8_t value, Enum last, const char* reason) {
        if (value > static_cast<std::uint8_t>(last)) {
            refuse(reason);
            return last;
        }
        return Enum{value};
    }
    MarketStatus status(std::uint8_t value) {
        return checked_enum(value, MarketStatus::kFrozen, "unknown market status");
    }

    /// True when the list may be walked. `Element` is what lies in the payload.
    template <class Element, class List>
    bool accept_list(const List& list) {
        if (list.size() > kListMax) {
            refuse("a list is longer than the limit of the format");
            // tidy: allow(raw_bytes) asks for the alignment only
        } else if (reinterpret_cast<std::uintptr_t>(list.Data()) % alignof(Element) != 0) {
            refuse("a list is not aligned");
        } else {
            charge(std::uint64_t{sizeof(Element)} * list.size());
        }
        return refused_ == nullptr;
    }

    MarketTerms terms(const wire::MarketTerms& in) {
        return {
            .kind = checked_enum(in.kind(), MarketKind::kEuropeanOption, "unknown market kind"),
            .option_side = checked_enum(in.option_side(), OptionSide::kPut, "unknown option side"),
            .allow_negative = in.allow_negative(),
            .host_matched = in.host_matched(),
            .settlement_asset = AssetId{in.settlement_asset()},
            .feed = FeedId{in.feed()},
            .multiplier = in.multiplier(),
            .lot_step = in.lot_step(),
            .price_step = in.price_step(),
            .strike = in.strike(),
            .expiry_ms = in.expiry_ms(),
            .settle_window_ms = in.settle_window_ms(),
            .settle_interval_ms = in.settle_interval_ms()};
    }

    MarketParams params(const wire::MarketParams& in) {
        MarketParams out;
        if (accept_list<wire::MarginTier>(*in.margin_tiers())) {
            for (const wire::MarginTier* tier : *in.margin_tiers()) {
                out.margin_tiers.push_back({.notional_upper = tier->notional_upper(),
                                            .maintenance_ppm = tier->maintenance_ppm(),
                                            .initial_ppm = tier->initial_ppm()});
            }
        }
        const wire::FundingTerms& funding = *in.funding();
        out.funding = {.interval_ms = funding.interval_ms(),
                       .interest_ppb = funding.interest_ppb(),
                       .clamp_ppb = funding.clamp_ppb(),
                       .cap_ppb = funding.cap_ppb()};
        out.max_price = in.max_price();
        out.max_position_lots = in.max_position_lots();
        out.oi_cap_lots = in.oi_cap_lots();
        out.oi_margin_lower = in.oi_margin_lower();
        out.oi_margin_upper = in.oi_margin_upper();
        out.min_notional = in.min_notional();
        out.band_ppm = in.band_ppm();
        out.option_floor_ppm = in.option_floor_ppm();
        out.ema_decay_q32 = in.ema_decay_q32();
        out.band_ticks = in.band_ticks();
        out.maintenance_floor = in.maintenance_floor();
        out.initial_floor = in.initial_floor();
        return out;
    }

    std::vector<FeeTier> fees(const flatbuffers::Vector<const wire::FeeTier*>& in) {
        std::vector<FeeTier> out;
        if (accept_list<wire::FeeTier>(in)) {
            for (const wire::FeeTier* tier : in) {
                out.push_back({.maker_ppm = tier->maker_ppm(), .taker_ppm = tier->taker_ppm()});
            }
        }
        return out;
    }

    Order order(const wire::Order& in) {
        return from_wire(in, checked_enum(in.side(), OrderSide::kSell, "unknown order side"));
    }

    Trade trade(const wire::Trade& in) {
        charge(2 * sizeof(wire::Order));
        Trade out{.buyer = order(*in.buyer()),
                  .seller = order(*in.seller()),
                  .buyer_is_taker = in.buyer_is_taker(),
                  .lots = in.lots(),
                  .price = in.price(),
                  .host_fees = std::nullopt};
        if (in.host_fees() != nullptr) {
            out.host_fees = {.buyer = from_wire(in.host_fees()->buyer()),
                             .seller = from_wire(in.host_fees()->seller())};
        }
        return out;
    }

    Payload governance(const wire::Transaction& in) {
        switch (in.payload_type()) {
            case wire::Payload::CreateAsset: {
                const auto& tx = *in.payload_as_CreateAsset();
                return CreateAsset{.asset = AssetId{tx.asset()},
                                   .decimals = tx.decimals(),
                                   .haircut_ppm = tx.haircut_ppm(),
                                   .liability_ppm = tx.liability_ppm(),
                                   .feed = FeedId{tx.feed()},
                                   .value_divisor = tx.value_divisor()};
            }
            case wire::Payload::CreateFeed: {
                const auto& tx = *in.payload_as_CreateFeed();
                CreateFeed out{
                    .feed = FeedId{tx.feed()}, .params = from_wire(*tx.params()), .sources = {}};
                if (accept_list<wire::FeedSource>(*tx.sources())) {
                    for (const wire::FeedSource* source : *tx.sources()) {
                        out.sources.push_back(
                            {.signer = AccountId{source->signer()}, .weight = source->weight()});
                    }
                }
                return out;
            }
            case wire::Payload::CreateMarket: {
                const auto& tx = *in.payload_as_CreateMarket();
                return CreateMarket{.market = MarketId{tx.market()},
                                    .terms = terms(*tx.terms()),
                                    .params = params(*tx.params()),
                                    .fees = fees(*tx.fees()),
                                    .status = status(tx.status())};
            }
            case wire::Payload::UpdateMarket: {
                const auto& tx = *in.payload_as_UpdateMarket();
                return UpdateMarket{.market = MarketId{tx.market()},
                                    .params = params(*tx.params())};
            }
            case wire::Payload::SetMarketStatus: {
                const auto& tx = *in.payload_as_SetMarketStatus();
                return SetMarketStatus{.market = MarketId{tx.market()},
                                       .status = status(tx.status())};
            }
            case wire::Payload::SetFeeSchedule: {
                const auto& tx = *in.payload_as_SetFeeSchedule();
                return SetFeeSchedule{.market = MarketId{tx.market()}, .fees = fees(*tx.fees())};
            }
            case wire::Payload::SetVenueParams: {
                const auto& tx = *in.payload_as_SetVenueParams();
                return SetVenueParams{.profit_cap = from_wire(*tx.profit_cap()),
                                      .valid_window_ms = tx.valid_window_ms(),
                                      .paused = tx.paused(),
                                      .track_account_volume = tx.track_account_volume(),
                                      .domain = tx.domain()};
            }
            default:
                return closing(in);
        }
    }

    Payload closing(const wire::Transaction& in) {
        switch (in.payload_type()) {
            case wire::Payload::SettleMarket: {
                const auto& tx = *in.payload_as_SettleMarket();
                return SettleMarket{.market = MarketId{tx.market()}, .price = tx.price()};
            }
            case wire::Payload::DelistMarket:
                return DelistMarket{.market = MarketId{in.payload_as_DelistMarket()->market()}};
            case wire::Payload::RemoveFeed:
                return RemoveFeed{.feed = FeedId{in.payload_as_RemoveFeed()->feed()}};
            case wire::Payload::PayOut: {
                const auto& tx = *in.payload_as_PayOut();
                return PayOut{.source = checked_enum(tx.source(), PayOutSource::kInsurance,
                                                     "unknown source of a payment"),
                              .market = MarketId{tx.market()},
                              .asset = AssetId{tx.asset()},
                              .to = AccountId{tx.to()},
                              .amount = from_wire(*tx.amount())};
            }
            default:
                refuse("unknown transaction type");
                return CreateAsset{};
        }
    }

    Payload cash(const wire::Transaction& in) {
        switch (in.payload_type()) {
            case wire::Payload::Deposit: {
                const auto& tx = *in.payload_as_Deposit();
                return Deposit{.account = AccountId{tx.account()},
                               .asset = AssetId{tx.asset()},
                               .amount = from_wire(*tx.amount()),
                               .reference = tx.reference()};
            }
            case wire::Payload::Withdraw: {
                const auto& tx = *in.payload_as_Withdraw();
                return Withdraw{AccountId{tx.account()}, AssetId{tx.asset()},
                                from_wire(*tx.amount())};
            }
            case wire::Payload::Transfer: {
                const auto& tx = *in.payload_as_Transfer();
                return Transfer{AccountId{tx.from()}, AccountId{tx.to()}, AssetId{tx.asset()},
                                from_wire(*tx.amount())};
            }
            default: {
                const auto& tx = *in.payload_as_InsuranceDeposit();
                return InsuranceDeposit{AccountId{tx.account()}, AssetId{tx.asset()},
                                        from_wire(*tx.amount())};
            }
        }
    }

    Payload account(const wire::Transaction& in) {
        switch (in.payload_type()) {
            case wire::Payload::CreateAccount:
                return CreateAccount{.account =
                                         AccountId{in.payload_as_CreateAccount()->account()}};
            case wire::Payload::SetDelegate: {
                const auto& tx = *in.payload_as_SetDelegate();
                return SetDelegate{.account = AccountId{tx.account()},
                                   .delegate = AccountId{tx.delegate()}};
            }
            case wire::Payload::SetFrozen: {
                const auto& tx = *in.payload_as_SetFrozen();
                return SetFrozen{.account = AccountId{tx.account()}, .frozen = tx.frozen()};
            }
            case wire::Payload::SetFeeTier: {
                const auto& tx = *in.payload_as_SetFeeTier();
                return SetFeeTier{.account = AccountId{tx.account()}, .tier = tx.tier()};
            }
            default: {
                const auto& tx = *in.payload_as_CancelOrders();
                return CancelOrders{.account = AccountId{tx.account()},
                                    .salt_below = tx.salt_below()};
            }
        }
    }

    Payload market(const wire::Transaction& in) {
        switch (in.payload_type()) {
            case wire::Payload::OracleUpdate: {
                const auto& tx = *in.payload_as_OracleUpdate();
                return OracleUpdate{.feed = FeedId{tx.feed()},
                                    .source = tx.source(),
                                    .price = tx.price(),
                                    .confidence = tx.confidence(),
                                    .publish_time_ms = tx.publish_time_ms(),
                                    .sequence = tx.sequence()};
            }
            case wire::Payload::BookUpdate: {
                const auto& tx = *in.payload_as_BookUpdate();
                return BookUpdate{.market = MarketId{tx.market()},
                                  .best_bid = tx.best_bid(),
                                  .best_ask = tx.best_ask(),
                                  .last = tx.last(),
                                  .impact_bid = tx.impact_bid(),
                                  .impact_ask = tx.impact_ask(),
                                  .external = tx.external(),
                                  .sequence = tx.sequence()};
            }
            case wire::Payload::Trade:
                return trade(*in.payload_as_Trade());
            case wire::Payload::Batch: {
                const auto& tx = *in.payload_as_Batch();
                Batch out{.atomic = tx.atomic(), .fills = {}};
                if (accept_list<flatbuffers::uoffset_t>(*tx.fills())) {
                    for (const wire::Trade* fill : *tx.fills()) {
                        out.fills.push_back(trade(*fill));
                    }
                }
                return out;
            }
            case wire::Payload::SettleBatch: {
                const auto& tx = *in.payload_as_SettleBatch();
                SettleBatch out{.market = MarketId{tx.market()}, .accounts = {}};
                if (accept_list<std::uint64_t>(*tx.accounts())) {
                    for (const std::uint64_t account : *tx.accounts()) {
                        out.accounts.push_back(AccountId{account});
                    }
                }
                return out;
            }
            case wire::Payload::Liquidate: {
                const auto& tx = *in.payload_as_Liquidate();
                return Liquidate{AccountId{tx.account()}, MarketId{tx.market()},
                                 AccountId{tx.liquidator()}};
            }
            default: {
                const auto& tx = *in.payload_as_RealisePnl();
                return RealisePnl{AccountId{tx.account()}, MarketId{tx.market()}};
            }
        }
    }

    DecodeBudget& budget_;
    const char* refused_ = nullptr;
};

}  // namespace

Result<Transaction, const char*> decode_transaction(const wire::Transaction& in,
                                                    DecodeBudget& budget) {
    TransactionDecoder decoder(budget);
    decoder.charge(kEnvelopeSize + kTableSize);
    Transaction out;
    out.envelope = {.signer = AccountId{in.envelope()->signer()},
                    .nonce = in.envelope()->nonce(),
                    .valid_until_ms = in.envelope()->valid_until_ms()};
    out.payload = decoder.payload(in);
    if (decoder.refused() != nullptr) {
        return failure(decoder.refused());
    }
    return out;
}

}  // namespace lockstep
