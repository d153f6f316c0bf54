#include "engine/speculative/access_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "engine/base/random.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

using Table = AccessTable<ProgramMachine, StdSync>;
using Entry = Table::Entry;
using Keys = std::vector<std::uint32_t>;

/// A record that declares `keys`, each once, as resolution leaves it; `entries` holds its entries.
Table::Record declare(StateStore<ProgramMachine>& store, const Keys& keys,
                      std::vector<Entry>& entries) {
    entries.clear();
    for (const std::uint32_t key : keys) {
        Entry& entry = entries.emplace_back();
        entry.key = key;
        entry.declared = true;
        entry.id = store.intern(key);
        entry.cell = &store.cell(entry.id);
    }
    Table::Record record;
    record.entries = entries.data();
    record.declared_count = record.count = static_cast<std::uint32_t>(entries.size());
    return record;
}

Keys draw_keys(Random& random, std::uint32_t universe, std::uint64_t most) {
    Keys keys(random.below(most + 1));
    std::generate(keys.begin(), keys.end(),
                  [&] { return static_cast<std::uint32_t>(random.below(universe)); });
    return keys;
}
Keys without_repetitions(Keys keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}
/// Keys as a machine asks for them that was expected to ask for `expected`: some are left out, some
/// asked for twice, some others come between.
Keys follow(Random& random, const Keys& expected, std::uint32_t universe) {
    Keys asked;
    for (const std::uint32_t key : expected) {
        const std::uint64_t times = random.chance(1, 6) ? random.below(3) : 1;
        asked.insert(asked.end(), times, key);
        if (random.chance(1, 6)) {
            asked.push_back(static_cast<std::uint32_t>(random.below(universe)));
        }
    }
    return asked;
}

TEST(AccessTable, HasOneEntryForEachKeyWhateverWasDeclaredAndExpected) {
    for (const std::uint32_t universe : {12U, 300U, 5'000U}) {
        StateStore<ProgramMachine> store;
        Random random(universe);
        for (std::uint32_t i = 0; i < universe; i += 2) {  // every second key is absent
            const Int128 value = 1;
            store.set(i, &value);
        }
        Table table(store);
        std::vector<Entry> entries;
        for (int incarnation = 0; incarnation < 400; ++incarnation) {
            const Keys declared = without_repetitions(draw_keys(random, universe, 30));
            const auto record = declare(store, declared, entries);
            table.begin(record, random.chance(1, 5));
            std::map<std::uint32_t, std::uint32_t> numbers;  // of entries, by key
            for (std::uint32_t i = 0; i < declared.size(); ++i) {
                numbers[declared[i]] = i;
            }
            for (int round = 0; round < 3; ++round) {
                const Keys expected = draw_keys(random, universe, random.chance(1, 8) ? 200 : 20);
                table.prefetch([&](auto&& sink) {
                    for (const std::uint32_t key : expected) {
                        sink(key);
                    }
                });
                for (const std::uint32_t key : follow(random, expected, universe)) {
                    const Entry& entry = table.entry_of(key);
                    ASSERT_EQ(entry.key, key);
                    ASSERT_EQ(entry.id, store.intern(key));
                    ASSERT_EQ(entry.cell, &store.cell(entry.id));
                    const std::uint32_t number = table.number_of(entry);
                    ASSERT_EQ(&table[number], &entry);
                    ASSERT_EQ(numbers.try_emplace(key, number).first->second, number);
                }
            }
            ASSERT_EQ(table.size(), numbers.size());
            if (random.chance(1, 10)) {
                store.commit_new_keys();  // the next block begins: cells of absent keys are freed
            }
        }
    }
}

}  // namespace
}  // namespace lockstep::test
