// AwsClient against botocore, the signer of the AWS CLI: the same request, the same URL, the same signature.
#include <gtest/gtest.h>

#include <fstream>

#include "aws/client.h"
#include "aws/scripted_http.h"
#include "base/json.h"
#include "net/url.h"

namespace penstock::aws {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs PairsOf(const json::value& array) {
  Pairs pairs;
  for (const json::value& pair : array.as_array()) {
    pairs.emplace_back(std::string(pair.at(0).as_string()), std::string(pair.at(1).as_string()));
  }
  return pairs;
}

// The query of a URL; what a signature covers has no order.
std::map<std::string, std::string> QueryOf(const std::string& url) {
  const net::QueryParams params = *net::ParseQuery(net::ParseUrl(url)->query);
  return {params.begin(), params.end()};
}

TEST(Botocore, SignsAsWeDo) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/aws/botocore-signatures.jsonl",
                   std::ios::binary);
  int in_header = 0, in_query = 0;
  for (std::string line; std::getline(in, line);) {
    const json::value test = ParseJson(line).ValueOrDie();
    SCOPED_TRACE(line);
    const auto text = [&](std::string_view name) { return *GetString(test, name); };
    ManualClock clock(*ParseTimestamp(text("time")));
    Random random(1);
    StaticCredentials keys({text("id"), text("secret"), text("token"), std::nullopt});
    ScriptedHttp http({Answer(200)});
    AwsClient client(http, keys, clock, random, Logger(),
                     {.service = text("service"), .region = text("region"), .endpoint = text("endpoint")});
    AwsRequest request{.method = text("method"), .path = text("path"), .query = PairsOf(test.at("query"))};
    for (const auto& [name, value] : PairsOf(test.at("headers"))) request.headers.Add(name, value);
    request.body = text("body");
    if (test.as_object().contains("authorization")) {
      ++in_header;
      ASSERT_TRUE(client.Send(request).ok());
      const net::Url url = *net::ParseUrl(text("url"));  // an endpoint's port may be the scheme's own
      EXPECT_EQ(http.asked[0].url, url.Origin() + url.path + (url.query.empty() ? "" : "?" + url.query));
      EXPECT_EQ(http.asked[0].headers.Find("authorization"), text("authorization"));
    } else {
      ++in_query;
      const auto url = client.Presign(request, std::chrono::seconds(*GetInt(test, "lifetime")));
      ASSERT_TRUE(url.ok()) << url.status();
      EXPECT_EQ(QueryOf(*url), QueryOf(text("presigned")));
    }
  }
  EXPECT_GT(in_header, 150);
  EXPECT_GT(in_query, 50);
}

}  // namespace
}  // namespace penstock::aws
