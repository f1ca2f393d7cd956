// What the source sends and what it makes of answers, over a client that answers from a list (US-1, ALL-4).
#include "source/fmp/fmp_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "net/http.h"
#include "source/page_guard.h"

namespace penstock::source::fmp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKey[] = "k3y-that-nobody-may-see";
constexpr char kBars[] = R"([{"symbol":"BRK-B","date":"2024-02-22","close":1}])";

// Answers by path; keeps the requests.
class Scripted : public net::HttpClient {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token) override {
    requests.push_back(request);
    const net::Url url = *net::ParseUrl(request.url);
    const auto found = answers.find(url.path);
    net::HttpResponse response;
    response.status = found == answers.end() ? 404 : found->second.first;
    response.body = found == answers.end() ? "" : found->second.second;
    response.url = request.url;
    for (const auto& [name, value] : headers) response.headers.Add(name, value);
    RETURN_IF_ERROR(net::DeliverBody(request, &response));
    return response;
  }

  std::map<std::string, std::pair<int, std::string>> answers;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<net::HttpRequest> requests;
};

class FmpSourceTest : public ::testing::Test {
 protected:
  void Make(SourceSettings settings = {}, std::string key = kKey) {
    SourceParts parts{&client_, &clock_, [key](const char* name) {
                        return std::string(name) == "FMP_API_KEY" ? key : std::string();
                      }};
    auto made = MakeSource("fmp", settings, parts);
    ASSERT_TRUE(made.ok()) << Describe(made.status());
    source_ = *std::move(made);
  }
  Result<RawAnswer> Fetch(const std::string& symbol) {
    return source_->Fetch({symbol, MakeDate(2024, 2, 22), MakeDate(2024, 2, 28)});
  }
  // What a person or a log would see of a failure.
  static std::string Seen(const Status& status) { return status.ToString() + Describe(status); }

  Scripted client_;
  ManualClock clock_{*ParseTimestamp("2024-03-01T12:00:00Z")};
  std::unique_ptr<Source> source_;
};

TEST_F(FmpSourceTest, Us1TheRequestsOfTheThreeShapes) {
  client_.answers["/stable/historical-price-eod/full"] = {200, kBars};
  client_.answers["/stable/historical-price-eod/light"] = {200, kBars};
  client_.answers["/api/v3/historical-price-full/BRK-B"] = {200, R"({"symbol":"BRK-B","historical":[]})"};
  for (const char* shape : {"full", "light", "legacy"}) {
    Make({{"shape", shape}});
    const auto answer = Fetch("BRK.B");
    ASSERT_TRUE(answer.ok()) << Describe(answer.status());
    EXPECT_EQ(answer->extension, "json");
    EXPECT_EQ(answer->fetched_at, clock_.Now());
  }
  ASSERT_EQ(client_.requests.size(), 3u);
  const std::string host = "https://financialmodelingprep.com";
  EXPECT_EQ(client_.requests[0].url,
            host + "/stable/historical-price-eod/full?symbol=BRK-B&from=2024-02-22&to=2024-02-28");
  EXPECT_EQ(client_.requests[1].url,
            host + "/stable/historical-price-eod/light?symbol=BRK-B&from=2024-02-22&to=2024-02-28");
  EXPECT_EQ(client_.requests[2].url,
            host + "/api/v3/historical-price-full/BRK-B?from=2024-02-22&to=2024-02-28");
  EXPECT_EQ(client_.requests[0].headers.Find("apikey"), kKey);
}

TEST_F(FmpSourceTest, OddSymbolsAreEncoded) {
  client_.answers["/stable/historical-price-eod/full"] = {200, "[{\"date\":\"2024-02-22\"}]"};
  client_.answers["/api/v3/historical-price-full/%5EGSPC"] = {200, R"({"symbol":"^GSPC","historical":[]})"};
  Make();
  ASSERT_TRUE(Fetch("RDS/A").ok());
  ASSERT_TRUE(Fetch("^GSPC").ok());
  EXPECT_THAT(client_.requests[0].url, HasSubstr("symbol=RDS-A&"));
  EXPECT_THAT(client_.requests[1].url, HasSubstr("symbol=%5EGSPC&"));
  Make({{"shape", "legacy"}});
  EXPECT_TRUE(Fetch("^GSPC").ok());
}

