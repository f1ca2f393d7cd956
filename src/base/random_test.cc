#include "base/random.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Random, ASeedRepeats) {
  Random a(7), b(7), c(8);
  const uint64_t first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, c.Next());
  EXPECT_NE(Random().Next(), Random().Next());
}

TEST(Random, UniformHoldsItsBounds) {
  Random random(1);
  bool low = false, high = false;
  for (int i = 0; i < 1000; ++i) {
    const int64_t value = random.Uniform(-1, 2);
    ASSERT_GE(value, -1);
    ASSERT_LE(value, 2);
    low = low || value == -1;
    high = high || value == 2;
  }
  EXPECT_TRUE(low && high);
  EXPECT_EQ(random.Uniform(5, 5), 5);
}

}  // namespace
}  // namespace penstock
