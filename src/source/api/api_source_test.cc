// What sources of records send and what they make of answers, over clients that answer from a list (IEX-2,
// ALL-4).
#include "source/api/api_source.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <iterator>
#include <map>

#include "net/retry.h"
#include "source/page_guard.h"

namespace penstock::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "s3cret/that+nobody=may-see";
constexpr char kEncodedSecret[] = "s3cret%2Fthat%2Bnobody%3Dmay-see";

// Answers one after another; keeps the requests.
class Scripted : public net::HttpClient {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token) override {
    requests.push_back(request);
    if (answers.empty()) return MakeError(ErrorCode::kInternal, "asked once too often");
    net::HttpResponse response = answers.front();
    if (answers.size() > 1 || !repeat) answers.pop_front();
    response.url = request.url;
    RETURN_IF_ERROR(net::DeliverBody(request, &response));
    return response;
  }
  void Answer(std::string body, int status = 200, std::string type = "application/json",
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::HttpResponse response{.status = status, .body = std::move(body)};
    response.headers.Add("Content-Type", std::move(type));
    for (auto& [name, value] : headers) response.headers.Add(name, value);
    answers.push_back(std::move(response));
  }

  std::deque<net::HttpResponse> answers;
  std::vector<net::HttpRequest> requests;
  bool repeat = false;  // the last answer
};

class RecordSourceTest : public ::testing::Test {
 protected:
  Status Make(std::string_view kind, SourceSettings settings,
              std::map<std::string, std::string> environment = {}) {
    SourceParts parts{&retrying_, &clock_, [environment](const char* name) {
                        const auto found = environment.find(name);
                        return found == environment.end() ? std::string() : found->second;
                      }};
    ASSIGN_OR_RETURN(source_, MakeRecordSource(kind, settings, parts));
    return Status::OK();
  }
  Status MakeIex() {
    return Make("iex", {}, {{"IEX_ENDPOINT", "https://iex.example/v1/"}, {"IEX_TOKEN", kSecret}});
  }
  Result<FetchedSeries> Fetch(json::object query = {}, std::string cursor = "") {
    pages_.clear();
    return source_->Fetch({"key", std::move(query)}, cursor, [this](RecordAnswer page) {
      pages_.push_back(std::move(page));
      return Status::OK();
    });
  }
  std::vector<std::string> Urls() const {
    std::vector<std::string> urls;
    for (const auto& request : client_.requests) urls.push_back(request.url);
    return urls;
  }
  // What a person or a log would see of a failure.
  static std::string Seen(const Status& status) { return status.ToString() + Describe(status); }

  Scripted client_;
  ManualClock clock_{*ParseTimestamp("2026-11-20T12:00:00Z")};
  Random random_{1};
  PageGuard guard_{client_};
  net::RetryingClient retrying_{guard_, net::RetryPolicy{}, clock_, random_, Logger()};
  std::unique_ptr<RecordSource> source_;
  std::vector<RecordAnswer> pages_;
};

using ApiSourceTest = RecordSourceTest;
using IexSourceTest = RecordSourceTest;

TEST_F(ApiSourceTest, OnePageWithValuesInPathQueryAndHeaders) {
  ASSERT_TRUE(Make("http",
                   {{"url", "https://api.example/v1/{base}/{+day}"},
                    {"query.to", "{today}"},
                    {"query.q", "a&{base}"},
                    {"headers.X-Extra", "v ${EXTRA}"},
                    {"auth.kind", "bearer"},
                    {"auth.env", "KEY"}},
                   {{"EXTRA", "extra"}, {"KEY", kSecret}})
                  .ok());
  client_.Answer(R"([{"a":1}])");
  const auto fetched = Fetch({{"base", "EUR/x"}, {"day", "2020/05"}});
  ASSERT_TRUE(fetched.ok()) << Describe(fetched.status());
  EXPECT_THAT(Urls(), ElementsAre("https://api.example/v1/EUR%2Fx/2020/05?q=a%26EUR%2Fx&to=2026-11-20"));
  EXPECT_EQ(client_.requests[0].headers.Find("Authorization"), std::string("Bearer ") + kSecret);
  EXPECT_EQ(client_.requests[0].headers.Find("X-Extra"), "v extra");
  ASSERT_EQ(pages_.size(), 1U);
  EXPECT_EQ(pages_[0].body, R"([{"a":1}])");
  EXPECT_EQ(pages_[0].extension, "json");
  EXPECT_EQ(pages_[0].masked_url, "https://api.example/v1/EUR%2Fx/2020/05");
  EXPECT_EQ(pages_[0].requested_at, clock_.Now());
}

