#include "pipeline/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "source/registry.h"

namespace penstock::pipeline {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kGood = R"(
name: ftse100
exchange: XLON
currency: GBP
source:
  kind: yahoo
  quota: {requests: 60, per: 1m}
tables:
  bars:
    rules:
      - {name: not_null, columns: [open, close]}
      - {name: jump, severity: warn, max_ratio: 1.5}
)";

std::optional<std::string> NoEnvironment(std::string_view) { return std::nullopt; }
std::optional<std::string> SomeEnvironment(std::string_view name) {
  if (name == "LAKE_PREFIX") return "team/";
  return std::nullopt;
}

std::string FaultsOf(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const auto parsed = ParseConfig(text, "pipeline.yaml", NoEnvironment);
  EXPECT_EQ(CodeOf(parsed.status()), ErrorCode::kConfiguration) << text;
  return parsed.status().message();
}

TEST(PipelineConfig, ReadsWhatIsThereAndDefaultsTheRest) {
  const auto parsed = ParseConfig(kGood, "pipeline.yaml", NoEnvironment);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->prefix, "ftse100/");
  EXPECT_EQ(parsed->source.quota.requests, 60);
  EXPECT_EQ(parsed->source.quota.per, std::chrono::minutes(1));
  EXPECT_TRUE(parsed->source.settings.empty());
  ASSERT_NE(parsed->Table("bars"), nullptr);
  ASSERT_EQ(parsed->Table("bars")->rules.size(), 2U);
  EXPECT_EQ(parsed->Table("bars")->rules[1].severity, "warn");
  EXPECT_EQ(parsed->Table("bars")->rules[1].parameters.at("max_ratio").as_double(), 1.5);
  EXPECT_FALSE(parsed->retention.raw_remove_after_days.has_value());
  EXPECT_FALSE(parsed->demo.has_value());
}

TEST(PipelineConfig, NamesFileLineKeyAndWhatWasExpected) {
  const std::string good(kGood);
  EXPECT_THAT(FaultsOf(good, "kind: yahoo", "knid: yahoo"),
              ::testing::AllOf(HasSubstr("pipeline.yaml:6:3: source.knid: no such key (did you mean kind?)"),
                               HasSubstr("source.kind: is required")));
  EXPECT_THAT(
      FaultsOf(good, "requests: 60", "requests: many"),
      HasSubstr(
          "pipeline.yaml:7:21: source.quota.requests: expected a whole number from 1 to 1000000, got many"));
  EXPECT_THAT(FaultsOf(good, "per: 1m", "per: often"), HasSubstr("source.quota.per: expected a span"));
  EXPECT_THAT(FaultsOf(good, "severity: warn", "severity: shout"),
              HasSubstr("expected one of reject, warn, got shout"));
  EXPECT_THAT(FaultsOf(good, "currency: GBP", "currency: [GBP]"),
              HasSubstr("currency: expected text, got a list"));
  EXPECT_THAT(FaultsOf(good, "currency: GBP", "demo: {from: 2017-02-30, to: 2017-03-01}"),
              ::testing::AllOf(HasSubstr("demo.from: expected an existing day as YYYY-MM-DD, got 2017-02-30"),
                               HasSubstr("currency: is required")));
  EXPECT_THAT(FaultsOf(good, "name: ftse100", "name: FTSE 100"),
              HasSubstr("name: expected lower-case letters"));
  EXPECT_THAT(FaultsOf(good, "name: jump", "name: not_null"), HasSubstr("two rules have the name not_null"));
  EXPECT_THAT(FaultsOf(good, "source:", "source: ["), HasSubstr("pipeline.yaml:"));
  EXPECT_THAT(FaultsOf(good, "name: ftse100", "name: ftse100\nname: other"), HasSubstr("stands twice"));
}

