#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "accounts/state_key.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// What people call markets and the owners of accounts, as `lockstep import --names` wrote it.
class NameBook {
  public:
    /// Knows nobody: markets and accounts go by their numbers.
    NameBook() = default;
    /// Reads csv with the columns kind ("market", "owner"), id and name. Part of builds with pages.
    /// Errors: kCorrupt with line and column; kEnvironment.
    [[nodiscard]] static Result<NameBook, Error> read(const std::string& path);

    /// "BTCUSDT", or "market 3".
    [[nodiscard]] std::string market(MarketId market) const;
    /// "account 12.1", with the owner's name behind it where there is one.
    [[nodiscard]] std::string account(AccountId account) const;
    /// What a cell holds, and of whom: "BTCUSDT: open interest", "account 12: cash of asset 3".
    [[nodiscard]] std::string cell(const StateKey& key) const;

  private:
    std::map<std::uint32_t, std::string> markets_;
    std::map<std::uint64_t, std::string> owners_;
};

}  // namespace lockstep
