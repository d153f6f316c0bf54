#include "replay/import/layout_data.hpp"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <utility>

#include "engine/base/digest.hpp"
#include "replay/import/record_reader.hpp"
#include "replay/import/trade_feed.hpp"
#include "replay/import/trade_fields.hpp"
#include "replay/import/trade_survey.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kRepeatedRecords = "records that repeat an earlier one";
constexpr std::string_view kRepeatedBlocks = "blocks that repeat an earlier one";
constexpr std::string_view kOtherVariants =
    "trades in another form than the first of their market: told twice";
struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept { return digest.low; }
};

void put_side(ByteWriter& out, const RowSide& side) {
    out.put_text(side.account);
    out.put_text(side.fee_token);
    for (const auto* value : {&side.position, &side.fee, &side.profit}) {
        const Decimal number = value->value_or(Decimal{}).shortest();
        out.put(value->has_value());
        out.put(number.units);
        out.put(number.scale);
    }
}

/// What two records must share to be the same.
std::uint64_t content_of(const TradeRow& row, ByteWriter& out) {
    out.clear();
    for (const Decimal& number : {row.price.shortest(), row.size.shortest()}) {
        out.put(number.units);
        out.put(number.scale);
    }
    out.put(row.time_ms);
    out.put(row.buyer_is_taker);
    put_side(out, row.buyer);
    put_side(out, row.seller);
    return digest_of(out.bytes()).low;
}

/// One walk over the data.
class LayoutWalk final : public RecordVisitor {
  public:
    LayoutWalk(const TradeLayout& layout, const InputFile& file, const InstrumentTable& instruments,
               RecordSink& sink)
        : layout_(layout),
          file_(file),
          sink_(sink),
          fields_(layout),
          feed_(layout, instruments, sink) {}

    Result<void, Error> read(std::string_view symbol);
    [[nodiscard]] std::vector<std::string> notes() const {
        std::vector<std::string> out = feed_.notes();
        if (moved_ > 0) {
            out.push_back(std::to_string(moved_) +
                          " records stood out of order and were put in it");
        }
        return out;
    }

    bool bind(std::span<const std::string_view> columns) override { return fields_.bind(columns); }
    std::string unbound() const override { return fields_.unbound(); }
    Result<bool, Error> document(const Record& record, std::string_view text) override;
    Result<bool, Error> record(const Record& record) override;

  private:
    Result<void, Error> take(TradeRow row);
    Result<void, Error> pair_up();
    Result<void, Error> put_or_keep(TradeRow& row);
    Result<void, Error> put_kept();
    Result<bool, Error> is_repeat(const TradeRow& row);
    [[nodiscard]] Error at(const TradeRow& row, Error error) const;

    const TradeLayout& layout_;
    const InputFile& file_;
    RecordSink& sink_;
    TradeFields fields_;
    TradeFeed feed_;
    std::size_t member_ = 0;
    std::vector<TradeRow> pending_;  ///< records of one party, of the block or time at hand
    std::vector<TradeRow> kept_;     ///< to be put in order
    absl::flat_hash_map<std::string, std::string> variants_;       ///< by market
    absl::flat_hash_map<Digest, std::uint64_t, DigestHash> seen_;  ///< content by identity
    absl::flat_hash_map<std::uint64_t, Digest> seen_blocks_;
    ByteWriter bytes_;
    std::uint64_t moved_ = 0;
};

Result<void, Error> LayoutWalk::read(std::string_view symbol) {
    for (const std::string& name : file_.left_out()) {
        sink_.leave_out("the member '" + name + "' of the archive, which holds no records");
    }
    for (member_ = 0; member_ < file_.members().size(); ++member_) {
        if (auto read = read_records(layout_, file_, file_.members()[member_], symbol, *this);
            !read) {
            return read;
        }
        if (auto paired = pair_up(); !paired) {
            return paired;
        }
    }
    return put_kept();
}

