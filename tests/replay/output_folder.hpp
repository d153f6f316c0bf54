#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/replay/command_runner.hpp"

namespace lockstep::test {

/// A folder with a log `a.log` in which scripts run the command.
class OutputFolder : public testing::Test {
  protected:
    void SetUp() override { write_log(file("a.log"), transfer_blocks(3)); }

    [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
    [[nodiscard]] std::string text(const std::string& name) const {
        std::string out;
        for (const std::byte b : read_bytes(file(name))) {
            out += static_cast<char>(b);
        }
        return out;
    }
    /// `generate` is a function there: a small log, as its arguments say.
    [[nodiscard]] CommandRun run(const std::string& script) const {
        return run_script(
            "cd '" + file("") +
            "' && generate() { \"$lockstep\" generate --workload transfers --accounts 10 "
            "--blocks 2 --block-size 10 \"$@\"; }\n" +
            script);
    }
    /// The bytes that `generate` writes with these arguments.
    [[nodiscard]] std::string generated(const std::string& arguments = "") const {
        const CommandRun made = run("generate -o - " + arguments);
        EXPECT_EQ(made.exit_code, 0) << made.err;
        EXPECT_GT(made.out.size(), 1'000U);
        return made.out;
    }
    /// Everything in the folder, hidden files too.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::directory_iterator(file(""))) {
            out.push_back(entry.path().filename());
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    /// A device like /dev/full that a faulty command may destroy.
    [[nodiscard]] std::string device(const std::string& name, unsigned minor) const {
        const bool made = ::mknod(file(name).c_str(), S_IFCHR | 0666U, ::makedev(1, minor)) == 0 &&
                          ::access(file(name).c_str(), W_OK) == 0;
        return made ? file(name) : "/dev/" + name;
    }
    [[nodiscard]] std::string full() const { return device("full", 7); }

  private:
    TemporaryFolder folder_;
};

}  // namespace lockstep::test
