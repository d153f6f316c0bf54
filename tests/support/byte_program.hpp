#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "engine/bytes/byte_state.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {

/// Long byte keys for the keys of programs, in the same order, in memory that ends with a block.
class ByteKeys {
  public:
    explicit ByteKeys(std::uint32_t universe) {
        for (std::uint32_t key = 0; key < universe + kBehind; ++key) {
            add(key);
        }
        add(ProgramMachine::kTickKey);
        add(ProgramMachine::kCountKey);
    }
    ByteKeys(const ByteKeys&) = delete;
    ByteKeys& operator=(const ByteKeys&) = delete;
    /// Whoever still looks at a key sees another one.
    ~ByteKeys() {
        for (auto& [key, bytes] : bytes_) {
            std::fill(bytes.begin(), bytes.end(), std::byte{0xee});
        }
    }
    [[nodiscard]] ByteKey of(std::uint32_t key) const { return ByteKey(bytes_.at(key)); }
    [[nodiscard]] static std::uint32_t number_of(const ByteKey& key) {
        std::uint32_t number = 0;
        for (const std::byte byte : key.bytes().subspan(kPrefix, 4)) {
            number = number << 8 | static_cast<std::uint32_t>(byte);
        }
        return number;
    }

  private:
    static constexpr std::size_t kPrefix = 40;
    static constexpr std::uint32_t kBehind = 64;  ///< scans end behind the universe

    void add(std::uint32_t key) {
        std::vector<std::byte>& bytes = bytes_[key];
        bytes.assign(kPrefix, std::byte{'k'});
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes.push_back(static_cast<std::byte>(key >> shift & 0xff));
        }
        bytes.resize(bytes.size() + key * 37 % 900, std::byte{'z'});
    }

    std::map<std::uint32_t, std::vector<std::byte>> bytes_;
};

/// ProgramMachine over byte keys: statuses and events are the same.
struct ByteProgram : ByteState {
    using Transaction = Program;
    using Context = ProgramMachine::Context;

    ProgramMachine program;
    std::unique_ptr<ByteKeys> keys;

    /// Values are numbers with a tail, some of them longer than what lies in a ByteValue.
    static Int128 number(const Value& value) {
        return value.size() < sizeof(Int128) ? 0 : load_value<Int128>(value.bytes().data());
    }
    static void set_number(Value& value, Int128 number) { value = value_of(number); }
    static Value value_of(Int128 number) {
        std::vector<std::byte> bytes(sizeof(Int128) + low64(number) % 90, std::byte{1});
        store_value(bytes.data(), number);
        return Value(bytes);
    }

    /// The view of ProgramMachine over a view of bytes.
    template <class View>
    struct Numbers {
        View& view;
        const ByteKeys& keys;
        Int128 shown = 0;

        using Savepoint = typename View::Savepoint;
        const Int128* read(std::uint32_t key) {
            const Value* value = view.read(keys.of(key));
            shown = value != nullptr ? number(*value) : 0;
            return value != nullptr ? &shown : nullptr;
        }
        Int128* change(std::uint32_t /*key*/) { return nullptr; }
        bool exists(std::uint32_t key) { return view.exists(keys.of(key)); }
        bool at_least(std::uint32_t key, Int128 amount) {
            return view.at_least(keys.of(key), amount);
        }
        void write(std::uint32_t key, Int128 value) { view.write(keys.of(key), value_of(value)); }
        void erase(std::uint32_t key) { view.erase(keys.of(key)); }
        bool add(std::uint32_t key, Int128 amount, const Bounds& bounds) {
            return view.add(keys.of(key), amount, bounds);
        }
        template <class Visit>
        std::size_t scan(std::uint32_t from, std::uint32_t to, std::size_t limit, Visit&& visit) {
            return view.scan(keys.of(from), keys.of(to), limit,
                             [&](const Key& key, const Value& value) {
                                 return visit(ByteKeys::number_of(key), number(value));
                             });
        }
        void emit(std::uint16_t type, std::span<const std::byte> bytes) { view.emit(type, bytes); }
        Savepoint savepoint() { return view.savepoint(); }
        void rollback(const Savepoint& savepoint) { view.rollback(savepoint); }
        [[nodiscard]] bool stopped() const { return view.stopped(); }
    };

    template <class View, class Header>
    Context begin_block(View& view, const Header& header, std::span<const Program> all) const {
        Numbers<View> numbers{view, *keys};
        return program.begin_block(numbers, header, all);
    }
    template <class View, class Header>
    void end_block(View& view, const Header& header, const Context& context) const {
        Numbers<View> numbers{view, *keys};
        program.end_block(numbers, header, context);
    }
    static constexpr bool declares_all(const Context&) { return true; }
    template <class Sink>
    void declare(const Program& transaction, const Context&, Sink&& sink) const {
        for (const auto& [key, access] : transaction.declared) {
            sink(keys->of(key), access);
        }
    }
    template <class View>
    TxnOutcome execute(View& view, const Program& transaction, const Context& context) const {
        Numbers<View> numbers{view, *keys};
        return program.execute(numbers, transaction, context);
    }
};
static_assert(Machine<ByteProgram>);

}  // namespace lockstep::test