TEST_F(ApiSourceTest, ValuesCannotLeadElsewhere) {
  ASSERT_TRUE(Make("http", {{"url", "https://api.example/v1/{a}/x/{+b}"}}).ok());
  for (const char* value : {"..", ".", ""})
    EXPECT_EQ(CodeOf(Fetch({{"a", value}, {"b", "c"}}).status()), ErrorCode::kConfiguration) << value;
  for (const char* value : {"a/../b", "/a", "a//b"})
    EXPECT_EQ(CodeOf(Fetch({{"a", "c"}, {"b", value}}).status()), ErrorCode::kConfiguration) << value;
  EXPECT_EQ(CodeOf(Fetch({{"a", json::array{}}, {"b", "c"}}).status()), ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(Fetch({{"a", "c"}}).status()), ErrorCode::kConfiguration);
  EXPECT_TRUE(client_.requests.empty());
  client_.Answer("[]");
  ASSERT_TRUE(Fetch({{"a", "q?x#y%"}, {"b", "d/e?f"}}).ok());
  EXPECT_THAT(Urls(), ElementsAre("https://api.example/v1/q%3Fx%23y%25/x/d/e%3Ff"));
}

TEST_F(ApiSourceTest, PagesAndOffsetsEndWithAShortOrEmptyPage) {
  ASSERT_TRUE(Make("http", {{"url", "https://h.example/a"},
                            {"pagination.kind", "page"},
                            {"pagination.parameter", "page"},
                            {"pagination.first", "0"}})
                  .ok());
  for (const char* body : {"[1,2]", "[3]", "[]"}) client_.Answer(body);
  auto fetched = Fetch();
  ASSERT_TRUE(fetched.ok()) << Describe(fetched.status());
  EXPECT_EQ(fetched->pages, 2);  // the empty one says nothing
  EXPECT_THAT(Urls(), ElementsAre("https://h.example/a?page=0", "https://h.example/a?page=1",
                                  "https://h.example/a?page=2"));

  client_.requests.clear();
  ASSERT_TRUE(Make("http", {{"url", "https://h.example/a"},
                            {"records", "/data"},
                            {"pagination.kind", "offset"},
                            {"pagination.parameter", "from"},
                            {"pagination.size", "2"},
                            {"pagination.size_parameter", "n"}})
                  .ok());
  for (const char* body : {R"({"data":[1,2]})", R"({"data":[3]})"}) client_.Answer(body);
  fetched = Fetch();
  ASSERT_TRUE(fetched.ok()) << Describe(fetched.status());
  EXPECT_THAT(Urls(), ElementsAre("https://h.example/a?from=0&n=2", "https://h.example/a?from=2&n=2"));
  EXPECT_EQ(pages_[1].page, 2);
  // Nothing at all is an answer, too.
  client_.Answer(R"({"data":[]})");
  EXPECT_EQ(Fetch()->pages, 1);
}

TEST_F(ApiSourceTest, AnApiThatDoesNotKnowThePageIsNoticed) {
  ASSERT_TRUE(
      Make("http",
           {{"url", "https://h.example/a"}, {"pagination.kind", "page"}, {"pagination.parameter", "p"}})
          .ok());
  client_.repeat = true;
  client_.Answer("[1,2]");
  const auto fetched = Fetch();
  EXPECT_EQ(CodeOf(fetched.status()), ErrorCode::kInvalidData);
  EXPECT_THAT(Seen(fetched.status()), HasSubstr("the same page comes again and again"));
  EXPECT_EQ(client_.requests.size(), 2U);
}

