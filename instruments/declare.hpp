#pragma once

#include <bit>
#include <cstdint>
#include <variant>

#include "engine/base/access.hpp"
#include "instruments/portfolio.hpp"
#include "instruments/prologue.hpp"
#include "instruments/trade_checks.hpp"

namespace lockstep {

/// Names the units of all cells that a transaction can touch (unit_key): accounts as a whole, the
/// sums of a market as a whole, and cells that are units of their own. Governance and prices are
/// not declared: `declares` says which transactions are.
template <class Sink>
class Declaration {
  public:
    Declaration(const VenueContext& context, Sink& sink) : context_(context), sink_(sink) {}

    void envelope(const Envelope& envelope) {
        if (!is_venue(envelope.signer)) {
            sink_(account_key(envelope.signer), Access::kWrite);  // its nonces
        } else if (envelope.nonce < NonceBits::kLimit && envelope.valid_until_ms >= 0) {
            const auto nonce =
                NonceBits::of(envelope.signer, envelope.nonce, envelope.valid_until_ms);
            sink_(nonce.table.root(), Access::kWrite);
        }
    }
    void operator()(const Trade& trade) {
        for (const Order* order : {&trade.buyer, &trade.seller}) {
            sink_(account_key(order->account), Access::kWrite);
            sink_(order_table(order->account).root(), Access::kWrite);  // same unit; to be fetched
        }
        sums(trade.buyer.market);
    }
    void operator()(const Batch& batch) {
        if (batch.fills.size() <= kMaxBatch) {
            for (const Trade& fill : batch.fills) {
                (*this)(fill);
            }
        }
    }
    void operator()(const Deposit& tx) {
        sink_(account_key(tx.account), Access::kWrite);
        sink_(asset_key(CellKind::kAssetTotal, tx.asset), Access::kAdd);
        sink_(StateKey{CellKind::kDepositUsed, tx.reference, raw(tx.asset)}, Access::kWrite);
    }
    void operator()(const Withdraw& tx) {
        sink_(account_key(tx.account), Access::kWrite);
        sink_(asset_key(CellKind::kAssetTotal, tx.asset), Access::kAdd);
    }
    void operator()(const Transfer& tx) {
        sink_(account_key(tx.from), Access::kWrite);
        sink_(account_key(tx.to), Access::kWrite);
    }
    void operator()(const InsuranceDeposit& tx) {
        sink_(account_key(tx.account), Access::kWrite);
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
                sink_(account_key(account), Access::kWrite);
            }
            sums(tx.market);
        }
    }
    void operator()(const RealisePnl& tx) {
        sink_(account_key(tx.account), Access::kWrite);
        sums(tx.market);
    }
    void operator()(const Liquidate& tx) {
        sink_(account_key(tx.account), Access::kWrite);
        sink_(account_key(tx.liquidator), Access::kWrite);
        sums(tx.market);
        for (std::uint32_t asset = 0; asset < kMaxAssets; ++asset) {
            if (context_.assets[asset].known) {
                sink_(asset_key(CellKind::kInsurance, AssetId{asset}), Access::kWrite);
            }
        }
    }
    /// Governance is rare, prices belong to the start of the block.
    template <class Other>
    void operator()(const Other&) {}

  private:
    void sums(MarketId market) {
        if (context_.market(market) != nullptr) {
            sink_(market_key(CellKind::kVolume, market), Access::kAdd);
        }
    }

    const VenueContext& context_;
    Sink& sink_;
};

}  // namespace lockstep
