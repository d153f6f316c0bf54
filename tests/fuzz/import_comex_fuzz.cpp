#include "tests/fuzz/import_check.hpp"
#include "tests/fuzz/zip_archive.hpp"

namespace lockstep::fuzz {
namespace {

/// An input is a list of members, each a line with the name and the rows up to an empty line.
Bytes archive_of(std::string_view text) {
    std::vector<ZipMember> members;
    while (!text.empty() && members.size() < 4) {
        const std::size_t gap = text.find("\n\n");
        const std::string_view part = text.substr(0, gap);
        const std::size_t line = part.find('\n');
        members.emplace_back(std::string(part.substr(0, std::min<std::size_t>(line, 200))),
                             line == std::string_view::npos ? "" : part.substr(line + 1));
        text.remove_prefix(gap == std::string_view::npos ? text.size() : gap + 2);
    }
    return zip_archive(members);
}

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    return {as_bytes("20131007_gc_tick_trade_201312.csv\n"
                     "28800000,1310.5,2,X,0,0\n"
                     "28800100,1310.6,1,X,0,0\n"
                     "28800100,1310.6,1,X,0,1\n"
                     "28800200,1310.4,0,X,0,0\n\n"
                     "20131007_si_tick_trade_201403.csv\n"
                     "28800050,21.505,1,X,0,0\n"),
            as_bytes("day/20131007_zz_tick_trade_201401.csv\n0,-1,1,X,0,0\n86399999,5,3,X,0,0\n")};
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    check_import("comex-ticks", archive_of(as_text(input_bytes(data, size))));
    return 0;
}
