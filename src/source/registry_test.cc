#include "source/registry.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/clock.h"

namespace penstock::source {
namespace {

// `key: value` lines, mappings of them, and comments, which is all that a sample has.
SourceSettings LoadSample(std::string_view text, std::string* kind) {
  SourceSettings settings;
  std::istringstream lines{std::string(text)};
  std::string mapping;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t colon = line.find(':');
    EXPECT_NE(colon, std::string::npos) << line;
    const bool inner = line.starts_with("  ");
    std::string key = (inner ? mapping + "." : "") + line.substr(inner ? 2 : 0, colon - (inner ? 2 : 0));
    if (colon + 1 == line.size()) {
      mapping = key;
      continue;
    }
    std::string value = line.substr(colon + 2);
    if (value.size() > 1 && value.front() == '"') value = value.substr(1, value.size() - 2);
    if (key == "kind") {
      *kind = value;
    } else {
      settings[key] = value;
    }
  }
  return settings;
}

TEST(Registry, EverySampleLoadsBack) {
  ManualClock clock{TimePoint{}};
  ASSERT_FALSE(SourceKinds().empty());
  for (const SourceKind& kind : SourceKinds()) {
    std::string name;
    const SourceSettings settings = LoadSample(kind.sample, &name);
    EXPECT_EQ(name, kind.name);
    EXPECT_FALSE(settings.empty());
    EXPECT_TRUE(kind.Check(settings).ok()) << Describe(kind.Check(settings));
    if (kind.family == Family::kRecords) {
      const auto records = MakeRecordSource(name, settings, {nullptr, &clock});
      ASSERT_TRUE(records.ok()) << Describe(records.status());
      EXPECT_EQ(CodeOf((*records)->Fetch({"a", {}}, "", nullptr).status()), ErrorCode::kUsage);
      EXPECT_FALSE(MakeSource(name, settings, {nullptr, &clock}).ok());
    }
    if (kind.family != Family::kMarket) continue;
    const auto source = MakeSource(name, settings, {nullptr, &clock});
    ASSERT_TRUE(source.ok()) << Describe(source.status());
    EXPECT_EQ(CodeOf((*source)->Fetch({"A", MakeDate(2020, 1, 2), MakeDate(2020, 1, 2)}).status()),
              ErrorCode::kUsage);
  }
}

TEST(Registry, WrongSettingsAreConfiguration) {
  ManualClock clock{TimePoint{}};
  const SourceParts parts{nullptr, &clock};
  EXPECT_EQ(CodeOf(MakeSource("nosuch", {}, parts).status()), ErrorCode::kConfiguration);
  for (const auto& [key, value] : SourceSettings{{"endpoint", "ftp://x"},
                                                 {"endpoin", "http://x"},
                                                 {"format", "xml"},
                                                 {"user_agent", "a\nb"},
                                                 {"cookie_endpoint", "x"}}) {
    EXPECT_EQ(CodeOf(MakeSource("yahoo", {{key, value}}, parts).status()), ErrorCode::kConfiguration) << key;
  }
}

}  // namespace
}  // namespace penstock::source
