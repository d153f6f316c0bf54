#include "bench/workloads/recorded_log.hpp"

#include <vector>

#include "replay/import/trade_import.hpp"

namespace lockstep::bench {
namespace {

/// Recorded data as if they had no blocks, so that the import cuts them by number of trades.
class WithoutBlocks final : public RecordedData {
  public:
    explicit WithoutBlocks(RecordedData& data) : data_(data) {}

    Result<void, Error> read(RecordSink& sink) override {
        Forward forward(sink);
        return data_.read(forward);
    }
    [[nodiscard]] std::string assumptions() const override { return data_.assumptions(); }
    [[nodiscard]] std::string format() const override { return data_.format(); }

  private:
    class Forward final : public ForwardingSink {
      public:
        using ForwardingSink::ForwardingSink;
        Result<void, Error> block(const RecordedBlock&) override { return {}; }
    };

    RecordedData& data_;
};

}  // namespace

Result<RewoundLogWorkload, Error> recorded_log(std::string name, RecordedData& data,
                                               std::uint32_t block_trades) {
    WithoutBlocks cut(data);
    std::vector<LogBlock> blocks;
    const auto imported = import_trades(cut, {.block_trades = block_trades},
                                        [&](const LogBlock& block) -> Result<void, Error> {
                                            blocks.push_back(block);
                                            return {};
                                        });
    if (!imported) {
        return failure(imported.error());
    }
    return rewound_log(std::move(name), std::move(blocks), imported->counts.prelude_blocks);
}

}  // namespace lockstep::bench