Error LayoutWalk::at(const TradeRow& row, Error error) const {
    const bool several = file_.members().size() > 1;
    return locate_record(
        std::move(error), layout_,
        several ? file_.path() + "/" + file_.members()[row.member].name : file_.path(), row.place);
}

Result<bool, Error> LayoutWalk::document(const Record& record, std::string_view text) {
    if (!layout_.blocks_are_texts()) {
        return true;
    }
    if (auto paired = pair_up(); !paired) {
        return failure(paired.error());
    }
    const Result<RecordedBlock, Error> block = fields_.block(record);
    if (!block) {
        return failure(block.error());
    }
    // tidy: allow(raw_bytes) bytes of a text
    const Digest digest = digest_of(std::as_bytes(std::span(text)));
    const auto [seen, fresh] = seen_blocks_.try_emplace(block->number, digest);
    if (!fresh) {
        if (seen->second != digest) {
            return failure(bad_record("block " + std::to_string(block->number) +
                                      " was told before, differently"));
        }
        sink_.leave_out(kRepeatedBlocks);
        return false;
    }
    auto started = feed_.block(*block);
    return started ? Result<bool, Error>(true) : failure(started.error());
}

Result<bool, Error> LayoutWalk::record(const Record& record) {
    const auto done = [](Result<void, Error> result) -> Result<bool, Error> {
        return result ? Result<bool, Error>(true) : failure(result.error());
    };
    const auto skipped = record.missing ? std::nullopt : fields_.skipped_by(record);
    if (skipped) {
        sink_.leave_out(*skipped);
        return true;
    }
    if (record.missing || !fields_.is_trade(record)) {
        if (!record.missing && fields_.is_quote(record)) {
            const auto quote = fields_.quote(record);
            return quote ? done(feed_.quote(*quote)) : failure(quote.error());
        }
        if (layout_.other.empty()) {
            return failure(bad_record("no trade of the layout " + layout_.name));
        }
        sink_.leave_out(layout_.other);
        return true;
    }
    Result<TradeRow, Error> row = fields_.trade(record);
    if (!row) {
        return failure(row.error());
    }
    if (row->size.units == 0 && !layout_.zero_size.empty()) {
        sink_.leave_out(layout_.zero_size);
        return true;
    }
    row->member = member_;
    if (variants_.try_emplace(row->market, row->variant).first->second != row->variant) {
        sink_.leave_out(kOtherVariants);
        return true;
    }
    const Result<bool, Error> repeat = is_repeat(*row);
    if (!repeat) {
        return failure(repeat.error());
    }
    if (*repeat) {
        sink_.leave_out(kRepeatedRecords);
        return true;
    }
    return done(take(std::move(*row)));
}

Result<bool, Error> LayoutWalk::is_repeat(const TradeRow& row) {
    if (row.identity.empty()) {
        return false;
    }
    // tidy: allow(raw_bytes) bytes of a text
    const Digest identity = digest_of(std::as_bytes(std::span(row.identity)));
    const auto [seen, fresh] = seen_.try_emplace(identity, content_of(row, bytes_));
    if (fresh) {
        return false;
    }
    if (seen->second != content_of(row, bytes_)) {
        std::string words = row.identity;
        std::replace(words.begin(), words.end(), '\n', ' ');
        return failure(bad_record("the record '" + words.substr(0, 80) +
                                  "' was told before, with other content"));
    }
    return true;
}

Result<void, Error> LayoutWalk::take(TradeRow row) {
    if (layout_.pair.empty()) {
        return put_or_keep(row);
    }
    if (!layout_.blocks_are_texts() && !pending_.empty() &&
        pending_.front().time_ms != row.time_ms) {
        if (auto paired = pair_up(); !paired) {
            return paired;
        }
    }
    pending_.push_back(std::move(row));
    return {};
}

