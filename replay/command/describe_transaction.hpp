#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "engine/contract/block.hpp"
#include "instruments/transaction.hpp"

namespace lockstep {

/// Every field of a transaction, named as in instruments/transaction.hpp. 128-bit numbers are
/// decimal strings, absent prices are null, accounts are "owner.subaccount".
[[nodiscard]] nlohmann::ordered_json describe_transaction(const Transaction& transaction);

/// Name of a payload type, in snake case: "trade", "oracle_update".
[[nodiscard]] std::string_view payload_name(const Payload& payload);

[[nodiscard]] nlohmann::ordered_json describe_terms(const MarketTerms& terms);
[[nodiscard]] nlohmann::ordered_json describe_params(const MarketParams& params);
[[nodiscard]] nlohmann::ordered_json describe_fees(std::span<const FeeTier> fees);
[[nodiscard]] nlohmann::ordered_json describe_feed_params(const FeedParams& params);
[[nodiscard]] std::string_view market_status_name(MarketStatus status);

/// "owner.subaccount", or just the owner for subaccount 0.
[[nodiscard]] std::string account_name(AccountId account);

/// Milliseconds since 1970 as "2026-11-20T21:40:00.000Z"; the number alone outside years 1 to 9999.
[[nodiscard]] std::string time_name(std::int64_t time_ms);

/// A price, or null for kNoPrice.
[[nodiscard]] nlohmann::ordered_json describe_price(std::int64_t price);

}  // namespace lockstep
