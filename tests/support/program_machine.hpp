#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/random.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/key_order.hpp"

namespace lockstep::test {

/// What one step of a toy transaction does; the accumulator carries data from reads to writes.
enum class Op : std::uint8_t {
    kRead,   ///< accumulate the value
    kWrite,  ///< write a mix of the accumulator
    kErase,
    kChange,   ///< accumulate the value, change it in place, read the next cell, change it again
    kAdd,      ///< add operand within bounds, accumulate the answer
    kAtLeast,  ///< predicate, accumulate the answer
    kExists,   ///< predicate, accumulate the answer
    kScan,  ///< accumulate keys and values of a range; sometimes ends early, changes what is ahead
    kJump,  ///< data-dependent: later keys depend on the accumulator
    kEmit,
    kSave,      ///< savepoint
    kRollback,  ///< return to the last savepoint when the accumulator is odd
    kThrowIfOdd,
    kSpinIfOdd,    ///< reads until it is stopped when the accumulator is odd
    kDeafIfOdd,    ///< reads, far beyond its budget, when the accumulator is odd; asks nobody
    kRejectIfOdd,  ///< business rejection: status 7, writes so far undone
};

struct Step {
    Op op = Op::kRead;
    std::uint32_t key = 0;
    std::int64_t operand = 0;
    Bounds bounds = {};
};

/// A transaction as data: every access pattern that a real machine could show.
struct Program {
    std::vector<Step> steps = {};
    std::vector<std::pair<std::uint32_t, Access>> declared = {};  ///< may be incomplete or wrong
    std::uint64_t weight = 1;
    std::uint32_t delay = 0;  ///< spin iterations, to shake interleavings; no effect on results
};

/// Limits that random programs reach now and then.
inline constexpr TxnLimits kProgramLimits{.steps = 2'000, .event_bytes = 60};

/// Key-value machine over u32 keys and i128 values.
struct ProgramMachine {
    using Key = std::uint32_t;
    using Value = Int128;
    using Transaction = Program;
    struct Context {
        std::int64_t time_ms = 0;
        Int128 tick = 0;
    };

    static constexpr bool kScans = true;

    std::uint32_t universe = 8;

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, const Value& value) { out.put(value); }
    static Int128 number(const Value& value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }

    static constexpr Key kTickKey = 1'000'000;
    static constexpr Key kCountKey = 1'000'001;

    template <class View, class Header>
    Context begin_block(View& view, const Header& header, std::span<const Program>) const {
        const Int128* tick = view.read(kTickKey);
        const Int128 next = (tick != nullptr ? *tick : 0) + 1;
        view.write(kTickKey, next);
        return {.time_ms = header.time_ms, .tick = next};
    }
    template <class View, class Header>
    void end_block(View& view, const Header&, const Context& context) const {
        if (!view.add(kCountKey, context.tick, {})) {
            view.erase(kCountKey);
        }
    }
    /// A claim that not every program keeps.
    static constexpr bool declares_all(const Context&) { return true; }
    template <class Sink>
    void declare(const Program& program, const Context&, Sink&& sink) const {
        for (const auto& [key, access] : program.declared) {
            sink(key, access);
        }
    }

    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context& context) const {
        volatile std::uint32_t spin = program.delay;
        while (spin != 0) {
            spin = spin - 1;
        }
        std::uint64_t acc = low64(context.tick);
        std::uint32_t offset = 0;
        auto start = view.savepoint();
        auto save = view.savepoint();
        const auto take = [&acc](const Int128* value) {
            acc = mix64(acc ^ (value != nullptr ? low64(*value) + 1 : 0));
        };
        for (const Step& step : program.steps) {
            const Key key = (step.key + offset) % universe;
            switch (step.op) {
                case Op::kRead:
                    take(view.read(key));
                    break;
                case Op::kWrite:
                    view.write(key, Int128{mix64(acc) >> 40} + step.operand);
                    break;
                case Op::kErase:
                    view.erase(key);
                    break;
                case Op::kChange: {
                    Int128* const value = view.change(key);
                    take(value);
                    if (value != nullptr) {
                        *value = Int128{mix64(acc) >> 40} + step.operand;
                        take(view.read((key + 1) % universe));
                        *value += acc % 4;
                    }
                    break;
                }
                case Op::kAdd:
                    acc = mix64(acc + view.add(key, step.operand, step.bounds));
                    break;
                case Op::kAtLeast:
                    acc = mix64(acc + view.at_least(key, step.operand));
                    break;
                case Op::kExists:
                    acc = mix64(acc + view.exists(key));
                    break;
                case Op::kScan:
                    scan(view, step, key, acc);
                    break;
                case Op::kJump:
                    offset = static_cast<std::uint32_t>(acc % universe);
                    break;
                case Op::kEmit: {
                    ByteWriter out;
                    out.put(acc);
                    view.emit(static_cast<std::uint16_t>(step.operand), out.bytes());
                    break;
                }
                case Op::kSave:
                    save = view.savepoint();
                    break;
                case Op::kRollback:
                    if (acc % 2 == 1) {
                        view.rollback(save);
                        save = view.savepoint();
                    }
                    break;
                case Op::kThrowIfOdd:
                    if (acc % 2 == 1) {
                        throw std::runtime_error("odd");
                    }
                    break;
                case Op::kSpinIfOdd:
                    for (Key k = 0; acc % 2 == 1 && !view.stopped(); ++k) {
                        static_cast<void>(view.read(k % universe));
                    }
                    break;
                case Op::kDeafIfOdd:
                    if (acc % 2 == 1) {
                        read_on(view, static_cast<std::uint64_t>(step.operand));
                    }
                    break;
                case Op::kRejectIfOdd:
                    if (acc % 2 == 1) {
                        view.rollback(start);
                        return {.status = 7, .weight = program.weight};
                    }
                    break;
            }
        }
        return {.status = 0, .weight = program.weight};
    }

