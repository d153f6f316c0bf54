#include "replay/command/describe_solvency.hpp"

#include "engine/base/int128.hpp"
#include "replay/command/terminal_text.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json amount_json(const Checked& amount) {
    return amount.ok() ? Json(to_string(amount.value())) : Json();
}

std::string amount_text(const Checked& amount) {
    return amount.ok() ? to_string(amount.value()) : "beyond 128 bits";
}

}  // namespace

Json describe_solvency(const SolvencyStatement& statement) {
    Json assets = Json::array();
    for (const AssetStatement& asset : statement.assets) {
        assets.push_back({{"asset", raw(asset.asset)},
                          {"total", amount_json(asset.total)},
                          {"cash", amount_json(asset.cash)},
                          {"positions", amount_json(asset.positions)},
                          {"fees", amount_json(asset.fees)},
                          {"insurance", amount_json(asset.insurance)},
                          {"clearing", amount_json(asset.clearing)},
                          {"bad_debt", amount_json(asset.bad_debt)},
                          {"difference", amount_json(asset.difference())}});
    }
    return {{"solvent", statement.solvent()},
            {"accounts", statement.accounts},
            {"below_initial", statement.below_initial},
            {"below_maintenance", statement.below_maintenance},
            {"insolvent", statement.insolvent},
            {"equity", amount_json(statement.equity)},
            {"debt", amount_json(statement.debt)},
            {"insurance", amount_json(statement.insurance)},
            {"assets", std::move(assets)}};
}

std::string solvency_text(const SolvencyStatement& statement) {
    return std::string(statement.solvent() ? "yes" : "NO") + ", " + grouped(statement.accounts) +
           " accounts, " + grouped(statement.below_maintenance) + " below maintenance, " +
           grouped(statement.insolvent) + " in debt: " + amount_text(statement.debt) +
           " quanta of the numeraire, insurance " + amount_text(statement.insurance);
}

}  // namespace lockstep
