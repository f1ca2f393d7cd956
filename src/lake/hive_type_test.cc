#include "lake/hive_type.h"

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::lake {
namespace {

using ::testing::HasSubstr;

std::string Arrow(std::string_view text) {
  const auto type = ParseHiveType(text);
  return type.ok() ? ArrowTypeOf(*type)->ToString() : type.status().message();
}

TEST(HiveType, IsReadAsGlueWritesIt) {
  EXPECT_EQ(Arrow("bigint"), "int64");
  EXPECT_EQ(Arrow(" INTEGER "), "int32");
  EXPECT_EQ(Arrow("timestamp"), "timestamp[us, tz=UTC]");
  EXPECT_EQ(Arrow("decimal(10,2)"), "decimal128(10, 2)");
  EXPECT_EQ(Arrow("decimal( 38 , 0 )"), "decimal128(38, 0)");
  EXPECT_EQ(Arrow("decimal"), "decimal128(10, 0)");
  EXPECT_EQ(Arrow("varchar(65535)"), "string");
  EXPECT_EQ(Arrow("array<string>"), "list<element: string>");
  EXPECT_EQ(Arrow("map<string,decimal(4,1)>"), "map<string, decimal128(4, 1)>");
  EXPECT_EQ(Arrow("array<struct<px:double, Qty : int,tags:map<string,array<date>>>>"),
            "list<element: struct<px: double, Qty: int32, tags: map<string, list<element: date32[day]>>>>");
  EXPECT_EQ(ParseHiveType("Struct<a:char(3)>").ValueOrDie(),
            ParseHiveType("struct< a : CHAR( 3 ) >").ValueOrDie());
}

TEST(HiveType, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(Arrow("strng"), HasSubstr("the type 'strng' at 6: expected boolean, tinyint"));
  EXPECT_THAT(Arrow("array<strng>"), HasSubstr("got 'strng'"));
  for (const char* bad : {"",
                          "decimal(39,2)",
                          "decimal(4,5)",
                          "decimal(0)",
                          "decimal(4",
                          "varchar",
                          "char(256)",
                          "varchar(0)",
                          "int x",
                          "array<int",
                          "array<>",
                          "array<int,int>",
                          "map<string>",
                          "map<array<int>,int>",
                          "struct<>",
                          "struct<a>",
                          "struct<a:>",
                          "struct<:int>",
                          "struct<a:int,A:int>",
                          "int>",
                          "decimal(+4,2)"}) {
    EXPECT_EQ(CodeOf(ParseHiveType(bad).status()), ErrorCode::kInvalidData) << bad;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "array<";
  EXPECT_THAT(ParseHiveType(deep).status().message(), HasSubstr("more than 32 levels"));
}

}  // namespace
}  // namespace penstock::lake
