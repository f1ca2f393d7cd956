#include "jsonata/fault.h"

#include <gtest/gtest.h>

namespace penstock::jsonata {
namespace {

TEST(Fault, TravelsInAStatus) {
  const Status status = MakeFault("T2001", "the left side is not a number", "+", 3);
  EXPECT_EQ(CodeOf(status), ErrorCode::kInvalidData);
  const auto fault = FaultOf(WithContext(status, "state Total"));
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, "T2001");
  EXPECT_EQ(fault->token, "+");
  EXPECT_EQ(fault->position, 3);
  EXPECT_FALSE(FaultOf(MakeError(ErrorCode::kInvalidData, "of another module")));
  EXPECT_FALSE(FaultOf(Status::OK()));
}

TEST(Fault, TakesThePlaceOfTheCallOnlyWhenItHasNone) {
  const Status bare = MakeFault("D3060", "$sqrt of a negative number");
  EXPECT_EQ(FaultOf(AtToken(bare, "sqrt", 5))->position, 5);
  EXPECT_EQ(FaultOf(AtToken(bare, "sqrt", 5))->token, "sqrt");
  EXPECT_EQ(FaultOf(AtToken(AtToken(bare, "sqrt", 5), "map", 9))->position, 5);
}

}  // namespace
}  // namespace penstock::jsonata
