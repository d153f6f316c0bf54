#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/speculative/access_record.hpp"

namespace lockstep {

/// The cells that the running incarnation touches, by key.
///
/// Role:    declared entries stay in the transaction's record; those of other keys are found here,
///          in memory of the worker that every incarnation uses again.
/// Numbers: entries are numbered through, the declared ones first. A reference to an entry is good
///          until the next one is appended.
/// Threads: one worker.
/// Cost:    machines tend to use keys in the order in which they declare or expect them, so a look
///          at two or three mostly suffices. Else a few entries are searched one by one, and more
///          by the number of their cell, in an index that is made when it is first needed.
template <Machine M, class Sync>
class AccessTable {
  public:
    using Key = typename M::Key;
    using Entry = AccessEntry<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Store = StateStore<M, Sync>;

    explicit AccessTable(Store& store) : store_(store) {}

    /// Starts with the declared entries of `record` alone. `complete`: they are said to be all.
    void begin(const Record& record, bool complete) noexcept {
        complete_ = complete;
        declared_ = record.entries;
        declared_count_ = record.declared_count;
        found_.clear();
        prefetched_.clear();
        next_prefetched_ = 0;
        last_ = 0;
        indexed_ = room_ = 0;
    }
    [[nodiscard]] std::uint32_t size() const noexcept {
        return declared_count_ + static_cast<std::uint32_t>(found_.size());
    }
    [[nodiscard]] Entry& operator[](std::uint32_t number) noexcept {
        return number < declared_count_ ? declared_[number]
                                        : found_.items()[number - declared_count_];
    }
    [[nodiscard]] std::uint32_t number_of(const Entry& entry) const noexcept {
        const bool declared = std::less_equal<>{}(declared_, &entry) &&
                              std::less<>{}(&entry, declared_ + declared_count_);
        return static_cast<std::uint32_t>(
            declared ? &entry - declared_ : declared_count_ + (&entry - found_.items().data()));
    }
    [[nodiscard]] std::span<Entry> declared() noexcept { return {declared_, declared_count_}; }
    /// Entries of keys that were not declared.
    [[nodiscard]] std::span<Entry> found() noexcept { return found_.items(); }
    [[nodiscard]] std::span<const Entry> found() const noexcept { return found_.items(); }

    /// Starts fetching the cells of keys that are going to be asked for, in this order;
    /// `enumerate(sink)` gives them to a sink.
    template <class Enumerate>
    void prefetch(Enumerate&& enumerate) {
        prefetched_.clear();
        next_prefetched_ = 0;
        if (complete_) {
            return;
        }
        enumerate([this](const Key& key) {
            const std::uint64_t hash = M::hash(key);
            store_.prefetch_index_of(hash);
            prefetched_.push_back({key, hash, kNoCell});
        });
        for (Prefetched& coming : prefetched_) {
            coming.id = store_.candidate_of(coming.hash);
            if (coming.id != kNoCell) {
                store_.prefetch_cell(coming.id);
            }
        }
    }
    /// The entry of a key; made, with its cell, at the first access.
    [[nodiscard]] Entry& entry_of(const Key& key) {
        if (last_ < declared_count_) [[likely]] {
            if (Entry& entry = declared_[last_]; entry.key == key) {
                return entry;
            }
            const std::uint32_t next = last_ + 1 < declared_count_ ? last_ + 1 : 0;
            if (Entry& entry = declared_[next]; entry.key == key) {
                last_ = next;
                return entry;
            }
            if (complete_) {
                return search_near(key);
            }
        } else if (const std::size_t next = last_ - declared_count_ + 1; next < found_.size()) {
            if (Entry& entry = found_.items()[next]; entry.key == key) {
                ++last_;
                return entry;
            }
        }
        return search(key);
    }

  private:
    static constexpr std::uint32_t kSearchedOneByOne = 8;
    static constexpr std::uint32_t kNear = 6;

    /// Belongs to the running incarnation when it carries its round.
    struct Slot {
        std::uint32_t round = 0;
        CellId cell = kNoCell;
        std::uint32_t entry = 0;
    };

    /// A key that the machine has said it will use.
    struct Prefetched {
        Key key;
        std::uint64_t hash;
        CellId id;  ///< probably of the key's cell
    };
    static constexpr std::size_t kSkips = 4;  ///< that may be left out in a row

