#include "engine/base/digest.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep {
namespace {

/// The buffer over which xxHash publishes its test values.
std::vector<std::byte> published_buffer(std::size_t size) {
    std::vector<std::byte> out(size);
    std::uint64_t generator = 2654435761U;
    for (std::byte& b : out) {
        b = static_cast<std::byte>(generator >> 56);
        generator *= 11400714785074694797U;
    }
    return out;
}

TEST(Digest, AgreesWithThePublishedValuesOfXxh3) {
    struct Vector {
        std::size_t size;
        std::uint64_t low;
        std::uint64_t high;
    };
    // Seed 0, one length for each path of the algorithm up to 12 bytes (xxHash 0.8 sanity check).
    for (const Vector& v : {Vector{0, 0x6001C324468D497FU, 0x99AA06D3014798D8U},
                            Vector{1, 0xC44BDFF4074EECDBU, 0xA6CD5E9392000F6AU},
                            Vector{6, 0x3E7039BDDA43CFC6U, 0x082AFE0B8162D12AU},
                            Vector{12, 0x061A192713F69AD9U, 0x6E3EFD8FC7802B18U}}) {
        const Digest digest = digest_of(published_buffer(v.size));
        EXPECT_EQ(digest.low, v.low) << v.size << " bytes";
        EXPECT_EQ(digest.high, v.high) << v.size << " bytes";
    }
}

TEST(Digest, EveryByteOfALongInputCounts) {
    std::vector<std::byte> bytes = published_buffer(3000);
    const Digest before = digest_of(bytes);
    for (const std::size_t at : {std::size_t{0}, std::size_t{1023}, std::size_t{2999}}) {
        bytes[at] ^= std::byte{1};
        EXPECT_NE(digest_of(bytes), before) << at;
        bytes[at] ^= std::byte{1};
    }
    EXPECT_EQ(digest_of(bytes), before);
}

TEST(Digest, HexIsTheHighHalfFirstAndReadsBack) {
    const Digest digest{.high = 0x0123456789abcdefU, .low = 0x00000000000000ffU};
    EXPECT_EQ(digest.hex(), "0123456789abcdef00000000000000ff");
    EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
    EXPECT_EQ(digest_of({}).hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Digest, TextThatIsNoDigestIsRefused) {
    const std::string good(32, 'a');
    ASSERT_TRUE(Digest::from_hex(good).has_value());
    EXPECT_FALSE(Digest::from_hex("").has_value());
    EXPECT_FALSE(Digest::from_hex(good.substr(1)).has_value());
    EXPECT_FALSE(Digest::from_hex(good + "a").has_value());
    EXPECT_FALSE(Digest::from_hex("g" + good.substr(1)).has_value());
    EXPECT_FALSE(Digest::from_hex(" " + good.substr(1)).has_value());
    EXPECT_FALSE(Digest::from_hex("0x" + good.substr(2)).has_value());
}

TEST(Digest, SumsCarryAndDoNotDependOnOrder) {
    Digest sum{.high = 1, .low = ~std::uint64_t{0}};
    sum += Digest{.high = 0, .low = 1};
    EXPECT_EQ(sum, (Digest{.high = 2, .low = 0}));
    sum -= Digest{.high = 0, .low = 1};
    EXPECT_EQ(sum, (Digest{.high = 1, .low = ~std::uint64_t{0}}));

    const Digest a = digest_of(published_buffer(5));
    const Digest b = digest_of(published_buffer(50));
    Digest forth = a;
    forth += b;
    Digest back = b;
    back += a;
    EXPECT_EQ(forth, back);
    forth -= a;
    EXPECT_EQ(forth, b);
}

TEST(Digest, EncodesLowHalfFirst) {
    ByteWriter out;
    put(out, Digest{.high = 0x0807060504030201U, .low = 0x100f0e0d0c0b0a09U});
    ASSERT_EQ(out.size(), 16U);
    EXPECT_EQ(out.bytes()[0], std::byte{0x09});
    EXPECT_EQ(out.bytes()[15], std::byte{0x08});
}

}  // namespace
}  // namespace lockstep