TEST_F(ApiSourceTest, ThePagesHaveABound) {
  ASSERT_TRUE(Make("http", {{"url", "https://h.example/a"},
                            {"pagination.kind", "page"},
                            {"pagination.parameter", "p"},
                            {"pagination.max_pages", "2"}})
                  .ok());
  for (const char* body : {"[1]", "[2]", "[3]"}) client_.Answer(body);
  const auto fetched = Fetch();
  EXPECT_EQ(CodeOf(fetched.status()), ErrorCode::kResourceExhausted);
  EXPECT_THAT(Seen(fetched.status()), HasSubstr("max_pages"));
  EXPECT_EQ(pages_.size(), 2U);
}

TEST_F(ApiSourceTest, CursorsAreFollowedUntilThereIsNone) {
  ASSERT_TRUE(Make("http", {{"url", "https://h.example/a"},
                            {"query.k", "v"},
                            {"records", "data"},
                            {"pagination.kind", "cursor"},
                            {"pagination.parameter", "after"},
                            {"pagination.cursor", "/meta/next"}})
                  .ok());
  client_.Answer(R"({"data":[1],"meta":{"next":"a=/b"}})");
  client_.Answer(R"({"data":[2],"meta":{"next":17}})");
  client_.Answer(R"({"data":[3],"meta":{"next":null}})");
  ASSERT_TRUE(Fetch().ok());
  EXPECT_THAT(Urls(), ElementsAre("https://h.example/a?k=v", "https://h.example/a?k=v&after=a%3D%2Fb",
                                  "https://h.example/a?k=v&after=17"));
  client_.repeat = true;
  client_.Answer(R"({"data":[1],"meta":{"next":"x"}})");
  EXPECT_THAT(Seen(Fetch().status()), HasSubstr("the same cursor"));
}

