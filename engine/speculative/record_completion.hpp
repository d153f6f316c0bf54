#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/base/arena.hpp"
#include "engine/speculative/access_record.hpp"
#include "engine/speculative/access_table.hpp"
#include "engine/speculative/version_reader.hpp"

namespace lockstep {

/// What an incarnation leaves in the record of its transaction.
///
/// Threads: the worker that holds the transaction.
template <Machine M, class Sync>
class RecordCompletion {
  public:
    using Entry = AccessEntry<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Reader = VersionReader<M, Sync>;

    RecordCompletion(Arena& arena, AccessTable<M, Sync>& table, Reader& reader)
        : arena_(arena), table_(table), reader_(reader) {}

    /// Completes the record: whatever of this incarnation validation and commit will ask for.
    void complete(Record& record) {
        std::uint32_t kept = 0;
        for (Entry& entry : table_.declared()) {
            if (entry.placeholder ? !entry.written : entry.number != nullptr) {
                materialize_known_value(entry);
            }
        }
        for (Entry& entry : table_.found()) {
            if (entry.number != nullptr) {
                materialize_known_value(entry);
            }
            kept += entry.has_effect_or_assumption() ? 1U : 0U;
        }
        if (table_.found().empty()) {
            return;
        }
        if (kept != 0) {
            Entry* entries = arena_.make_array<Entry>(record.count + kept);
            std::copy_n(record.entries, record.count, entries);
            record.entries = entries;
        }
        const std::size_t others = table_.found().size() - kept;
        record.reads = arena_.make_array<PlainRead<typename Entry::Node>>(others);
        for (const Entry& entry : table_.found()) {
            if (entry.has_effect_or_assumption()) {
                record.entries[record.count++] = entry;
            } else if (entry.read) {
                record.reads[record.read_count++] = {entry.id, entry.seen};
            }
        }
    }

  private:
    /// Turns what follows from values that were read anyway into versions: an addition, so that
    /// readers find it where they look first; and an estimate that came to nothing, so that no
    /// reader walks down a chain of those.
    void materialize_known_value(Entry& entry) {
        const bool unused = entry.placeholder && !entry.adds();
        if (entry.placeholder && !entry.read && entry.adds()) {
            static_cast<void>(reader_.observe(entry));  // declared to be written: then it is
        }
        if (entry.read && !entry.written && (unused || (entry.adds() && !entry.declared_add()))) {
            const auto* below = reader_.observed(entry);
            auto& own = reader_.own_version(entry);
            own.value = below != nullptr ? *below : typename M::Value{};
            own.erased = unused && below == nullptr;
            if (!unused) {
                M::set_number(own.value, wrapping_add(M::number(own.value), entry.delta()));
            }
            entry.written = entry.materialized = true;
        }
    }

    Arena& arena_;
    AccessTable<M, Sync>& table_;
    Reader& reader_;
};

}  // namespace lockstep
