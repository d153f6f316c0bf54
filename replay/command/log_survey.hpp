#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>

#include "replay/format/block_codec.hpp"

namespace lockstep {

/// Gathers what a log holds, block by block, without executing it.
///
/// Cost: memory for the distinct accounts, markets, feeds and assets that transactions name.
class LogSurvey {
  public:
    void add(const LogBlock& block);
    [[nodiscard]] nlohmann::ordered_json describe() const;

  private:
    void note(const Payload& payload);
    void note(const Order& order);
    void account(AccountId id) { accounts_.insert(raw(id)); }

    std::optional<BlockHeader> first_;
    BlockHeader last_;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
    std::uint64_t fills_ = 0;
    std::uint64_t largest_block_ = 0;
    std::map<std::string_view, std::uint64_t> types_;
    std::unordered_set<std::uint64_t> accounts_;
    std::map<std::uint32_t, std::uint64_t> fills_by_market_;
    std::set<std::uint32_t> created_markets_;
    std::set<std::uint32_t> feeds_;
    std::set<std::uint32_t> assets_;
};

}  // namespace lockstep
