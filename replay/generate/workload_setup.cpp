#include <algorithm>

#include "replay/generate/workload.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kAccountsPerBlock = 10'000;
/// Quanta of every trading account: 10^9 USD.
constexpr std::int64_t kCash = 1'000'000'000'000'000;

/// Setup blocks before the accounts.
enum SetupStep : std::uint64_t { kFeeds, kAssets, kMarkets, kPrices, kStepCount };

}  // namespace

bool Workload::has_markets() const noexcept {
    return options_.kind != WorkloadKind::kTransfers && options_.kind != WorkloadKind::kChain;
}

std::uint32_t Workload::subaccounts() const noexcept {
    return has_markets() ? (options_.markets + kMarketsPerSubaccount - 1) / kMarketsPerSubaccount
                         : 1;
}

std::uint64_t Workload::count_setup_blocks() const noexcept {
    const std::uint64_t accounts = std::uint64_t{options_.accounts} * subaccounts();
    return kStepCount + (accounts + kAccountsPerBlock - 1) / kAccountsPerBlock;
}

void Workload::make_setup(std::uint64_t number) {
    const std::uint32_t assets = has_markets() ? markets_.coins() + 1 : 1;
    switch (number) {
        case kFeeds:
            for (std::uint32_t i = 0; has_markets() && i < markets_.feeds(); ++i) {
                push_venue(markets_.feed(i));
            }
            break;
        case kAssets:
            for (std::uint32_t i = 0; i < assets; ++i) {
                push_venue(markets_.asset(i));
            }
            break;
        case kMarkets:
            for (std::uint32_t i = 0; has_markets() && i < markets_.count(); ++i) {
                push_venue(markets_.market(i));
            }
            break;
        case kPrices:
            for (std::uint32_t i = 0; has_markets() && i < markets_.feeds(); ++i) {
                push_venue(markets_.quote(i, block_.header.time_ms));
                if (const auto option = markets_.option_of(i)) {
                    push_venue(markets_.book(*option));
                }
            }
            break;
        default:
            make_setup_accounts(number - kStepCount);
    }
}

void Workload::make_setup_accounts(std::uint64_t chunk) {
    const std::uint64_t end = std::uint64_t{options_.accounts} * subaccounts();
    const std::uint64_t first = chunk * kAccountsPerBlock;
    for (std::uint64_t i = first; i < std::min(end, first + kAccountsPerBlock); ++i) {
        const auto owner = static_cast<std::uint32_t>(i / subaccounts());
        const auto group = static_cast<std::uint32_t>(i % subaccounts());
        const AccountId account = account_of(owner, group * kMarketsPerSubaccount);
        const bool chain = options_.kind == WorkloadKind::kChain;
        if (chain && owner != chain_holder_) {
            push_venue(CreateAccount{.account = account});
            continue;
        }
        push_venue(Deposit{.account = account,
                           .asset = kNumeraire,
                           .amount = chain ? kChainAmount : kCash,
                           .reference = ++deposit_reference_});
    }
}

const std::vector<std::string>& workload_names() {
    static const std::vector<std::string> kNames = {"transfers",   "trades", "hot-market",
                                                    "hot-account", "chain",  "mixed"};
    return kNames;
}

std::optional<WorkloadKind> workload_by_name(std::string_view name) {
    const std::vector<std::string>& names = workload_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        return std::nullopt;
    }
    return static_cast<WorkloadKind>(found - names.begin());
}

std::string describe(const WorkloadOptions& options) {
    const auto number = [](auto value) { return std::to_string(value); };
    return workload_names()[static_cast<std::size_t>(options.kind)] + ": seed " +
           number(options.seed) + ", " + number(options.accounts) + " accounts (Zipf " +
           number(options.zipf_accounts) + "/4), " + number(options.markets) + " markets (Zipf " +
           number(options.zipf_markets) + "/4), " + number(options.block_transactions) +
           " transactions a block every " + number(options.block_interval_ms) + " ms; percent " +
           "deposits " + number(options.mix.deposits) + ", withdrawals " +
           number(options.mix.withdrawals) + ", transfers " + number(options.mix.transfers) +
           ", oracle " + number(options.mix.oracle_updates) + ", book " +
           number(options.mix.book_updates) + ", faults " + number(options.faults);
}

}  // namespace lockstep
