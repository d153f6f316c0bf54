#pragma once

// What crosses between Python and the C interface, and the results of blocks.
#include <lockstep.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace nb = nanobind;
using nb::literals::operator""_a;

inline ls_bytes bytes_of(const nb::bytes& bytes) {
    return {static_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
inline nb::object shown(const ls_bytes& bytes) {
    return bytes.data == nullptr ? nb::none() : nb::object(nb::bytes(bytes.data, bytes.size));
}
inline std::string hex(const ls_digest& digest) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : digest.bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}
/// The 128 bits of an int; OverflowError when it has more.
inline ls_int128 wide(const nb::int_& number) {
    const nb::object bytes = number.attr("to_bytes")(16, "little", "signed"_a = true);
    // tidy: allow(raw_bytes) what to_bytes has made
    const auto* const in = reinterpret_cast<const std::uint8_t*>(nb::bytes(bytes).c_str());
    ls_int128 out{0, 0};
    std::uint64_t high = 0;
    for (int i = 7; i >= 0; --i) {
        out.low = out.low << 8 | in[i];
        high = high << 8 | in[i + 8];
    }
    out.high = static_cast<std::int64_t>(high);
    return out;
}
[[noreturn]] inline void refuse(const ls_error& error) {
    throw std::runtime_error(std::string("lockstep: ") + error.message);
}
inline ls_error no_error() {
    ls_error error{};
    error.size = sizeof(error);
    return error;
}

/// What a block put out; arrays are views of it.
class Result {
  public:
    explicit Result(ls_result* result) : result_(result, &ls_result_free) {
        summary_.size = sizeof(summary_);
        ls_result_summary(result, &summary_);
        receipts_.resize(summary_.receipts);
        ls_result_receipts(result, 0, receipts_.size(), receipts_.data());
    }
    [[nodiscard]] std::string state() const { return hex(summary_.state); }
    [[nodiscard]] std::string block() const { return hex(summary_.block); }
    [[nodiscard]] std::size_t size() const { return receipts_.size(); }
    [[nodiscard]] std::string effects(std::size_t index) const {
        return hex(receipts_.at(index).effects);
    }
    [[nodiscard]] nb::list events(std::size_t index) const {
        nb::list out;
        ls_bytes rest = receipts_.at(index).events;
        ls_event event{};
        while (ls_next_event(&rest, &event) == LS_OK) {
            out.append(nb::make_tuple(event.type, shown(event.bytes)));
        }
        return out;
    }
    /// Key, value before and after the block; None: absent.
    [[nodiscard]] nb::list diff() const {
        std::size_t count = 0;
        if (ls_diff_size(result_.get(), &count) != LS_OK) {
            throw std::runtime_error("lockstep: the block was executed without diff");
        }
        std::vector<ls_diff_entry> entries(count);
        ls_diff_entries(result_.get(), 0, count, entries.data());
        nb::list out;
        for (const ls_diff_entry& entry : entries) {
            out.append(nb::make_tuple(shown(entry.key), shown(entry.before), shown(entry.after)));
        }
        return out;
    }
    [[nodiscard]] const ls_result* raw() const { return result_.get(); }
    /// A field of all receipts, as a memoryview over the result's memory.
    template <class Field>
    [[nodiscard]] static auto column(nb::handle self, Field ls_receipt::*field) {
        auto& receipts = nb::cast<Result&>(self).receipts_;
        Field* const first = receipts.empty() ? nullptr : &(receipts.front().*field);
        static_assert(sizeof(ls_receipt) % sizeof(Field) == 0);
        return nb::ndarray<nb::memview, const Field, nb::ndim<1>>(
            first, {receipts.size()}, self,
            {static_cast<std::int64_t>(sizeof(ls_receipt) / sizeof(Field))});
    }

  private:
    std::unique_ptr<ls_result, decltype(&ls_result_free)> result_;
    ls_summary summary_{};
    std::vector<ls_receipt> receipts_;
};