TEST(PipelineConfig, ReadsSchedules) {
  const auto parsed = ParseConfig(std::string(kGood) + R"yaml(schedules:
  - {name: daily, when: market-close XLON + 45m, input: {deep: {a: 1}}}
  - {name: often, rate: 5 minutes, enabled: false, overlap: skip}
  - {name: pasted, cron: "cron(15 10 * * ? *)", timezone: Europe/London, from: 2026-01-01, to: 2026-12-31}
)yaml",
                                  "pipeline.yaml", NoEnvironment);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_EQ(parsed->schedules.size(), 3U);
  EXPECT_EQ(parsed->schedules[0].expression, "market-close XLON + 45m");
  EXPECT_EQ(parsed->schedules[0].input.at("deep").at("a").as_int64(), 1);
  EXPECT_TRUE(parsed->schedules[0].enabled && parsed->schedules[0].queue_overlap);
  EXPECT_EQ(parsed->schedules[1].expression, "rate(5 minutes)");
  EXPECT_FALSE(parsed->schedules[1].enabled || parsed->schedules[1].queue_overlap);
  EXPECT_EQ(parsed->schedules[2].expression, "cron(15 10 * * ? *)");
  EXPECT_EQ(parsed->schedules[2].where, "pipeline.yaml:16");
  EXPECT_EQ(parsed->schedules[2].to, MakeDate(2026, 12, 31));
}

TEST(PipelineConfig, FaultsOfSchedulesHaveTheirPlace) {
  const auto faults = [](const std::string& schedule) {
    return FaultsOf(std::string(kGood) + "schedules:\n  - " + schedule + "\n", "", "");
  };
  EXPECT_THAT(faults("{name: a}"), HasSubstr("pipeline.yaml:14:12: schedules[0].name"));
  EXPECT_THAT(faults("{name: a, rate: 1 day, at: soon}"), HasSubstr("schedules[0].at: goes without rate"));
  EXPECT_THAT(faults("{name: a, when: market-open XNYS, timezone: UTC}"), HasSubstr("schedules[0].timezone"));
  EXPECT_THAT(faults("{name: A, rate: 1 day}"), HasSubstr("schedules[0].name: expected lower-case"));
  EXPECT_THAT(faults("{name: a, rate: 1 day, enabled: perhaps}"), HasSubstr("expected one of true, false"));
  EXPECT_THAT(faults("{name: a, rate: 1 day, from: 2026-02-01, to: 2026-01-01}"),
              HasSubstr("schedules[0].to"));
  EXPECT_THAT(faults("{name: a, rate: 1 day}\n  - {name: a, rate: 2 days}"),
              HasSubstr("two schedules have the name a"));
}

TEST(PipelineConfig, TakesTheEnvironmentAndNamesWhatIsUnset) {
  const std::string text = std::string(kGood) + "prefix: ${LAKE_PREFIX}\n";
  const auto set = ParseConfig(text, "f", SomeEnvironment);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->prefix, "team/");
  const auto unset = ParseConfig(text, "f", NoEnvironment);
  EXPECT_EQ(CodeOf(unset.status()), ErrorCode::kConfiguration);
  EXPECT_THAT(unset.status().message(), HasSubstr("LAKE_PREFIX is not set"));
}

TEST(PipelineConfig, IsNotAMapping) {
  for (const char* text : {"", "just text", "- a\n- b", "a: b: c", "\t"}) {
    EXPECT_EQ(CodeOf(ParseConfig(text, "f", NoEnvironment).status()), ErrorCode::kConfiguration) << text;
  }
}

constexpr std::string_view kHttp = R"(
name: fx
source:
  kind: http
  url: https://api.example.com/v1/rates/{base}
  query: {limit: 100, day: "{today}"}
  headers: {X-Client: penstock, X-Extra: "${EXTRA_TOKEN}"}
  auth: {kind: query, name: apikey, env: FX_KEY}
  pagination: {kind: cursor, parameter: after, cursor: /meta/next}
  incremental: {field: updated, parameter: since}
  records: /data
  columns: {updated: timestamp}
  series:
    eur: {base: EUR}
    usd: {base: USD}
)";

TEST(PipelineConfig, ReadsAnApiOfRecordsWithoutItsSecrets) {
  const auto parsed = ParseConfig(kHttp, "pipeline.yaml", NoEnvironment);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->family(), source::Family::kRecords);
  const auto& settings = parsed->source.settings;
  EXPECT_EQ(settings.at("pagination.cursor"), "/meta/next");
  EXPECT_EQ(settings.at("query.limit"), "100");
  EXPECT_EQ(settings.at("headers.X-Extra"), "${EXTRA_TOKEN}");
  ASSERT_EQ(parsed->source.series.size(), 2U);
  EXPECT_EQ(parsed->source.series[1].key, "usd");
  EXPECT_EQ(parsed->source.series[1].query.at("base"), "USD");
}

