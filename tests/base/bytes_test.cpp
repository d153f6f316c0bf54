#include "engine/base/bytes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/random.hpp"

namespace lockstep {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> out;
    for (const int value : values) {
        out.push_back(static_cast<std::byte>(value));
    }
    return out;
}

std::vector<std::byte> written(const ByteWriter& out) {
    return {out.bytes().begin(), out.bytes().end()};
}

enum class Colour : std::uint16_t { kRed = 0x0102 };

struct Padded {
    std::uint8_t first;
    std::uint64_t second;
};
static_assert(!std::has_unique_object_representations_v<Padded>);

template <class T>
concept Encodable = requires(ByteWriter out, T value) {
    out.put(value);
};
// Fields are encoded, objects and addresses are not.
static_assert(Encodable<std::uint8_t> && Encodable<Colour> && Encodable<Int128>);
static_assert(!Encodable<Padded> && !Encodable<Padded*> && !Encodable<std::nullptr_t>);

TEST(ByteWriter, IntegersAreLittleEndianOnEveryMachine) {
    ByteWriter out;
    out.put(std::uint8_t{0x01});
    out.put(std::uint32_t{0x05040302});
    out.put(std::int64_t{-2});
    out.put(true);
    out.put(Colour::kRed);
    EXPECT_EQ(written(out), bytes_of({0x01, 0x02, 0x03, 0x04, 0x05, 0xfe, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0x01, 0x02, 0x01}));
}

TEST(ByteWriter, WideIntegersPutTheLowHalfFirst) {
    ByteWriter out;
    out.put(make_int128(0x0102030405060708U, 0x1112131415161718U));
    ASSERT_EQ(out.size(), 16U);
    EXPECT_EQ(out.bytes()[0], std::byte{0x18});
    EXPECT_EQ(out.bytes()[8], std::byte{0x08});
    EXPECT_EQ(out.bytes()[15], std::byte{0x01});
}

TEST(ByteWriter, StringsCarryTheirLengthAndAppendedBytesDoNot) {
    ByteWriter out;
    out.put_text("ab");
    out.append(bytes_of({7}));
    EXPECT_EQ(written(out), bytes_of({2, 0, 0, 0, 'a', 'b', 7}));
    out.clear();
    EXPECT_EQ(out.size(), 0U);
}

TEST(ByteReader, ReturnsWhatWasWritten) {
    Random random(11);
    for (int i = 0; i < 1000; ++i) {
        const auto a = static_cast<std::int8_t>(random.next());
        const auto b = static_cast<std::uint16_t>(random.next());
        const auto c = static_cast<std::int64_t>(random.next());
        const Int128 d = make_int128(random.next(), random.next());
        const bool e = random.chance(1, 2);
        ByteWriter out;
        out.put(a);
        out.put(b);
        out.put(c);
        out.put(d);
        out.put(e);
        out.put_text("xyz");
        ByteReader in(out.bytes());
        EXPECT_EQ(in.get<std::int8_t>(), a);
        EXPECT_EQ(in.get<std::uint16_t>(), b);
        EXPECT_EQ(in.get<std::int64_t>(), c);
        EXPECT_TRUE(in.get_int128() == d);
        EXPECT_EQ(in.get<bool>(), e);
        EXPECT_EQ(in.get_bytes().size(), 3U);
        EXPECT_TRUE(in.ok());
        EXPECT_EQ(in.remaining(), 0U);
    }
}

TEST(ByteReader, ExtremesSurvive) {
    ByteWriter out;
    out.put(std::numeric_limits<std::int64_t>::min());
    out.put(kInt128Min);
    out.put(kInt128Max);
    ByteReader in(out.bytes());
    EXPECT_EQ(in.get<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
    EXPECT_TRUE(in.get_int128() == kInt128Min);
    EXPECT_TRUE(in.get_int128() == kInt128Max);
}

TEST(ByteReader, AReadPastTheEndIsZeroAndSticks) {
    const std::vector<std::byte> three = bytes_of({1, 2, 3});
    ByteReader in(three);
    EXPECT_EQ(in.get<std::uint32_t>(), 0U);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.remaining(), 0U);
    EXPECT_EQ(in.get<std::uint8_t>(), 0U);
    EXPECT_FALSE(in.ok());
}

TEST(ByteReader, ALengthBeyondTheEndTakesNothing) {
    ByteWriter out;
    out.put(std::numeric_limits<std::uint32_t>::max());
    out.put(std::uint64_t{1});
    ByteReader in(out.bytes());
    EXPECT_TRUE(in.get_bytes().empty());
    EXPECT_FALSE(in.ok());
}

TEST(ByteReader, EveryCutOfAMessageIsNoticed) {
    ByteWriter out;
    out.put(std::uint16_t{1});
    out.put_text("payload");
    out.put(std::uint64_t{2});
    for (std::size_t size = 0; size <= out.size(); ++size) {
        ByteReader in(out.bytes().first(size));
        static_cast<void>(in.get<std::uint16_t>());
        static_cast<void>(in.get_bytes());
        static_cast<void>(in.get<std::uint64_t>());
        EXPECT_EQ(in.ok(), size == out.size()) << size;
    }
}

}  // namespace
}  // namespace lockstep