TEST_F(ApiSourceTest, LinksAreFollowedOnTheSameSiteOnly) {
  const SourceSettings in_header{{"url", "https://h.example/v1/a"},
                                 {"pagination.kind", "next_link"},
                                 {"auth.kind", "query"},
                                 {"auth.name", "key"},
                                 {"auth.env", "KEY"}};
  ASSERT_TRUE(Make("http", in_header, {{"KEY", kSecret}}).ok());
  // The provider's link repeats the secret; it is sent once.
  client_.Answer(
      "[1]", 200, "application/json",
      {{"Link",
        "<https://h.example/v1/a?p=1>; rel=\"prev\", <?p=2&key=old>; title=\"a, b; c\"; rel=\"last next\""}});
  client_.Answer("[2]", 200, "application/json", {{"link", "</v1/a?p=3>; rel=next"}});
  client_.Answer("[3]", 200, "application/json", {{"Link", "<https://h.example/v1/a?p=1>; rel=first"}});
  auto fetched = Fetch();
  ASSERT_TRUE(fetched.ok()) << Describe(fetched.status());
  const std::string key = std::string("key=") + kEncodedSecret;
  EXPECT_THAT(Urls(), ElementsAre("https://h.example/v1/a?" + key, "https://h.example/v1/a?p=2&" + key,
                                  "https://h.example/v1/a?p=3&" + key));
  for (const auto& page : pages_) EXPECT_EQ(page.masked_url, "https://h.example/v1/a");

  SourceSettings in_body = in_header;
  in_body["pagination.link"] = "/next";
  in_body["records"] = "/data";
  ASSERT_TRUE(Make("http", in_body, {{"KEY", kSecret}}).ok());
  client_.Answer(R"({"data":[1],"next":"https://evil.example/v1/a?p=2"})");
  fetched = Fetch();
  EXPECT_EQ(CodeOf(fetched.status()), ErrorCode::kRejectedByProvider);
  EXPECT_THAT(Seen(fetched.status()), HasSubstr("https://evil.example"));
  client_.Answer(R"({"data":[1],"next":"http://h.example/v1/a?p=2"})");  // nor in the open
  EXPECT_EQ(CodeOf(Fetch().status()), ErrorCode::kRejectedByProvider);
}

TEST_F(ApiSourceTest, OnlyWhatIsNewIsAskedFor) {
  const SourceSettings settings{{"url", "https://h.example/a"},     {"incremental.field", "updated"},
                                {"incremental.parameter", "since"}, {"incremental.start", "2020-01-01"},
                                {"pagination.kind", "page"},        {"pagination.parameter", "p"},
                                {"columns.updated", "date"}};
  ASSERT_TRUE(Make("http", settings).ok());
  for (const char* body : {R"([{"updated":"2020-03-01"},{"updated":"2020-02-01"}])",
                           R"([{"updated":"2020-02-11"},{"updated":null}])", "[]"})
    client_.Answer(body);
  auto fetched = Fetch();
  ASSERT_TRUE(fetched.ok()) << Describe(fetched.status());
  EXPECT_EQ(fetched->cursor, "2020-03-01");
  EXPECT_EQ(Urls()[0], "https://h.example/a?since=2020-01-01&p=1");
  client_.Answer("[]");
  fetched = Fetch({}, fetched->cursor);
  EXPECT_EQ(fetched->cursor, "2020-03-01");  // nothing new
  EXPECT_EQ(Urls().back(), "https://h.example/a?since=2020-03-01&p=1");
  client_.Answer(R"([{"id":1}])");
  fetched = Fetch({}, "x");
  EXPECT_EQ(CodeOf(fetched.status()), ErrorCode::kInvalidData);
  EXPECT_THAT(Seen(fetched.status()), HasSubstr("the records have no \"updated\""));
  EXPECT_EQ(pages_.size(), 1U);  // what came is kept all the same

  ASSERT_TRUE(
      Make("http",
           {{"url", "https://h.example/a"}, {"incremental.field", "id"}, {"incremental.parameter", "since"}})
          .ok());
  client_.Answer(R"([{"id":9},{"id":10},{"id":-3}])");
  EXPECT_EQ(Fetch()->cursor, "10");  // by value, not by text
  client_.Answer("id,v\n7,1\n11,2\n", 200, "text/csv");
  EXPECT_EQ(Fetch({}, "10")->cursor, "11");
}

TEST_F(ApiSourceTest, SecretsThatAreMissingOrOddAreNamedBeforeAnythingIsAsked) {
  const SourceSettings settings{{"url", "https://h.example/a"}, {"headers.X-Extra", "${EXTRA}"},
                                {"query.app", "${APP}"},        {"auth.kind", "header"},
                                {"auth.name", "X-Key"},         {"auth.env", "KEY"}};
  const Status missing = Make("http", settings, {{"KEY", "two words-of-secret"}});
  EXPECT_EQ(CodeOf(missing), ErrorCode::kConfiguration);
  EXPECT_THAT(missing.message(), ::testing::AllOf(HasSubstr("EXTRA is not set"), HasSubstr("APP is not set"),
                                                  HasSubstr("KEY holds something else")));
  EXPECT_THAT(Seen(missing), Not(HasSubstr("words-of-secret")));
  // For reading none is needed, and none on loopback.
  EXPECT_TRUE(MakeRecordSource("http", settings, {nullptr, &clock_}).ok());
  SourceSettings local = settings;
  local["endpoint"] = "http://127.0.0.1:8000";
  ASSERT_TRUE(Make("http", local).ok());
  client_.Answer("[]");
  ASSERT_TRUE(Fetch().ok());
  EXPECT_THAT(Urls(), ElementsAre("http://127.0.0.1:8000/a"));
  EXPECT_FALSE(client_.requests[0].headers.Find("X-Key"));
  SourceSettings open = settings;
  open["url"] = "http://h.example/a";
  EXPECT_THAT(Make("http", open, {{"KEY", kSecret}, {"EXTRA", "x"}, {"APP", "y"}}).message(),
              HasSubstr("expected https"));
}

TEST_F(ApiSourceTest, BasicAndPost) {
  ASSERT_TRUE(Make("http",
                   {{"url", "https://h.example/q"},
                    {"method", "POST"},
                    {"body", R"({"q": {"base": "{base}"}, "n": {n}})"},
                    {"auth.kind", "basic"},
                    {"auth.user", "me"},
                    {"auth.env", "KEY"}},
                   {{"KEY", "pass"}})
                  .ok());
  client_.Answer(R"({"a":1})");
  ASSERT_TRUE(Fetch({{"base", "E\"U"}, {"n", 5}}).ok());
  EXPECT_EQ(client_.requests[0].method, "POST");
  EXPECT_EQ(client_.requests[0].body, R"({"q": {"base": "E\"U"}, "n": 5})");
  EXPECT_EQ(client_.requests[0].headers.Find("Authorization"), "Basic bWU6cGFzcw==");
}