    /// Access lists have keys in order, so that those of two owners alternate.
    [[nodiscard]] [[gnu::noinline]] Entry& search_near(const Key& key) {
        const std::uint32_t last = std::min(last_ + kNear, declared_count_);
        for (std::uint32_t i = last_ + 2; i < last; ++i) {
            if (declared_[i].key == key) {
                last_ = i;
                return declared_[i];
            }
        }
        return search(key);
    }
    [[nodiscard]] [[gnu::noinline]] Entry& search(const Key& key) {
        if (const Prefetched* prefetched = take_prefetched(key)) {
            return entry_of_cell(key, cell_of(*prefetched));
        }
        const bool few = size() <= kSearchedOneByOne;
        if (few) {
            for (std::uint32_t i = 0; i < size(); ++i) {
                if ((*this)[i].key == key) {
                    last_ = i;
                    return (*this)[i];
                }
            }
        }
        const CellId id = store_.intern(key);
        return few ? append(key, id) : entry_of_cell(key, id);
    }
    /// The entry of a key by the number of its cell.
    [[nodiscard]] Entry& entry_of_cell(const Key& key, CellId id) {
        if (indexed_ != size() || room_ == 0) {
            index();
        }
        Slot& slot = slot_of(id);
        if (slot.round == round_) {
            last_ = slot.entry;
            return (*this)[last_];
        }
        slot = {round_, id, indexed_++};
        --room_;
        return append(key, id);
    }
    /// Expected keys come in their order, some of them left out.
    [[nodiscard]] const Prefetched* take_prefetched(const Key& key) noexcept {
        const std::size_t last = std::min(next_prefetched_ + kSkips, prefetched_.size());
        for (std::size_t i = next_prefetched_; i < last; ++i) {
            if (prefetched_[i].key == key) {
                next_prefetched_ = i + 1;
                return &prefetched_[i];
            }
        }
        return nullptr;
    }
    [[nodiscard]] CellId cell_of(const Prefetched& prefetched) {
        const bool right =
            prefetched.id != kNoCell && store_.cell(prefetched.id).key == prefetched.key;
        return right ? prefetched.id : store_.intern(prefetched.key, prefetched.hash);
    }
    Entry& append(const Key& key, CellId id) {
        last_ = size();
        Entry& entry = *::new (static_cast<void*>(&found_.append_any())) Entry();
        entry.key = key;
        entry.id = id;
        entry.cell = &store_.cell(id);
        return entry;
    }
    /// Puts all entries that are not yet there into the index, and makes room for one more.
    [[gnu::noinline]] void index() {
        if ((size() + 1) * 2 > slots_.size()) {
            slots_.assign(std::bit_ceil(std::size_t{size()} * 4), Slot{});
            indexed_ = 0;
        }
        if (indexed_ == 0 && ++round_ == 0) {
            std::fill(slots_.begin(), slots_.end(), Slot{});
            round_ = 1;
        }
        for (; indexed_ < size(); ++indexed_) {
            const CellId id = (*this)[indexed_].id;
            slot_of(id) = {round_, id, indexed_};
        }
        room_ = static_cast<std::uint32_t>(slots_.size() / 2) - indexed_;
    }
    /// The slot of a cell, or the free one where it belongs.
    [[nodiscard]] Slot& slot_of(CellId id) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = id & mask;
        while (slots_[at].round == round_ && slots_[at].cell != id) {
            at = (at + 1) & mask;
        }
        return slots_[at];
    }

    Store& store_;
    Entry* declared_ = nullptr;
    std::uint32_t declared_count_ = 0;
    bool complete_ = false;      ///< hardly any key will be asked for that was not declared
    std::uint32_t last_ = 0;     ///< number of the entry used last
    std::uint32_t indexed_ = 0;  ///< entries in the index
    std::uint32_t room_ = 0;     ///< entries that the index can still take
    std::uint32_t round_ = 0;    ///< grows with each incarnation that needs the index
    AppendList<Entry> found_;
    std::vector<Prefetched> prefetched_;
    std::size_t next_prefetched_ = 0;
    std::vector<Slot> slots_ = std::vector<Slot>(64);  ///< a power of two, at most half full
};

}  // namespace lockstep
