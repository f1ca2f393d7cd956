#include "base/uuid.h"

#include <gtest/gtest.h>

#include <regex>

namespace penstock {
namespace {

TEST(RandomUuid, IsOfVersionFourAndRepeatsBySeed) {
  const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  Random random(7);
  std::string last;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = RandomUuid(random);
    EXPECT_TRUE(std::regex_match(uuid, shape)) << uuid;
    EXPECT_NE(uuid, last);
    last = uuid;
  }
  Random one(3), two(3);
  EXPECT_EQ(RandomUuid(one), RandomUuid(two));
}

}  // namespace
}  // namespace penstock