TEST_F(ApiSourceTest, AFailureOfWhoTakesThePagesEndsIt) {
  ASSERT_TRUE(
      Make("http",
           {{"url", "https://h.example/a"}, {"pagination.kind", "page"}, {"pagination.parameter", "p"}})
          .ok());
  client_.Answer("[1]");
  const auto fetched =
      source_->Fetch({"key", {}}, "", [](RecordAnswer) { return MakeError(ErrorCode::kNoSpace, "full"); });
  EXPECT_EQ(CodeOf(fetched.status()), ErrorCode::kNoSpace);
  EXPECT_EQ(client_.requests.size(), 1U);
}

std::string BytesOf(const std::string& file) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/" + file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

TEST_F(IexSourceTest, AsksWithTheTokenAndKeepsItToItself) {
  ASSERT_TRUE(MakeIex().ok());
  client_.Answer(BytesOf("data/iex/stock_MSFT_chart_1m.json"), 200, "application/json; charset=utf-8");
  const auto fetched = Fetch({{"endpoint", "chart"}, {"symbol", "MSFT"}, {"range", "1m"}});
  ASSERT_TRUE(fetched.ok()) << Describe(fetched.status());
  EXPECT_THAT(Urls(),
              ElementsAre(std::string("https://iex.example/v1/stock/MSFT/chart/1m?token=") + kEncodedSecret));
  ASSERT_EQ(pages_.size(), 1U);
  EXPECT_EQ(pages_[0].masked_url, "https://iex.example/v1/stock/MSFT/chart/1m");
  EXPECT_EQ(pages_[0].body, BytesOf("data/iex/stock_MSFT_chart_1m.json"));  // byte for byte
  EXPECT_EQ((*source_->Read(pages_[0].body, "json"))->num_rows(), 23);
  client_.Answer("date,close\n2019-07-10,137.85\n", 200, "text/csv");
  ASSERT_TRUE(Fetch({{"symbol", "MSFT"}, {"params", {{"format", "csv"}}}}).ok());
  EXPECT_EQ(pages_[0].extension, "csv");
}

TEST_F(IexSourceTest, ErrorsAreWhatTheServiceSaid) {
  ASSERT_TRUE(MakeIex().ok());
  struct Case {
    int status;
    std::string body;
    ErrorCode code;
    std::string words;
  };
  const std::vector<Case> cases = {
      {404, BytesOf("tests/data/iex/chart_invalid.txt"), ErrorCode::kNotFound,
       "answered HTTP status 404: \"Unknown symbol\""},
      {403, BytesOf("tests/data/iex/client_access_denied.txt"), ErrorCode::kPermissionDenied,
       "\"The API key provided is not valid.\""},
      {400, BytesOf("tests/data/iex/chart_bad_option.json"), ErrorCode::kRejectedByProvider,
       "\"\"badOption\" is not allowed\""},
      {402, "You have exceeded your allotted message quota. Please enable pay-as-you-go to regain access",
       ErrorCode::kRejectedByProvider, "402: \"You have exceeded your allotted message quota."},
      {451, "Unavailable For Legal Reasons", ErrorCode::kRejectedByProvider,
       "451: \"Unavailable For Legal Reasons\""},
      {401, std::string("Bad token ") + kSecret + " here", ErrorCode::kUnauthenticated,
       "\"Bad token … here\""},
      {429, "Too many requests", ErrorCode::kThrottled, "429: \"Too many requests\""},
      {503, "<html><head><title>Down for\nmaintenance</title></head></html>", ErrorCode::kUnavailable,
       "503: \"Down for maintenance\""},
      {500, std::string(R"({"error":{"message":"no such token )") + kEncodedSecret + "\"}}",
       ErrorCode::kUnavailable, "\"no such token …\""},
      {200, "<html><body>Please log in</body></html>", ErrorCode::kUnavailable, "an HTML page"},
      {200, "Unknown symbol", ErrorCode::kRejectedByProvider, "\"Unknown symbol\""},
      {200, R"({"error":"over quota"})", ErrorCode::kRejectedByProvider, "\"over quota\""},
      {200, R"({"message":"Forbidden"})", ErrorCode::kRejectedByProvider, "\"Forbidden\""},
      {404, "", ErrorCode::kNotFound, "answered HTTP status 404"},
      {502, "", ErrorCode::kUnavailable, "502"},
  };
  for (const Case& one : cases) {
    client_.answers.clear();
    client_.repeat = true;
    client_.Answer(one.body, one.status, "text/html; charset=utf-8");
    const auto fetched = Fetch({{"symbol", "MSFT"}});
    EXPECT_EQ(CodeOf(fetched.status()), one.code) << one.status << one.body;
    EXPECT_THAT(fetched.status().message(), HasSubstr(one.words));
    EXPECT_THAT(fetched.status().message(), HasSubstr("https://iex.example/v1/stock/MSFT/chart/1m"));
    EXPECT_THAT(Seen(fetched.status()), Not(HasSubstr(kSecret)));
    EXPECT_THAT(Seen(fetched.status()), Not(HasSubstr(kEncodedSecret)));
    EXPECT_TRUE(pages_.empty());
  }
  // CSV, too, is not taken for what it is not.
  client_.answers.clear();
  client_.Answer("Unknown symbol", 200, "text/html");
  EXPECT_EQ(CodeOf(Fetch({{"symbol", "MSFT"}, {"params", {{"format", "csv"}}}}).status()),
            ErrorCode::kRejectedByProvider);
}

