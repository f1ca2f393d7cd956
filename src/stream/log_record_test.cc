#include "stream/log_record.h"

#include <gtest/gtest.h>

#include "stream/crc32c.h"
#include "stream/log_folder.h"

namespace penstock::stream {
namespace {

using State = DecodedRecord::State;

TEST(Crc32c, KnownAnswers) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(""), 0U);
  // RFC 3720, appendix B.4.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(Crc32c(Crc32c("1234"), "56789"), 0xE3069283U);
}

TEST(LogRecord, IsReadAsWritten) {
  const TimePoint arrival{Duration(1'700'000'000'123'456)};
  std::string bytes;
  EncodeRecord({7, arrival, "first"}, 0x9f3a21c4, &bytes);
  EncodeRecord({8, arrival, ""}, 0x9f3a21c4, &bytes);
  const auto first = DecodeRecord(bytes, 0x9f3a21c4);
  ASSERT_EQ(first.state, State::kWhole);
  EXPECT_EQ(first.record.sequence, 7U);
  EXPECT_EQ(first.record.arrival, arrival);
  EXPECT_EQ(first.record.data, "first");
  const auto second = DecodeRecord(std::string_view(bytes).substr(first.size), 0x9f3a21c4);
  ASSERT_EQ(second.state, State::kWhole);
  EXPECT_EQ(second.record.data, "");
  EXPECT_EQ(first.size + second.size, bytes.size());
  EXPECT_EQ(DecodeRecord(bytes, 0x9f3a21c5).state, State::kBad) << "another segment's mark";
}

TEST(LogRecord, EachChangedBitIsSeenAndEachCutIsShort) {
  std::string bytes;
  EncodeRecord({7, TimePoint{}, "some data"}, 0x9f3a21c4, &bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(DecodeRecord(changed, 0x9f3a21c4).state, State::kWhole) << "bit " << bit;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeRecord(bytes.substr(0, size), 0x9f3a21c4).state, State::kShort) << size;
  }
}

TEST(LogRecord, AMarkIsFoundAlsoWhereTheBytesEndInIt) {
  const std::string mark("\x01\x02\x03\x04", 4);
  const uint32_t number = 0x04030201;
  EXPECT_EQ(FindMark("ab" + mark + "c" + mark, 0, number), 2U);
  EXPECT_EQ(FindMark("ab" + mark + "c" + mark, 3, number), 7U);
  EXPECT_EQ(FindMark("ab" + mark.substr(0, 3), 0, number), 2U);
  EXPECT_EQ(FindMark("ab" + mark.substr(0, 1), 0, number), 2U);
  EXPECT_EQ(FindMark("ab" + mark.substr(0, 1), 3, number), std::string::npos);
  EXPECT_EQ(FindMark("abcd", 0, number), std::string::npos);
  EXPECT_EQ(FindMark("", 0, number), std::string::npos);
}

TEST(SegmentName, BothWays) {
  const SegmentName name{1234, 0x9f3a21c4};
  EXPECT_EQ(FileNameOf(name), "00000000000000001234-9f3a21c4.log");
  EXPECT_EQ(ParseSegmentName("00000000000000001234-9f3a21c4.log"), name);
  for (const auto* other : {"", "end", "writer.lock", "00000000000000001234-9f3a21c4.log~",
                            "0000000000000000123x-9f3a21c4.log", "00000000000000001234-00000000.log",
                            "99999999999999999999-9f3a21c4.log", "00000000000000001234_9f3a21c4.log"}) {
    EXPECT_FALSE(ParseSegmentName(other)) << other;
  }
}

}  // namespace
}  // namespace penstock::stream
