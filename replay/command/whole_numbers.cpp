#include "replay/command/whole_numbers.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <string>

namespace lockstep {
namespace {

/// Why `text` is no number of type T, for the message of an option; empty when it is one.
template <class T>
std::string refuse_number(const std::string& text) {
    T value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, value);
    const bool octal = text.size() > 1 && text[0] == '0';  // to those who read on
    return failed == std::errc() && rest == end && !octal
               ? std::string()
               : "'" + text + "' is no whole number, or out of range";
}

}  // namespace

void demand_whole_number(CLI::Option& flag) {
    flag.check(CLI::Validator(refuse_number<std::uint64_t>, {}));
}

void demand_whole_numbers(CLI::App& app) {
    for (CLI::App* const command : app.get_subcommands([](CLI::App*) { return true; })) {
        for (CLI::Option* const option : command->get_options()) {
            const std::string type = option->get_type_name();
            if (type.starts_with("UINT")) {
                demand_whole_number(*option);
            } else if (type.starts_with("INT")) {
                option->check(CLI::Validator(refuse_number<std::int64_t>, {}));
            }
        }
    }
}

}  // namespace lockstep