TEST_F(FmpSourceTest, All4TheKeyIsInTheRequestAndNowhereElse) {
  client_.answers["/stable/historical-price-eod/full"] = {200, kBars};
  for (const char* place : {"header", "query"}) {
    Make({{"key_in", place}});
    const auto answer = Fetch("BRK.B");
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->masked_url, "https://financialmodelingprep.com/stable/historical-price-eod/full");
    EXPECT_THAT(answer->body + answer->masked_url + answer->extension, Not(HasSubstr(kKey)));
  }
  EXPECT_THAT(client_.requests[0].url, Not(HasSubstr(kKey)));
  EXPECT_THAT(client_.requests[1].url, HasSubstr(std::string("&apikey=") + kKey));
  EXPECT_FALSE(client_.requests[1].headers.Find("apikey"));
  // Whatever comes back: not even a provider that repeats the key gets it into a text.
  const std::string repeated = std::string("{\"Error Message\":\"Invalid API KEY: ") + kKey + "\"}";
  for (const int status : {200, 400, 401, 402, 403, 404, 429, 500, 503}) {
    for (const std::string& body : {repeated, std::string(kKey), std::string("<html>") + kKey}) {
      client_.answers["/stable/historical-price-eod/full"] = {status, body};
      client_.answers["/stable/stock-list"] = {status, body};
      const auto answer = Fetch("BRK.B");
      EXPECT_THAT(Seen(answer.status()), Not(HasSubstr(kKey))) << status << body;
    }
  }
}

TEST_F(FmpSourceTest, WithoutKeyNothingIsSent) {
  Make({}, "");
  EXPECT_EQ(CodeOf(source_->CheckAccess()), ErrorCode::kUnauthenticated);
  const auto refused = Fetch("AAPL");
  EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kUnauthenticated);
  EXPECT_THAT(AdviceOf(refused.status()), HasSubstr("FMP_API_KEY"));
  EXPECT_TRUE(client_.requests.empty());
  client_.answers["/stable/historical-price-eod/full"] = {200, kBars};
  Make({{"endpoint", "http://127.0.0.1:8282/"}}, "");
  EXPECT_TRUE(source_->CheckAccess().ok());
  EXPECT_TRUE(Fetch("BRK.B").ok());
  EXPECT_FALSE(client_.requests[0].headers.Find("apikey"));
}

TEST_F(FmpSourceTest, WhatErrorsMean) {
  Make();
  const auto code = [&](int status, const std::string& body) {
    client_.answers["/stable/historical-price-eod/full"] = {status, body};
    return CodeOf(Fetch("AAPL").status());
  };
  const std::string limit = R"({"Error Message": "Limit Reach . Please upgrade your plan"})";
  const std::string key = R"({"Error Message": "Invalid API KEY. Please retry"})";
  EXPECT_EQ(code(200, limit), ErrorCode::kThrottled);
  EXPECT_EQ(code(429, limit), ErrorCode::kThrottled);
  EXPECT_EQ(code(403, limit), ErrorCode::kThrottled);
  EXPECT_EQ(code(200, key), ErrorCode::kUnauthenticated);
  EXPECT_EQ(code(401, key), ErrorCode::kUnauthenticated);
  EXPECT_EQ(code(401, ""), ErrorCode::kUnauthenticated);
  EXPECT_EQ(code(403, R"({"Error Message":"Legacy Endpoint : Due to Legacy endpoints"})"),
            ErrorCode::kRejectedByProvider);
  EXPECT_EQ(code(402, "Premium Query Parameter: not available under your current subscription"),
            ErrorCode::kRejectedByProvider);
  EXPECT_EQ(code(402, ""), ErrorCode::kRejectedByProvider);
  EXPECT_EQ(code(404, ""), ErrorCode::kNotFound);
  EXPECT_EQ(code(500, "oops"), ErrorCode::kUnavailable);
  EXPECT_EQ(code(200, "<html>please wait</html>"), ErrorCode::kUnavailable);
  EXPECT_EQ(code(200, ""), ErrorCode::kUnavailable);
}

