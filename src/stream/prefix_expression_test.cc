#include "stream/prefix_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/jq_path.h"

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;

TimePoint At(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

std::string Formatted(std::string_view pattern, std::string_view time, std::string_view zone = "UTC") {
  const auto format = JavaTimeFormat::Parse(pattern);
  if (!format.ok()) return format.status().message();
  return format->Format(At(time), TimeZone::Find(zone).ValueOrDie());
}

struct Evaluated {
  std::string prefix, error_prefix;
};
Evaluated EvaluatedOf(const std::string& prefix, const std::string& error_prefix, std::string_view time,
                      const std::string& zone = "UTC") {
  StreamSpec spec;
  spec.prefix = prefix;
  spec.error_prefix = error_prefix;
  spec.timezone = zone;
  const auto prefixes = PrefixesOf(spec);
  if (!prefixes.ok()) return {prefixes.status().message(), ""};
  PrefixValues values;
  values.arrival = At(time);
  values.zone = &prefixes->zone;
  values.error_output_type = "processing-failed";
  values.seed = "a";
  return {*prefixes->prefix.Evaluate(values), *prefixes->error_prefix.Evaluate(values)};
}

// The table "Example prefixes" of the developer guide, with the time that the guide says; where its rows
// contradict its rules (a day that is not the example's, an hour that is left out), the rules hold.
TEST(PrefixExpression, EvaluatesAsTheDeveloperGuideShows) {
  const std::string at = "2018-08-27T10:30:00Z";
  auto both = EvaluatedOf("", "myFirehoseFailures/!{firehose:error-output-type}/", at);
  EXPECT_EQ(both.prefix, "2018/08/27/10/");
  EXPECT_EQ(both.error_prefix, "myFirehoseFailures/processing-failed/");

  EXPECT_THAT(EvaluatedOf("!{timestamp:yyyy/MM/dd}", "", at).prefix,
              HasSubstr("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"));

  both = EvaluatedOf(
      "myFirehose/DeliveredYear=!{timestamp:yyyy}/anyMonth/rand=!{firehose:random-string}",
      "myFirehoseFailures/!{firehose:error-output-type}/!{timestamp:yyyy}/anyMonth/!{timestamp:dd}", at);
  EXPECT_THAT(both.prefix,
              testing::MatchesRegex("myFirehose/DeliveredYear=2018/anyMonth/rand=[0-9a-f-]{11}"));
  EXPECT_EQ(both.error_prefix, "myFirehoseFailures/processing-failed/2018/anyMonth/27");

  both = EvaluatedOf(
      "myPrefix/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/",
      "myErrorPrefix/!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/!{firehose:error-output-type}",
      "2018-07-06T23:00:00Z");
  EXPECT_EQ(both.prefix, "myPrefix/year=2018/month=07/day=06/hour=23/");
  EXPECT_EQ(both.error_prefix, "myErrorPrefix/year=2018/month=07/day=06/hour=23/processing-failed");

  both = EvaluatedOf("myFirehosePrefix/", "", at);
  EXPECT_EQ(both.prefix, "myFirehosePrefix/2018/08/27/10/");
  EXPECT_EQ(both.error_prefix, "myFirehosePrefix/processing-failed/2018/08/27/10/");

  both = EvaluatedOf("", "", at);
  EXPECT_EQ(both.prefix, "2018/08/27/10/");
  EXPECT_EQ(both.error_prefix, "processing-failed/2018/08/27/10/");

  EXPECT_EQ(EvaluatedOf("d=!{timestamp:yyyy-MM-dd}/", "e/!{firehose:error-output-type}/",
                        "2018-08-27T16:30:00Z", "Asia/Tokyo")
                .prefix,
            "d=2018-08-28/");
}

// The messages as the service gives them (AWS CDK's and cdk-preflight's notes of what CreateDeliveryStream
// says).
TEST(PrefixExpression, RefusesInFirehosesWords) {
  const std::string errors = "e/!{firehose:error-output-type}/";
  const auto says = [&](const std::string& prefix, const std::string& error_prefix) {
    return EvaluatedOf(prefix, error_prefix, "2018-08-27T10:30:00Z").prefix;
  };
  EXPECT_EQ(says("a/!{firehose:error-output-type}/", errors),
            "Prefix must not contain any occurrence of !{firehose:error-output-type}");
  EXPECT_EQ(says("a/", "e/!{timestamp:yyyy}/"),
            "ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}");
  EXPECT_EQ(says("a/!{time:yyyy}", errors), "Namespace to the left of colon (time) is an invalid keyword!");
  for (const char* bad :
       {"a/!{", "a/!{timestamp}", "a/!{timestamp:yyyy", "a/!{timestamp:!{timestamp:yyyy}}"}) {
    EXPECT_EQ(says(bad, errors), "Invalid expression usage") << bad;
  }
  for (const char* bad : {"!{timestamp:yyyyT}", "!{timestamp:}", "!{firehose:name}", "!{timestamp:'yyyy}"}) {
    EXPECT_EQ(says(bad, errors), "Invalid conversion character used in the value of the expression in Prefix")
        << bad;
  }
  EXPECT_EQ(says("a", "!{firehose:error-output-type}!{timestamp:V}"),
            "Invalid conversion character used in the value of the expression in ErrorOutputPrefix");
  EXPECT_EQ(says(std::string(513, 'a'), errors), "Length of evaluated prefix cannot be greater than 512");
  EXPECT_EQ(says("!{partitionKeyFromQuery:a}/", errors),
            "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic "
            "Partitioning is enabled.");
  EXPECT_EQ(says("a", errors + "!{partitionKeyFromLambda:a}/"),
            "Dynamic Partitioning Namespaces can't be part of an error prefix expression");
  EXPECT_THAT(says("/a/", errors), HasSubstr("/a/"));  // no store takes such a key
  EXPECT_THAT(says("../a/", errors), HasSubstr(".."));
  EXPECT_THAT(EvaluatedOf("", "", "2018-08-27T10:30:00Z", "Mars/Olympus").prefix,
              HasSubstr("CustomTimeZone"));
}

// The developer guide's record, keys and prefix of "Understand partitioning keys".
TEST(PrefixExpression, TakesPartitionKeys) {
  StreamSpec spec;
  spec.prefix =
      "customer_id=!{partitionKeyFromQuery:customer_id}/device=!{partitionKeyFromQuery:device}/"
      "year=!{partitionKeyFromQuery:year}/";
  spec.error_prefix = "errors/";
  spec.partition_keys =
      ParseMetadataExtractionQuery(
          R"({customer_id: .customer_id, device:.type.device, year: .event_timestamp| strftime("%Y")})")
          .ValueOrDie();
  ASSERT_EQ(spec.partition_keys.size(), 3u);
  EXPECT_EQ(spec.partition_keys[2].path, R"(.event_timestamp| strftime("%Y"))");
  const auto prefixes = PrefixesOf(spec);
  ASSERT_TRUE(prefixes.ok()) << prefixes.status();
  PartitionValues keys{{"customer_id", "1234567890"}, {"device", "mobile"}, {"year", "2019"}};
  PrefixValues values;
  values.zone = &prefixes->zone;
  values.query_keys = &keys;
  EXPECT_EQ(*prefixes->prefix.Evaluate(values), "customer_id=1234567890/device=mobile/year=2019/");
  keys[1].second.clear();
  EXPECT_EQ(prefixes->prefix.Evaluate(values).status().message(),
            "partitionKeys values must not be null or empty");
  EXPECT_EQ(*ApplyJqCalls(*ParseJqPath(spec.partition_keys[2].path), "1565382027", true), "2019");

  spec.partition_keys.push_back({"more", ".more"});
  EXPECT_EQ(
      PrefixesOf(spec).status().message(),
      "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression");
  spec.partition_keys.clear();
  spec.partition_by_transform = true;
  EXPECT_EQ(
      PrefixesOf(spec).status().message(),
      "MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace");
  spec.prefix = "a/";
  EXPECT_EQ(PrefixesOf(spec).status().message(),
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled");
}

TEST(PrefixExpression, RandomStringsDifferAndRepeat) {
  const auto expression = *PrefixExpression::Parse("!{firehose:random-string}/!{firehose:random-string}/",
                                                   PrefixExpression::Use::kPrefix);
  PrefixValues values;
  values.seed = "stream/1";
  const std::string first = *expression.Evaluate(values);
  EXPECT_EQ(first, *expression.Evaluate(values));
  EXPECT_NE(first.substr(0, 11), first.substr(12, 11));
  values.seed = "stream/2";
  EXPECT_NE(first, *expression.Evaluate(values));
}

// What Java SE 17 answers in Locale.US.
TEST(JavaTimeFormat, FormatsAsJava) {
  const char* time = "2020-05-14T17:05:09.123456Z";
  EXPECT_EQ(Formatted("yyyy-MM-dd'T'HH:mm:ss.SSSSSS", time), "2020-05-14T17:05:09.123456");
  EXPECT_EQ(Formatted("y yy yyy yyyy yyyyy u uu", time), "2020 20 2020 2020 02020 2020 20");
  EXPECT_EQ(Formatted("M MM MMM MMMM MMMMM L", time), "5 05 May May M 5");
  EXPECT_EQ(Formatted("D DDD d dd g", time), "135 135 14 14 58983");
  EXPECT_EQ(Formatted("Q QQ QQQ QQQQ", time), "2 02 Q2 2nd quarter");
  EXPECT_EQ(Formatted("E EEEE EEEEE e ee c F", time), "Thu Thursday T 5 05 5 7");
  EXPECT_EQ(Formatted("h hh K k a G GGGG", time), "5 05 5 17 PM AD Anno Domini");
  EXPECT_EQ(Formatted("S SSS A n N", time), "1 123 61509123 123456000 61509123456000");
  EXPECT_EQ(Formatted("z O X XX XXX x xxx Z ZZZZ ZZZZZ", time), "UTC GMT Z Z Z +00 +00:00 +0000 GMT Z");
  EXPECT_EQ(Formatted("HH z O OOOO X XX XXX Z ZZZZ ZZZZZ", time, "America/New_York"),
            "13 EDT GMT-4 GMT-04:00 -04 -0400 -04:00 -0400 GMT-04:00 -04:00");
  EXPECT_EQ(Formatted("XXX X O", time, "Asia/Kolkata"), "+05:30 +0530 GMT+5:30");
  EXPECT_EQ(Formatted("'it''s' '' [yyyy] 'T'", time), "it's ' 2020 T");
  EXPECT_EQ(Formatted("h k K", "2020-05-14T00:00:00Z"), "12 24 0");
}

// Weeks of the United States: from Sunday on, the first one being that of 1 January.
TEST(JavaTimeFormat, CountsWeeks) {
  EXPECT_EQ(Formatted("YYYY-ww W", "2020-12-26T00:00:00Z"), "2020-52 4");
  EXPECT_EQ(Formatted("YYYY-ww W", "2020-12-27T00:00:00Z"), "2021-01 5");
  EXPECT_EQ(Formatted("YYYY-w W", "2021-01-01T00:00:00Z"), "2021-1 1");
  EXPECT_EQ(Formatted("YYYY-w W", "2021-01-03T00:00:00Z"), "2021-2 2");
}

TEST(JavaTimeFormat, RefusesWhatFirehoseRefuses) {
  for (const char c : std::string_view("CIJPRTUVbfijloprt")) {
    EXPECT_FALSE(JavaTimeFormat::Parse(std::string(1, c)).ok()) << c;
  }
  for (const char* bad : {"ddd", "HHH", "SSSSSSSSSS", "MMMMMM", "cc", "#", "{", "]", "'a"}) {
    EXPECT_FALSE(JavaTimeFormat::Parse(bad).ok()) << bad;
  }
  EXPECT_TRUE(JavaTimeFormat::Parse("").ok());
}

TEST(JqPath, KnowsItsPartOfJq) {
  EXPECT_EQ(ParseJqPath(".a.b")->steps.size(), 2u);
  EXPECT_EQ(std::get<int64_t>(ParseJqPath(".a[-1].\"b c\"[\"d\"]")->steps[1]), -1);
  for (const char* bad :
       {"", "a", ".a.", ".a[", ".a[]", ".a|f", ".a|strftime", ".a|strftime(\"x", ".a,.b", ".\"a"}) {
    EXPECT_FALSE(ParseJqPath(bad).ok()) << bad;
  }
  for (const char* bad : {"", "{}", "{a:.b", "{a:.b} x", "{a:.b,a:.c}", ".a"}) {
    EXPECT_FALSE(ParseMetadataExtractionQuery(bad).ok()) << bad;
  }
  EXPECT_EQ((*ParseMetadataExtractionQuery("{a,\"b c\" : .d}"))[0].path, ".\"a\"");
  EXPECT_FALSE(ApplyJqCalls(*ParseJqPath(".a|strftime(\"%Y\")"), "soon", false).ok());
  EXPECT_EQ(*ApplyJqCalls(*ParseJqPath(".a|todate"), "1425599621", true), "2015-03-05T23:53:41Z");
  EXPECT_EQ(*ApplyJqCalls(*ParseJqPath(".a|ascii_downcase"), "ABC", false), "abc");
}

}  // namespace
}  // namespace penstock::stream
