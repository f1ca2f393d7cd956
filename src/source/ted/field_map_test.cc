#include "source/ted/field_map.h"

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/json.h"
#include "source/ted/field_program.h"

namespace penstock::source::ted {
namespace {

using testing::HasSubstr;

const std::string kSource = PENSTOCK_SOURCE_DIR;

std::string ReadAll(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A map with one family `f`, and `column` as a column of notices.
std::string MapWith(const std::string& column, const std::string& family = "", const std::string& top = "") {
  return "families:\n  f:\n    namespaces: {t: urn:t}\n    roots: t:A\n    lots: t:L\n    awards: t:W\n" +
         family + "tables:\n  notices: {columns: [{name: id, about: a, f: '@ID'}" +
         (column.empty() ? "" : ", " + column) +
         "]}\n  lots: {columns: [{name: a, about: a}]}\n  awards: {columns: [{name: a, about: a}]}\n" + top;
}

std::string FaultsOf(const std::string& text) {
  const auto map = ParseFieldMap(text, "m.yaml");
  EXPECT_FALSE(map.ok()) << text;
  if (map.ok()) return "";
  EXPECT_EQ(CodeOf(map.status()), ErrorCode::kConfiguration);
  return map.status().message();
}

TEST(FieldMapTest, TheShippedMap) {
  const auto map = ReadFieldMap(kSource + "/pipelines/ted/fields.yaml");
  ASSERT_TRUE(map.ok()) << Describe(map.status());
  ASSERT_EQ(map->families.size(), 2u);
  const auto notices = map->Schema(kNotices);
  EXPECT_EQ(notices->field(0)->ToString(), "notice_id: string not null");
  EXPECT_EQ(notices->GetFieldByName("publication_date")->type()->ToString(), "date32[day]");
  EXPECT_EQ(notices->GetFieldByName("total_value")->type()->ToString(), "double");
  const auto awards = map->Schema(kAwards);
  EXPECT_EQ(awards->field(0)->name(), "notice_id");
  EXPECT_EQ(awards->field(1)->name(), "version");
  EXPECT_EQ(awards->GetFieldByName("winner_sme")->type()->ToString(), "bool");
  EXPECT_EQ(map->sha256.size(), 64u);
  ASSERT_TRUE(CompileFieldMap(*map).ok());
  // Every column stands in the documentation.
  const std::string docs = ReadAll(kSource + "/docs/ted-fields.md");
  for (const FieldTable& table : map->tables) {
    for (const FieldColumn& column : table.columns) {
      EXPECT_THAT(docs, HasSubstr("| `" + column.name + "` | " + column.about)) << table.name;
    }
  }
}

TEST(FieldMapTest, EveryFaultIsNamedWithItsLine) {
  const std::string faults = FaultsOf(
      "families:\n"
      "  f:\n"
      "    namespaces: {t: urn:t}\n"
      "    roots: t:A\n"
      "    lot: t:L\n"     // 5: no such key; and `lots` is missing
      "    awards: q:W\n"  // 6: no such prefix
      "tables:\n"
      "  notices:\n"
      "    columns:\n"
      "      - {name: Id, about: a}\n"  // 10: no name
      "      - {name: b, about: a, type: text}\n"
      "      - {name: c, f: 't:A['}\n"  // 12: no about, no path
      "      - {name: d, about: a, take: all}\n"
      "      - {name: e, about: a, codes: none}\n"
      "      - {name: e, about: a, take: count}\n"
      "  lots: {columns: [{name: a, about: a}], copied: [z]}\n"
      "  prices: {columns: []}\n");
  for (const char* fault :
       {"m.yaml:5:10: families.f: no such key: lot (did you mean lots?)",
        "m.yaml:3:5: families.f: `lots` is missing", "m.yaml:6:13: the path q:W: 'q' is no prefix",
        "m.yaml:10:16: 'Id' is no name", "m.yaml:11:35: expected one of string",
        "m.yaml:12:9: tables.notices: `about` is missing",
        "m.yaml:12:22: the path t:A[: expected an element as prefix:NAME",
        "m.yaml:13:9: d: take: all and distinct need a separator",
        "m.yaml:14:9: e: there are no codes of the name none", "m.yaml:15:9: e: take: count makes an int64",
        "notices: the column e stands twice", "m.yaml:16:50: notices has no column z",
        "m.yaml:17:11: tables: no such table: prices", "tables: awards has no columns"}) {
    EXPECT_THAT(faults, HasSubstr(fault));
  }
}

TEST(FieldMapTest, FaultsOfPaths) {
  ASSERT_TRUE(ParseFieldMap(MapWith(""), "m.yaml").ok());
  const std::pair<const char*, const char*> kPaths[] = {
      {"A", "the element 'A' needs a prefix"},
      {"t:A/", "expected an element as prefix:NAME"},
      {"t:A//@B", "expected an element behind '//'"},
      {"t:A/@B/t:C", "expected the end"},
      {"t:A[0]", "expected a position from 1"},
      {"t:A[@B=x]", "expected 'text' or $variable"},
      {"t:A[@B=$x]", "none of this family's `variables`"},
      {"t:A[@B=\"x]", "no closing quote"},
      {"t:A[@B", "expected ']'"},
      {"t:A -> r/t:B", "'r' is no reference"},
      {"t:A | ", "expected an element as prefix:NAME"},
      {"$each/t:A", "$each, but the rows of f have no `each`"},
      {"t:A b", "expected the end"},
      {"", "expected an element as prefix:NAME"},
  };
  for (const auto& [path, fault] : kPaths) {
    EXPECT_THAT(FaultsOf(MapWith("{name: b, about: a, f: '" + std::string(path) + "'}")), HasSubstr(fault))
        << path;
  }
  EXPECT_THAT(FaultsOf(MapWith("", "    variables: {v: .//t:B}\n")), HasSubstr("child steps only"));
  EXPECT_THAT(FaultsOf(MapWith("", "    references: {r: {elements: t:R -> r, key: t:K}}\n")),
              HasSubstr("paths to elements"));
  EXPECT_THAT(FaultsOf(MapWith("{name: b, about: a, f: 't:A -> r.n'}",
                               "    references: {r: {elements: t:R, key: t:K}}\n")),
              HasSubstr("the reference r has no field n"));
  EXPECT_THAT(FaultsOf("a: ["), HasSubstr("m.yaml:1:"));
  EXPECT_THAT(FaultsOf("- a"), HasSubstr("m.yaml: expected a mapping"));
  EXPECT_EQ(CodeOf(ReadFieldMap("/nowhere/fields.yaml").status()), ErrorCode::kConfiguration);
}

TEST(FieldMapTest, AColumnIsAddedByALine) {
  const auto map =
      ParseFieldMap(MapWith("{name: mine, about: a, type: int64, take: count, f: .//t:MINE}"), "m.yaml");
  ASSERT_TRUE(map.ok()) << Describe(map.status());
  EXPECT_EQ(map->Schema(kNotices)->ToString(), "id: string\nmine: int64");
}

// Editors check the file by the schema, the reader by itself: both know the same keys.
TEST(FieldMapTest, TheJsonSchemaKnowsTheSameKeys) {
  const auto schema = ParseJson(ReadAll(kSource + "/pipelines/ted/fields.schema.json"));
  ASSERT_TRUE(schema.ok()) << Describe(schema.status());
  const auto keys = [&](std::string_view pointer) {
    std::vector<std::string> names;
    for (const auto& property : schema->at_pointer(pointer).as_object()) names.emplace_back(property.key());
    return names;
  };
  const auto unknown = [](const std::string& faults) {
    return faults.find("no such key: ") != std::string::npos;
  };
  for (const std::string& key : keys("/$defs/column/properties")) {
    if (key == "ted_export" || key == "eforms") continue;  // the families
    const auto map = ParseFieldMap(MapWith("{" + key + ": {}}"), "m.yaml");
    EXPECT_FALSE(unknown(map.status().message())) << key;
  }
  for (const std::string& key : keys("/$defs/family/properties")) {
    const auto map = ParseFieldMap("families: {f: {" + key + ": 1}}\ntables: {}\n", "m.yaml");
    EXPECT_FALSE(unknown(map.status().message())) << key;
  }
  for (const std::string& key : keys("/$defs/source/anyOf/1/properties")) {
    const auto map = ParseFieldMap(MapWith("{name: b, about: a, f: {" + key + ": x}}"), "m.yaml");
    EXPECT_FALSE(unknown(map.status().message())) << key;
  }
  EXPECT_THAT(
      FaultsOf(MapWith("{name: b, about: a, kind: x}")),
      HasSubstr("known here: name, about, type, take, given, required, separator, codes, notice_number, f"));
  EXPECT_EQ(keys("/$defs/column/properties").size(), 11u);
}

}  // namespace
}  // namespace penstock::source::ted
