#pragma once

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "replay/stress/scaling.hpp"

namespace lockstep {

/// One cell of a sweep: what was executed, and how it scaled.
struct StressRow {
    std::string workload;
    std::uint32_t accounts = 0;
    std::uint32_t block_size = 0;
    std::optional<std::uint32_t> work_ns;  ///< of each transfer; the venue's work is its own
    ScalingReport report;
};

/// For programs: how one workload scaled, every figure under its name.
[[nodiscard]] nlohmann::ordered_json scaling_json(const ScalingReport& report);

/// For programs: one row, every figure under its name; speed-ups as plain numbers.
[[nodiscard]] nlohmann::ordered_json stress_json(const StressRow& row);

/// For people: one row as a small table.
void print_stress_row(std::ostream& out, const StressRow& row);

/// `thousandths` with two decimals: 1'234 is "1.23".
[[nodiscard]] std::string decimal_text(std::uint64_t thousandths);

}  // namespace lockstep