TEST_F(IexSourceTest, ASecretIsNotCutInTheMiddle) {
  ASSERT_TRUE(MakeIex().ok());
  client_.Answer(std::string(290, 'x') + " " + kSecret, 404, "text/plain");
  EXPECT_THAT(Seen(Fetch({{"symbol", "MSFT"}}).status()), Not(HasSubstr("s3cret")));
}

TEST_F(IexSourceTest, EndpointAndTokenAreNamedBothAtOnce) {
  const Status missing = Make("iex", {});
  EXPECT_EQ(CodeOf(missing), ErrorCode::kConfiguration);
  EXPECT_THAT(missing.message(),
              ::testing::AllOf(HasSubstr("IEX_ENDPOINT is not set"), HasSubstr("IEX_TOKEN is not set")));
  for (const char* endpoint :
       {"cloud.iexapis.com", "http://cloud.iexapis.com/stable", "https://me:of-mine@h.example",
        "https://h.example/?token=of-mine", "ftp://h"}) {
    const Status odd = Make("iex", {}, {{"IEX_ENDPOINT", endpoint}, {"IEX_TOKEN", "a\nb-of-mine"}});
    EXPECT_EQ(CodeOf(odd), ErrorCode::kConfiguration) << endpoint;
    EXPECT_THAT(odd.message(), ::testing::AllOf(HasSubstr("IEX_ENDPOINT"), HasSubstr("IEX_TOKEN"),
                                                Not(HasSubstr("of-mine"))));
  }
  EXPECT_TRUE(Make("iex", {{"endpoint", "http://127.0.0.1:8000"}}).ok());
  EXPECT_EQ(CodeOf(Make("iex", {{"endpoint", "nowhere"}})), ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(Make("iex", {{"token", "x"}})), ErrorCode::kConfiguration);
  EXPECT_TRUE(client_.requests.empty());
}

TEST_F(IexSourceTest, ReadsBatchesWithoutTheirDefinition) {
  ASSERT_TRUE(MakeIex().ok());
  const auto batch = source_->Read(BytesOf("tests/data/iex/DERIVED_market_batch_MSFT.json"), "json");
  ASSERT_TRUE(batch.ok()) << Describe(batch.status());
  EXPECT_EQ((*batch)->num_rows(), 24);
  EXPECT_EQ((*batch)->schema()->field(0)->name(), "symbol");
  EXPECT_EQ((*batch)->schema()->field(1)->name(), "type");
  EXPECT_EQ((*source_->Read("{}", "json"))->num_rows(), 1);
  EXPECT_EQ((*source_->Read("[]", "json"))->num_rows(), 0);
  EXPECT_EQ((*source_->Read(BytesOf("data/iex/stock_MSFT_quote.json"), "json"))->num_rows(), 1);
  EXPECT_EQ(CodeOf(source_->Read(R"({"error":"over quota"})", "json").status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(source_->Read("Unknown symbol", "json").status()), ErrorCode::kInvalidData);
}

}  // namespace
}  // namespace penstock::source