TEST_F(FmpSourceTest, AnEmptyAnswerIsNoDataForAListedSymbolAndNotFoundOtherwise) {
  Make();
  client_.answers["/stable/historical-price-eod/full"] = {200, "[]"};
  client_.answers["/stable/stock-list"] = {200,
                                           R"([{"symbol":"AAPL","companyName":"Apple"},{"symbol":"BRK-B"}])"};
  EXPECT_TRUE(Fetch("AAPL").ok());
  EXPECT_TRUE(Fetch("BRK.B").ok());
  EXPECT_EQ(CodeOf(Fetch("DEAD").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(Fetch("GONE").status()), ErrorCode::kNotFound);
  // Four histories, one list.
  EXPECT_EQ(client_.requests.size(), 5u);
}

TEST_F(FmpSourceTest, WithoutListAnEmptyAnswerIsNotFound) {
  client_.answers["/stable/historical-price-eod/full"] = {200, "{}"};
  Make({{"symbol_list", "false"}});
  EXPECT_EQ(CodeOf(Fetch("AAPL").status()), ErrorCode::kNotFound);
  EXPECT_EQ(client_.requests.size(), 1u);
  // The plan has none: asked for once.
  Make();
  client_.answers["/stable/stock-list"] = {402, "Exclusive Endpoint"};
  EXPECT_EQ(CodeOf(Fetch("AAPL").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(Fetch("MSFT").status()), ErrorCode::kNotFound);
  EXPECT_EQ(client_.requests.size(), 4u);
  // It is only late: so is the answer.
  Make();
  client_.answers["/stable/stock-list"] = {503, ""};
  EXPECT_EQ(CodeOf(Fetch("AAPL").status()), ErrorCode::kUnavailable);
  client_.answers["/stable/stock-list"] = {200, R"([{"symbol":"AAPL"}])"};
  EXPECT_TRUE(Fetch("AAPL").ok());
}

TEST_F(FmpSourceTest, TheDateIsTheProvidersClock) {
  client_.answers["/stable/historical-price-eod/full"] = {200, kBars};
  client_.headers = {{"Date", "Fri, 23 Feb 2024 22:00:00 GMT"}};
  Make();
  EXPECT_EQ(Fetch("BRK.B")->fetched_at, *ParseTimestamp("2024-02-23T22:00:00Z"));
}

TEST_F(FmpSourceTest, LimitReachWithStatus200IsAskedForAgain) {
  Scripted& client = client_;
  client.answers["/x"] = {200, R"({"Error Message": "Limit Reach . Please upgrade your plan"})"};
  PageGuard guard(client);
  net::HttpRequest request;
  request.url = "https://financialmodelingprep.com/x";
  const auto refused = guard.Send(request);
  EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kThrottled);
  EXPECT_EQ(DetailOf(refused.status())->retry_after, std::chrono::seconds(60));
  client.answers["/x"] = {200, R"([{"note":"Limit Reach is a song"}])"};
  EXPECT_TRUE(guard.Send(request).ok());
}

TEST_F(FmpSourceTest, SettingsThatAreWrong) {
  for (const auto& [key, value] : SourceSettings{{"endpoint", "http://example.org"},
                                                 {"endpoin", "x"},
                                                 {"apikey", kKey},
                                                 {"shape", "both"},
                                                 {"key_in", "cookie"},
                                                 {"symbol_list", "maybe"},
                                                 {"bulk", "1"},
                                                 {"quote_batch", "0"}}) {
    const auto made = MakeSource("fmp", {{key, value}}, {&client_, &clock_});
    EXPECT_EQ(CodeOf(made.status()), ErrorCode::kConfiguration) << key;
    EXPECT_THAT(Seen(made.status()), Not(HasSubstr(kKey)));
  }
  for (const std::string& key :
       {std::string("two words"), std::string("line\nbreak"), std::string(200, 'k')}) {
    const auto made = MakeSource("fmp", {}, {&client_, &clock_, [&](const char*) { return key; }});
    EXPECT_EQ(CodeOf(made.status()), ErrorCode::kConfiguration);
    EXPECT_THAT(Seen(made.status()), Not(HasSubstr(key)));
  }
}

}  // namespace
}  // namespace penstock::source::fmp
