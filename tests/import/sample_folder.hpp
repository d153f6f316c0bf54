#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace lockstep::test {

/// A folder of the test's own for files whose names count, removed at the end.
class SampleFolder {
  public:
    SampleFolder()
        : path_(::testing::TempDir() + "lockstep_" +
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
        std::filesystem::create_directories(path_);
    }
    ~SampleFolder() { std::filesystem::remove_all(path_); }
    SampleFolder(const SampleFolder&) = delete;
    SampleFolder& operator=(const SampleFolder&) = delete;

    /// Writes a file and returns its path.
    std::string add(const std::string& name, std::string_view content) const {
        std::ofstream out(path_ + "/" + name, std::ios::binary);
        out.write(content.data(), static_cast<std::streamsize>(content.size()));
        return path_ + "/" + name;
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace lockstep::test