TEST(PipelineConfig, FaultsOfAnApiHaveTheirPlacesAllAtOnce) {
  std::string text(kHttp);
  const auto put = [&](std::string_view from, std::string_view to) {
    text.replace(text.find(from), from.size(), to);
  };
  put("after, cursor: /meta/next", "after, sise: 5");
  put("kind: query", "kind: qury");
  put("X-Client: penstock", "X-Api-Key-Token: abc");
  put("updated: timestamp", "updated: time");
  put("limit: 100", "apikey: {a: b}");
  const auto parsed = ParseConfig(text, "pipeline.yaml", NoEnvironment);
  EXPECT_EQ(CodeOf(parsed.status()), ErrorCode::kConfiguration);
  EXPECT_THAT(
      parsed.status().message(),
      ::testing::AllOf(
          HasSubstr("pipeline.yaml:9:48: source.pagination.sise: no such key (did you mean size?)"),
          HasSubstr("pipeline.yaml:9:15: source.pagination.cursor: is required"),
          HasSubstr("pipeline.yaml:8:16: source.auth.kind: expected one of none, bearer"),
          HasSubstr("pipeline.yaml:7:30: source.headers.X-Api-Key-Token: a secret does not stand in a file"),
          HasSubstr("pipeline.yaml:12:22: source.columns.updated: expected one of string"),
          HasSubstr("pipeline.yaml:6:19: source.query.apikey: expected text, got a mapping")));
}

TEST(PipelineConfig, SeriesOfAnApi) {
  const auto faults = [](std::string_view from, std::string_view to) {
    return FaultsOf(std::string(kHttp), from, to);
  };
  EXPECT_THAT(
      faults("usd: {base: USD}", "usd: {bace: USD}"),
      HasSubstr("pipeline.yaml:15:10: source.series.usd: usd: nothing in url, query or body has {bace}"));
  EXPECT_THAT(faults("usd: {base: USD}", "EUR: {base: USD}"),
              HasSubstr("its table eur is that of eur already"));
  EXPECT_THAT(faults("usd: {base: USD}", "u/d: {base: USD}"), HasSubstr("it has a '/'"));
  EXPECT_THAT(faults("eur: {base: EUR}", "eur: {}"), HasSubstr("there is no value for {base}"));
  const auto one = ParseConfig("name: rates\nsource: {kind: http, url: 'https://api.example.com/v1/rates'}\n",
                               "f", NoEnvironment);
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_EQ(one->source.series.size(), 1U);
  EXPECT_EQ(one->source.series[0].key, "rates");
}

void CollectKeys(const json::value& schema, const json::object& definitions, const std::string& path,
                 std::set<std::string>& out) {
  const auto* object = &schema.as_object();
  if (const auto* reference = object->if_contains("$ref")) {
    const std::string name(reference->as_string().subview(std::string_view("#/$defs/").size()));
    object = &definitions.at(name).as_object();
  }
  if (const auto* properties = object->if_contains("properties")) {
    for (const auto& property : properties->as_object()) {
      const std::string key =
          path.empty() ? std::string(property.key()) : path + "." + std::string(property.key());
      out.insert(key);
      CollectKeys(property.value(), definitions, key, out);
    }
  }
  if (const auto* items = object->if_contains("items")) CollectKeys(*items, definitions, path, out);
  if (const auto* named = object->if_contains("additionalProperties");
      named != nullptr && named->is_object()) {
    CollectKeys(*named, definitions, path, out);
  }
}

TEST(PipelineConfig, TheSchemaForEditorsHasExactlyTheKeysThatAreRead) {
  std::ifstream file(std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/pipeline.schema.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto schema = ParseJson(text.str());
  ASSERT_TRUE(schema.ok()) << schema.status();
  std::set<std::string> keys;
  CollectKeys(*schema, schema->as_object().at("$defs").as_object(), "", keys);
  const auto known = KnownConfigKeys();
  EXPECT_THAT(keys, testing::ElementsAreArray(known));
  json::array kinds;
  for (const auto& kind : source::SourceKinds()) kinds.emplace_back(kind.name);
  EXPECT_EQ(schema->at_pointer("/$defs/source/properties/kind/enum"), json::value(kinds));
}

}  // namespace
}  // namespace penstock::pipeline
