#include "tests/fuzz/import_check.hpp"

#include <vector>

#include "instruments/invariants.hpp"
#include "replay/import/open_recorded_data.hpp"
#include "replay/import/record_check.hpp"
#include "replay/import/serial_run.hpp"
#include "tests/fuzz/memory_file.hpp"

namespace lockstep::fuzz {
namespace {

constexpr TradeImportOptions kOptions{.accounts = 4, .block_trades = 3};

void check_error(const Error& error) {
    require(error.code != ErrorCode::kEnvironment, "bad data are no trouble of the machine");
    require(!error.message.empty(), "an error has a reason");
}

/// Made-up cash is ample but finite: data may hold positions that it does not carry.
bool is_expected(Status status) {
    return status == Status::kApplied || status == Status::kMarginTaker ||
           status == Status::kMarginMaker;
}

void check_state(const SerialRun& run) {
    InvariantScan scan;
    run.store().for_each([&](const StateKey& key, const Cell& cell) { scan.add(key, cell); });
    for (const std::string& violation : scan.violations()) {
        finding(violation);
    }
}

}  // namespace

void check_import(std::string_view format, std::span<const std::byte> bytes,
                  std::string_view symbol) {
    const MemoryFile file(bytes);
    const auto data = open_recorded_data(
        {.path = file.path(), .format = std::string(format), .symbol = std::string(symbol)});
    if (!data) {
        check_error(data.error());
        return;
    }
    SerialRun run;
    std::vector<LogBlock> blocks;
    const auto imported = import_trades(**data, kOptions, [&](const LogBlock& block) {
        blocks.push_back(block);
        return run.execute(block);
    });
    if (!imported) {
        check_error(imported.error());
        return;
    }
    for (const auto& [status, count] : run.statuses()) {
        require(is_expected(status) || count == 0,
                "the venue applies an imported log, but for " + std::string(name(status)));
    }
    const TradeImportCounts& counts = imported->counts;
    require(run.applied() < run.transactions() ||
                run.trade_events() == counts.trades + counts.opening_trades +
                                          counts.coin_fee_trades + counts.balance_trades +
                                          counts.gap_trades,
            "one trade event per trade");
    check_state(run);
    std::size_t at = 0;
    const auto again = import_trades(**data, kOptions, [&](const LogBlock& block) {
        require(at < blocks.size() && blocks[at].header == block.header &&
                    blocks[at].transactions == block.transactions,
                "the same file gives the same log");
        ++at;
        return Result<void, Error>();
    });
    require(again.has_value() && at == blocks.size(), "the same file can be imported again");
    if ((*data)->can_be_checked()) {
        require(check_records(**data, kOptions, {}).has_value(),
                "what can be imported can be checked");
    }
}

}  // namespace lockstep::fuzz
