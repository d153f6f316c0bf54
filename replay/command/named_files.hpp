#pragma once

#include <string>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/file_place.hpp"

namespace lockstep {

/// All files that one command was told to read and to write.
///
/// Role: no output may be an input or another output, whatever names lead to it. A command lists
///       what its options name and checks the list before it opens anything for writing.
class NamedFiles {
  public:
    /// `option`: for messages. An empty name is no file.
    NamedFiles& reads(const std::string& option, const std::string& name);
    NamedFiles& writes(const std::string& option, const std::string& name);
    /// The same of what may be a digest file, which has a run file beside it.
    NamedFiles& reads_digests(const std::string& option, const std::string& name);
    NamedFiles& writes_digests(const std::string& option, const std::string& name);
    /// The command prints on standard output.
    NamedFiles& prints();

    /// Errors: kUsage, naming both options.
    [[nodiscard]] Result<void, Error> check() const;

  private:
    struct Entry {
        std::string option;
        std::string name;
        FilePlace place;
        bool written = false;
    };
    NamedFiles& add(const std::string& option, const std::string& name, bool written);

    std::vector<Entry> entries_;
};

}  // namespace lockstep