  private:
    /// Calls the view as a host does that cannot unwind; whatever it throws ends the process.
    template <class View>
    void read_on(View& view, std::uint64_t times) const noexcept {
        for (std::uint64_t i = 0; i < times; ++i) {
            const Key key = static_cast<Key>(i % universe);
            switch (i % 8) {
                case 0:
                    view.write(key, static_cast<std::int64_t>(i));
                    break;
                case 1:
                    static_cast<void>(view.add(key, 1, Bounds{}));
                    break;
                case 2:
                    static_cast<void>(view.at_least(key, 1));
                    break;
                case 3:
                    static_cast<void>(view.exists(key));
                    break;
                case 4:
                    static_cast<void>(view.change(key));
                    break;
                default:
                    static_cast<void>(view.read(key));
            }
        }
    }
    /// Views of executors that cannot scan must not get programs that do.
    template <class View>
    static void scan(View& view, const Step& step, Key from, std::uint64_t& acc) {
        if constexpr (requires {
                          view.scan(from, from, 1, [](Key, const Value&) { return true; });
                      }) {
            const auto span = static_cast<std::uint32_t>(step.operand < 0 ? 3 : step.operand);
            const std::size_t limit = step.operand < 0 ? 2 : 1'000;
            const std::size_t visited =
                view.scan(from, from + span, limit, [&](Key key, const Value& value) {
                    acc = mix64(acc ^ (low64(value) + key));
                    if (acc % 16 == 0) {
                        view.erase(key + 1);
                    } else if (acc % 16 == 1) {
                        view.write(key + 2, low64(value) % 100);
                    }
                    return acc % 16 != 2;
                });
            acc = mix64(acc + visited);
        } else {
            throw std::logic_error("this view cannot scan");
        }
    }
};
static_assert(Machine<ProgramMachine>);

}  // namespace lockstep::test