/// Joins the records that share a pair: each with the next one of the other direction. Where they
/// stay apart, the second one does not tell the position again.
Result<void, Error> LayoutWalk::pair_up() {
    absl::flat_hash_map<std::string, std::vector<std::size_t>> by_pair;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        by_pair[pending_[i].pair].push_back(i);
    }
    std::vector<bool> joined(pending_.size());
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (joined[i]) {
            continue;
        }
        TradeRow& row = pending_[i];
        for (const std::size_t k :
             row.pair.empty() ? std::vector<std::size_t>() : by_pair[row.pair]) {
            TradeRow& other = pending_[k];
            if (k <= i || joined[k] || other.only_buyer == row.only_buyer) {
                continue;
            }
            if (other.market != row.market || other.price.shortest() != row.price.shortest() ||
                other.size.shortest() != row.size.shortest()) {
                return failure(at(other, bad_record("the two records of trade " + row.pair +
                                                    " differ in market, price or size")));
            }
            RowSide& second = *row.only_buyer ? other.seller : other.buyer;
            if (second.account == (*row.only_buyer ? row.buyer : row.seller).account) {
                second.position.reset();  // the first one told it
            }
            joined[k] = layout_.joins_pairs;
            if (joined[k]) {
                (*row.only_buyer ? row.seller : row.buyer) = std::move(second);
            }
            break;
        }
        if (auto put = put_or_keep(row); !put) {
            return put;
        }
    }
    pending_.clear();
    return {};
}

Result<void, Error> LayoutWalk::put_or_keep(TradeRow& row) {
    if (layout_.restores_order) {
        kept_.push_back(std::move(row));
        return {};
    }
    auto done = feed_.trade(row);
    return done ? done : failure(at(row, done.error()));
}

Result<void, Error> LayoutWalk::put_kept() {
    std::vector<std::size_t> order(kept_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        for (const std::string& key : layout_.order) {
            const TradeRow& left = kept_[a];
            const TradeRow& right = kept_[b];
            if (key == "time" ? left.time_ms != right.time_ms : left.number != right.number) {
                return key == "time" ? left.time_ms < right.time_ms : left.number < right.number;
            }
        }
        return false;
    });
    std::int64_t day_ms = 0;
    std::int64_t rank = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        moved_ += order[i] != i ? 1U : 0U;
        TradeRow& row = kept_[order[i]];
        if (layout_.time.start_ms) {  // the day's trades are 1 ms apart
            rank = row.time_ms == day_ms ? rank + 1 : 0;
            day_ms = row.time_ms;
            row.time_ms += rank;
        }
        if (auto done = feed_.trade(row); !done) {
            return failure(at(row, done.error()));
        }
    }
    return {};
}

class LayoutData final : public RecordedData {
  public:
    LayoutData(TradeLayout layout, InputFile file, InstrumentTable instruments, std::string symbol)
        : layout_(std::move(layout)),
          file_(std::move(file)),
          instruments_(std::move(instruments)),
          symbol_(std::move(symbol)) {}

    Result<void, Error> read(RecordSink& sink) override {
        LayoutWalk walk(layout_, file_, instruments_, sink);
        auto done = walk.read(symbol_);
        notes_ = walk.notes();
        return done;
    }
    std::string assumptions() const override { return layout_.assumes; }
    std::string format() const override { return layout_.name; }
    std::vector<std::string> notes() const override { return notes_; }
    bool can_be_checked() const override { return layout_.can_be_checked(); }
    std::optional<std::uint8_t> entry_digits() const override { return layout_.entry_digits; }

  private:
    TradeLayout layout_;
    InputFile file_;
    InstrumentTable instruments_;
    std::string symbol_;
    std::vector<std::string> notes_;
};

}  // namespace

std::unique_ptr<RecordedData> read_by_layout(TradeLayout layout, InputFile file,
                                             InstrumentTable instruments, std::string symbol) {
    return std::make_unique<LayoutData>(std::move(layout), std::move(file), std::move(instruments),
                                        std::move(symbol));
}

}  // namespace lockstep
