#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::test {

/// A small file of a layout, made by hand, and what its trades are.
struct LayoutSample {
    std::string layout;
    std::string file;
    std::string content;
    std::string market;  ///< the first
    std::string terms;   ///< kind, currency and contract of it
    std::uint64_t trades;
    std::string volume;  ///< of the first market
    bool has_identity = true;
    bool by_name_only = false;
    std::string symbol = {};  ///< what --symbol must tell
};

[[nodiscard]] std::vector<LayoutSample> layout_samples();

/// A DBN file of version 1 with one instrument, number 7, and these records.
[[nodiscard]] std::string dbn_file(const std::string& symbol, const std::string& records);
[[nodiscard]] std::string dbn_trade(std::uint64_t time_ns, std::int64_t price, std::uint32_t size,
                                    char side);
[[nodiscard]] std::string dbn_order_event(std::uint64_t time_ns, std::int64_t price,
                                          std::uint32_t size, char action, char side);

}  // namespace lockstep::test
