#include "replay/command/named_files.hpp"

#include <unistd.h>

#include "replay/digest/run_info.hpp"

namespace lockstep {

NamedFiles& NamedFiles::add(const std::string& option, const std::string& name, bool written) {
    if (!name.empty()) {
        const int dash = written ? STDOUT_FILENO : STDIN_FILENO;
        entries_.push_back({option, name, find_place(name, dash), written});
    }
    return *this;
}

NamedFiles& NamedFiles::reads(const std::string& option, const std::string& name) {
    return add(option, name, false);
}

NamedFiles& NamedFiles::writes(const std::string& option, const std::string& name) {
    return add(option, name, true);
}

NamedFiles& NamedFiles::reads_digests(const std::string& option, const std::string& name) {
    reads(option, name);
    return name.empty() ? *this : reads("the run file of " + option, run_info_path(name));
}

NamedFiles& NamedFiles::writes_digests(const std::string& option, const std::string& name) {
    writes(option, name);
    return name.empty() ? *this : writes("the run file of " + option, run_info_path(name));
}

NamedFiles& NamedFiles::prints() {
    return writes("standard output", "-");
}

Result<void, Error> NamedFiles::check() const {
    for (const Entry& output : entries_) {
        for (const Entry& other : entries_) {
            // Two outputs are compared once.
            if (output.written && (!other.written || &other < &output) &&
                same_place(output.place, other.place)) {
                return failure(
                    Error{.code = ErrorCode::kUsage,
                          .message = output.option + " and " + other.option + " are the same file",
                          .file = output.name});
            }
        }
    }
    return {};
}

}  // namespace lockstep
