#include "tests/replay/faulty_venue.hpp"

#include <gtest/gtest.h>

#include "replay/divergence/side.hpp"

namespace lockstep::test {

void write_faulty_digests(const std::string& log, const std::string& digests,
                          const PlantedFault& fault, const RunInfo& run, bool effects) {
    auto reader = LogReader::open(log);
    ASSERT_TRUE(reader.has_value());
    auto writer = DigestWriter::create(digests, digest_header(*reader));
    ASSERT_TRUE(writer.has_value());
    const FaultyVenue venue(fault);
    StateStore<FaultyVenue> store;
    SerialExecutor<FaultyVenue> executor(venue, store);
    for (auto block = reader->next(); *block; block = reader->next()) {
        const auto result = executor.execute(**block);
        ASSERT_TRUE(result.has_value());
        ASSERT_TRUE(writer->append(make_digest_record(*result, reader->block_digest(), effects)));
    }
    ASSERT_TRUE(writer->close(run).has_value());
}

}  // namespace lockstep::test
