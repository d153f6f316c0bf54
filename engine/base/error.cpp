#include "engine/base/error.hpp"

namespace lockstep {

std::string Error::describe() const {
    std::string text;
    if (!file.empty()) {
        text += file + ": ";
    }
    const auto append = [&text](const char* name, const std::optional<std::uint64_t>& value) {
        if (value) {
            text += std::string(name) + " " + std::to_string(*value) + ": ";
        }
    };
    append("offset", offset);
    append("block", block);
    append("transaction", transaction);
    return text + message;
}

}  // namespace lockstep
