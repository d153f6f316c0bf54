#pragma once

#include <bit>
#include <cstdint>
#include <variant>

#include "engine/base/access.hpp"
#include "instruments/portfolio.hpp"
#include "instruments/prologue.hpp"
#include "instruments/trade_checks.hpp"

namespace lockstep {

/// Names the keys that a transaction will touch, as far as they follow from its fields. Left out:
/// positions in other markets of the same accounts, cash in other assets, and the sums that move
/// only with funding and closings. A hint: it changes speed, never results.
template <class Sink>
class Declaration {
  public:
    Declaration(const VenueContext& context, Sink& sink) : context_(context), sink_(sink) {}

    void envelope(const Envelope& envelope) {
        if (envelope.nonce < NonceRecord::kLimit && envelope.valid_until_ms >= 0) {
            sink_(nonce_place(envelope).key, Access::kWrite);
        }
        if (!is_venue(envelope.signer)) {
            sink_(account_key(envelope.signer), Access::kRead);
        }
    }
    void operator()(const Trade& trade) {
        const MarketContext* market = context_.market(trade.buyer.market);
        if (market == nullptr) {
            return;
        }
        // In the order of their use: views find what comes next without a search.
        const auto sides = {&trade.buyer, &trade.seller};
        for (const Order* order : sides) {
            sink_(account_key(order->account), Access::kRead);
            if (!market->terms.host_matched || order->salt != 0) {
                sink_(order_key(order->account, order_digest(*order)), Access::kWrite);
            }
        }
        for (const Order* order : sides) {
            sink_(position_key(order->account, market->id), Access::kWrite);
        }
        for (const Order* order : sides) {
            sink_(open_markets_key(order->account, 0), Access::kWrite);
        }
        for (const Order* order : sides) {
            sink_(cash_key(order->account, market->terms.settlement_asset), Access::kWrite);
        }
        sink_(market_key(CellKind::kFundClear, market->id), Access::kAdd);
        sink_(market_key(CellKind::kClaimsLow, market->id), Access::kAdd);
        sink_(market_key(CellKind::kDust, market->id), Access::kAdd);
        sink_(market_key(CellKind::kFees, market->id), Access::kAdd);
        sink_(market_key(CellKind::kVolume, market->id), Access::kAdd);
        sink_(market_key(CellKind::kOpenInterest, market->id), Access::kAdd);
    }
    void operator()(const Batch& batch) {
        if (batch.fills.size() <= kMaxBatch) {
            for (const Trade& fill : batch.fills) {
                (*this)(fill);
            }
        }
    }
    void operator()(const Deposit& tx) {
        sink_(account_key(tx.account), Access::kWrite);  // the first one makes the account
        sink_(cash_key(tx.account, tx.asset), Access::kAdd);
        sink_(asset_key(CellKind::kAssetTotal, tx.asset), Access::kAdd);
        sink_(StateKey{CellKind::kDepositUsed, tx.reference, raw(tx.asset)}, Access::kWrite);
    }
    void operator()(const Withdraw& tx) {
        cash_out(tx.account, tx.asset);
        sink_(asset_key(CellKind::kAssetTotal, tx.asset), Access::kAdd);
    }
    void operator()(const Transfer& tx) {
        cash_out(tx.from, tx.asset);
        sink_(account_key(tx.to), Access::kRead);
        sink_(cash_key(tx.to, tx.asset), Access::kAdd);
    }
    void operator()(const InsuranceDeposit& tx) {
        cash_out(tx.account, tx.asset);
        sink_(asset_key(CellKind::kInsurance, tx.asset), Access::kAdd);
    }
    void operator()(const CreateAccount& tx) { sink_(account_key(tx.account), Access::kWrite); }
    void operator()(const SetDelegate& tx) { sink_(account_key(tx.account), Access::kWrite); }
    void operator()(const SetFrozen& tx) { sink_(account_key(tx.account), Access::kWrite); }
    void operator()(const SetFeeTier& tx) { sink_(account_key(tx.account), Access::kWrite); }
    void operator()(const CancelOrders& tx) { sink_(account_key(tx.account), Access::kWrite); }
    void operator()(const SettleBatch& tx) {
        if (tx.accounts.size() <= kMaxSettleList) {
            for (const AccountId account : tx.accounts) {
                closing(account, tx.market);
            }
            closing_sums(tx.market);
        }
    }
    void operator()(const RealisePnl& tx) {
        closing(tx.account, tx.market);
        closing_sums(tx.market);
    }
    /// Governance is rare, prices belong to the start of the block.
    template <class Other>
    void operator()(const Other&) {}

  private:
    void cash_out(AccountId account, AssetId asset) {
        sink_(account_key(account), Access::kRead);
        sink_(cash_key(account, asset), Access::kWrite);
        sink_(open_markets_key(account, 0), Access::kRead);
    }
    void closing(AccountId account, MarketId market) {
        const MarketContext* known = context_.market(market);
        if (known == nullptr) {
            return;
        }
        sink_(account_key(account), Access::kRead);
        sink_(position_key(account, market), Access::kWrite);
        sink_(open_markets_key(account, 0), Access::kWrite);
        sink_(cash_key(account, known->terms.settlement_asset), Access::kAdd);
    }
    void closing_sums(MarketId market) {
        if (context_.market(market) == nullptr) {
            return;
        }
        for (const CellKind kind : {CellKind::kFundClear, CellKind::kClaimsLow, CellKind::kDust,
                                    CellKind::kSettleClear, CellKind::kOpenInterest}) {
            sink_(market_key(kind, market), Access::kAdd);
        }
    }

    const VenueContext& context_;
    Sink& sink_;
};

}  // namespace lockstep
