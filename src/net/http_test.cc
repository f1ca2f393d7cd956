#include "net/http.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
const TimePoint kNow = *ParseTimestamp("2026-11-20T10:00:00.250Z");

TEST(HttpHeaders, NamesCompareWithoutCaseAndTheFirstWins) {
  Headers headers;
  headers.Add("X-A", "1");
  headers.Add("x-a", "2");
  EXPECT_EQ(headers.Find("x-A"), "1");
  EXPECT_EQ(headers.Find("x-ab"), std::nullopt);
  EXPECT_EQ(headers.fields().size(), 2u);
}

TEST(HttpRetryAfter, SecondsAndDates) {
  EXPECT_EQ(ParseRetryAfter("120", kNow), milliseconds(120'000));
  EXPECT_EQ(ParseRetryAfter(" 0 ", kNow), milliseconds(0));
  EXPECT_EQ(ParseRetryAfter("Fri, 20 Nov 2026 10:00:02 GMT", kNow), milliseconds(1750));
  EXPECT_EQ(ParseRetryAfter("Fri, 20 Nov 2026 09:00:00 GMT", kNow), milliseconds(0));  // in the past
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999", kNow), std::chrono::hours(24 * 365));
  EXPECT_EQ(ParseRetryAfter("Fri, 01 Jan 9999 00:00:00 GMT", kNow), std::chrono::hours(24 * 365));
  for (const char* value : {"", "soon", "-5", "1.5", "12 s", "Fri, 20 Nov 2026"}) {
    EXPECT_EQ(ParseRetryAfter(value, kNow), std::nullopt) << value;
  }
}

TEST(HttpStatus, EachStatusHasItsCode) {
  const std::vector<std::pair<int, ErrorCode>> expected{
      {200, ErrorCode::kOk},
      {204, ErrorCode::kOk},
      {304, ErrorCode::kOk},
      {400, ErrorCode::kRejectedByProvider},
      {401, ErrorCode::kUnauthenticated},
      {403, ErrorCode::kPermissionDenied},
      {404, ErrorCode::kNotFound},
      {408, ErrorCode::kTimeout},
      {410, ErrorCode::kNotFound},
      {422, ErrorCode::kRejectedByProvider},
      {429, ErrorCode::kThrottled},
      {500, ErrorCode::kUnavailable},
      {503, ErrorCode::kUnavailable},
      {999, ErrorCode::kUnavailable}};  // 999 is what Yahoo once answered to the too eager
  for (const auto& [status, code] : expected) {
    EXPECT_EQ(CodeOf(ToStatus(HttpResponse{.status = status}, "http://h/", kNow)), code) << status;
  }
}

TEST(HttpStatus, CarriesRetryAfterAndRequestId) {
  HttpResponse response{.status = 429};
  response.headers.Add("retry-after", "7");
  response.headers.Add("X-Request-Id", "abc");
  const Status status = ToStatus(response, "http://h/p", kNow);
  ASSERT_NE(DetailOf(status), nullptr);
  EXPECT_EQ(DetailOf(status)->retry_after, milliseconds(7000));
  EXPECT_EQ(DetailOf(status)->request_id, "abc");
  EXPECT_TRUE(IsRetryable(status));
  EXPECT_NE(status.message().find("http://h/p"), std::string::npos);
}

}  // namespace
}  // namespace penstock::net
