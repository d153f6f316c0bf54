#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "accounts/cell.hpp"
#include "accounts/state_key.hpp"

namespace lockstep {

/// Name of a kind of cell: "cash", "open_interest".
[[nodiscard]] std::string_view cell_kind_name(CellKind kind);

/// True for kinds that belong to one account, the owner of the key.
[[nodiscard]] bool is_account_kind(CellKind kind);

/// True for kinds that belong to one market, the item of the key.
[[nodiscard]] bool is_market_kind(CellKind kind);

/// A key: its kind as "cell", and what of it the kind does not imply.
[[nodiscard]] nlohmann::ordered_json describe_key(const StateKey& key);

/// A cell with the meaning of its bytes: its kind as "cell", what of the key is not implied by the
/// kind, and either "value" (numbers, as text) or the fields of its record. Kinds without a
/// description show their bytes.
[[nodiscard]] nlohmann::ordered_json describe_cell(const StateKey& key, const Cell& cell);

}  // namespace lockstep
