#include "replay/format/read_ahead.hpp"

#include <utility>

namespace lockstep {

ReadAhead::ReadAhead(LogReader& reader, std::uint64_t blocks_max, ReadAheadBatch batch)
    : reader_(reader), batch_(batch) {
    reading_.reserve(batch.blocks);
    taken_.reserve(batch.blocks);
    ready_.reserve(batch.blocks);
    thread_ = std::thread([this, blocks_max] { run(blocks_max); });
}

Result<std::optional<LogBlock>, Error> ReadAhead::next() {
    if (next_ == taken_.size()) {
        taken_.clear();
        next_ = 0;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return !ready_.empty(); });
            taken_.swap(ready_);
        }
        changed_.notify_one();
    }
    Item& item = taken_[next_++];
    if (item.broken != nullptr) {
        std::rethrow_exception(item.broken);
    }
    place_ = item.place;
    return std::move(item.block);
}

void ReadAhead::finish() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

ReadAhead::Item ReadAhead::read() {
    Item item;
    try {
        item.block = reader_.next();
        item.place = {.digest = reader_.block_digest(), .offset = reader_.offset()};
    } catch (...) {
        item.broken = std::current_exception();
    }
    return item;
}

bool ReadAhead::wanted() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_.empty() || stopping_; });
    return !stopping_;
}

void ReadAhead::run(std::uint64_t blocks_left) {
    bool last = false;
    while (!last && blocks_left > 0 && wanted()) {
        std::size_t transactions = 0;
        while (!last && blocks_left > 0 && reading_.size() < batch_.blocks &&
               transactions < batch_.transactions) {
            reading_.push_back(read());
            --blocks_left;
            last = reading_.back().last();
            transactions += last ? 0 : (*reading_.back().block)->transactions.size();
        }
        {
            const std::lock_guard lock(mutex_);
            ready_.swap(reading_);
        }
        changed_.notify_one();
    }
}

}  // namespace lockstep
