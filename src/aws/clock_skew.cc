#include "aws/clock_skew.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "aws/error.h"

namespace penstock::aws {
namespace {

// The shortest that a service tolerates is 5 minutes.
constexpr Duration kTolerated = std::chrono::minutes(4);
// The service wrote its Date somewhere between the sending and the answer: we take the middle.
constexpr Duration kLongestTrusted = std::chrono::minutes(4);

}  // namespace

std::optional<Duration> ClockSkew::Learn(const net::HttpResponse& head, TimePoint sent, TimePoint received) {
  const auto date = head.headers.Find("date");
  if (!date || head.headers.Find("age") || received - sent > kLongestTrusted) return std::nullopt;
  const auto theirs = ParseHttpDate(*date);
  if (!theirs.ok()) return std::nullopt;
  const Duration skew = *theirs - (sent + (received - sent) / 2);
  skew_us_.store(skew.count(), std::memory_order_relaxed);
  return skew;
}

bool IsClockRefusal(const Status& status, Duration assumed, Duration learned) {
  static constexpr std::array<std::string_view, 7> kCodes{
      "RequestTimeTooSkewed",  "RequestExpired", "RequestInTheFuture",   "InvalidSignatureException",
      "SignatureDoesNotMatch", "AuthFailure",    "AccessDeniedException"};
  const std::string code = AwsErrorCode(status);
  const bool suspect = std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end() ||
                       (code.empty() && AwsHttpStatus(status) == 403);
  return suspect && std::chrono::abs(learned - assumed) >= kTolerated;
}

}  // namespace penstock::aws
