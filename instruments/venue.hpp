#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "accounts/cell.hpp"
#include "accounts/state_key.hpp"
#include "accounts/state_module.hpp"
#include "engine/base/bytes.hpp"
#include "instruments/account_handlers.hpp"
#include "instruments/authority.hpp"
#include "instruments/batch_handler.hpp"
#include "instruments/closing_handlers.hpp"
#include "instruments/context.hpp"
#include "instruments/declare.hpp"
#include "instruments/governance.hpp"
#include "instruments/invariants.hpp"
#include "instruments/liquidation_handler.hpp"
#include "instruments/market_phase.hpp"
#include "instruments/price_phase.hpp"
#include "instruments/settlement_handlers.hpp"
#include "instruments/social_loss.hpp"
#include "instruments/trade_handler.hpp"
#include "instruments/transaction.hpp"

namespace lockstep {

/// What the venue says of one transaction.
struct VenueOutcome {
    std::uint16_t status = 0;  ///< a Status
    std::uint64_t weight = 1;  ///< fills, or accounts of a settlement list; at least 1
};

/// Work units of a payload.
[[nodiscard]] std::uint64_t weight_of(const Payload& payload) noexcept;

/// The derivatives venue: a state machine in the shape that the executors run.
///
/// Role:    pure functions of (view, transaction, context). A block goes through begin_block
///          (prices, funding, expiry), its transactions, and end_block (invariants). Parameters
///          that governance sets in block N take effect in block N + 1, since only begin_block
///          reads them.
/// State:   none; everything lives in cells.
/// Threads: all members may be called from any thread at the same time.
class Venue {
  public:
    using Key = StateKey;
    using Value = Cell;
    using Transaction = lockstep::Transaction;
    using Context = VenueContext;

    static constexpr auto kModules = kStateModules;
    [[nodiscard]] static std::size_t module(const Key& key) noexcept {
        return static_cast<std::size_t>(state_module(key.kind()));
    }

    [[nodiscard]] static Key unit(const Key& key) noexcept { return unit_key(key); }
    [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return key.hash(); }
    static void encode_key(ByteWriter& out, const Key& key) { key.encode(out); }
    static void encode_value(ByteWriter& out, const Key&, const Value& value) {
        out.append(value.bytes());
    }
    [[nodiscard]] static std::span<const std::byte> value_bytes(const Value& value) noexcept {
        return value.bytes();
    }
    [[nodiscard]] static std::optional<Key> decode_key(ByteReader& in) noexcept {
        const auto tag = in.get<std::uint64_t>();
        return StateKey::from_words(tag, in.get<std::uint64_t>());
    }
    [[nodiscard]] static std::optional<Value> decode_value(ByteReader& in, const Key&) noexcept {
        const auto bytes = in.take(in.remaining());
        return bytes.size() <= Cell::kCapacity ? std::optional(Cell::of_bytes(bytes))
                                               : std::nullopt;
    }
    [[nodiscard]] static std::size_t footprint(const Value& value) noexcept {
        return value.footprint();
    }
    [[nodiscard]] static Int128 number(const Value& value) noexcept { return value.number(); }
    static void set_number(Value& value, Int128 number) noexcept { value.set_number(number); }

    /// Applies the block's price updates, brings all markets to block time, and gathers what its
    /// transactions share.
    template <class View, class Header>
    [[nodiscard]] Context begin_block(View& view, const Header& header,
                                      std::span<const Transaction> transactions) const {
        Context context;
        context.height = header.height;
        context.time_ms = header.time_ms;
        if (const Cell* cell = view.read(StateKey{CellKind::kVenue, 0})) {
            context.venue = decode_venue(*cell);
        }
        const StateKey clock{CellKind::kClock, 0};
        if (const Cell* cell = view.read(clock)) {
            context.last_time_ms = cell->load<std::int64_t>(0);
        }
        collect_updates(transactions, context);
        const FeedTable feeds = run_price_phase(view, context);
        load_assets(view, feeds, context);
        run_market_phase(view, feeds, context);
        if (context.time_ms != context.last_time_ms) {
            Cell time;
            time.store(0, context.time_ms);
            view.write(clock, time);
        }
        return context;
    }

    /// Applies one transaction; a failed one spends its nonce and changes nothing else.
    template <class View>
    [[nodiscard]] VenueOutcome execute(View& view, const Transaction& transaction,
                                       const Context& context) const {
        const Status status = run(view, transaction, context);
        return {.status = raw(status), .weight = weight_of(transaction.payload)};
    }

    /// Spreads what liquidations have left; checks the invariants that shared numbers show.
    template <class View, class Header>
    void end_block(View& view, const Header&, const Context& context) const {
        if (context.liquidates) {
            spread_losses(view, context);
        }
        freeze_broken_markets(view, context);
    }

    /// Whether `declare` names all that the transactions of the block can touch: unless some of
    /// them govern, which walk registries.
    [[nodiscard]] static bool declares_all(const Context& context) noexcept {
        return !context.governs;
    }
    /// Calls `sink(Key, Access)` for the keys that the transaction is expected to touch.
    template <class Sink>
    void declare(const Transaction& transaction, const Context& context, Sink&& sink) const {
        if (is_price(transaction.payload)) {
            return;
        }
        Declaration<std::remove_reference_t<Sink>> declaration(context, sink);
        declaration.envelope(transaction.envelope);
        std::visit(declaration, transaction.payload);
    }

  private:
    [[nodiscard]] static bool is_price(const Payload& payload) noexcept {
        return std::holds_alternative<OracleUpdate>(payload) ||
               std::holds_alternative<BookUpdate>(payload);
    }

    template <class View>
    static void load_assets(View& view, const FeedTable& feeds, Context& context) {
        const auto list = IdList<kMaxAssets>::load(view, CellKind::kAssetList, 0);
        for (const std::uint32_t number : list.ids()) {
            const AssetId id{number};
            const Cell* cell = view.read(asset_key(CellKind::kAsset, id));
            if (cell == nullptr || number >= kMaxAssets) {
                continue;
            }
            const CreateAsset record = decode_asset(id, *cell);
            context.assets[number] = asset_context(record, feeds.find(record.feed));
        }
    }

    /// Decisions on prices were made at the start of the block; here they become receipts.
    static Status price_status(const Context& context, const Transaction& transaction) {
        const Envelope& envelope = transaction.envelope;
        if (envelope.valid_until_ms < context.time_ms) {
            return Status::kExpiredTx;
        }
        if (const auto* oracle = std::get_if<OracleUpdate>(&transaction.payload)) {
            return context.oracle_status(envelope.signer, *oracle);
        }
        return context.book_status(envelope.signer, std::get<BookUpdate>(transaction.payload));
    }

    template <class View>
    static Status run(View& view, const Transaction& transaction, const Context& context) {
        if (is_price(transaction.payload)) {
            return price_status(context, transaction);
        }
        const Status status =
            run_prologue(view, context, transaction.envelope, authority_of(transaction.payload));
        if (status != Status::kApplied) {
            return status;
        }
        const auto start = view.savepoint();
        const Status outcome = std::visit(
            [&](const auto& payload) -> Status {
                if constexpr (std::is_same_v<decltype(payload), const OracleUpdate&> ||
                              std::is_same_v<decltype(payload), const BookUpdate&>) {
                    return Status::kInconsistent;  // handled above
                } else {
                    return handle(view, context, transaction.envelope, payload);
                }
            },
            transaction.payload);
        if (outcome != Status::kApplied) {
            view.rollback(start);
        }
        return outcome;
    }
};

}  // namespace lockstep
