#include "replay/command/log_survey.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "replay/command/describe_transaction.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMarketsShown = 20;

}  // namespace

void LogSurvey::add(const LogBlock& block) {
    if (!first_) {
        first_ = block.header;
    }
    last_ = block.header;
    ++blocks_;
    transactions_ += block.transactions.size();
    largest_block_ = std::max<std::uint64_t>(largest_block_, block.transactions.size());
    for (const Transaction& transaction : block.transactions) {
        ++types_[payload_name(transaction.payload)];
        account(transaction.envelope.signer);
        note(transaction.payload);
    }
}

void LogSurvey::note(const Order& order) {
    account(order.account);
}

void LogSurvey::note(const Payload& payload) {
    const auto fill = [this](const Trade& trade) {
        note(trade.buyer);
        note(trade.seller);
        ++fills_;
        ++fills_by_market_[raw(trade.buyer.market)];
    };
    std::visit(
        [&](const auto& tx) {
            using Tx = std::remove_cvref_t<decltype(tx)>;
            if constexpr (requires { tx.account; }) {
                account(tx.account);
            }
            if constexpr (std::is_same_v<Tx, Transfer>) {
                account(tx.from);
                account(tx.to);
            } else if constexpr (std::is_same_v<Tx, Trade>) {
                fill(tx);
            } else if constexpr (std::is_same_v<Tx, Batch>) {
                std::for_each(tx.fills.begin(), tx.fills.end(), fill);
            } else if constexpr (std::is_same_v<Tx, SettleBatch>) {
                for (const AccountId id : tx.accounts) {
                    account(id);
                }
            } else if constexpr (std::is_same_v<Tx, CreateMarket>) {
                created_markets_.insert(raw(tx.market));
            } else if constexpr (std::is_same_v<Tx, CreateFeed>) {
                feeds_.insert(raw(tx.feed));
            } else if constexpr (std::is_same_v<Tx, CreateAsset>) {
                assets_.insert(raw(tx.asset));
            }
        },
        payload);
}

Json LogSurvey::describe() const {
    Json types = Json::object();
    for (const auto& [type, count] : types_) {
        types[std::string(type)] = count;
    }
    std::vector<std::pair<std::uint64_t, std::uint32_t>> markets;
    for (const auto& [market, fills] : fills_by_market_) {
        markets.emplace_back(fills, market);
    }
    std::sort(markets.begin(), markets.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    Json busiest = Json::array();
    for (std::size_t i = 0; i < std::min(markets.size(), kMarketsShown); ++i) {
        busiest.push_back({{"market", markets[i].second}, {"fills", markets[i].first}});
    }
    Json out = {{"blocks", blocks_},
                {"transactions", transactions_},
                {"fills", fills_},
                {"largest_block", largest_block_},
                {"first_height", nullptr},
                {"last_height", nullptr},
                {"first_time", nullptr},
                {"last_time", nullptr},
                {"accounts", accounts_.size()},
                {"assets_created", assets_.size()},
                {"feeds_created", feeds_.size()},
                {"markets_created", created_markets_.size()},
                {"transactions_by_type", std::move(types)},
                {"busiest_markets", std::move(busiest)}};
    if (first_) {
        out["first_height"] = first_->height;
        out["last_height"] = last_.height;
        out["first_time"] = time_name(first_->time_ms);
        out["last_time"] = time_name(last_.time_ms);
    }
    return out;
}

}  // namespace lockstep
