#include "source/replay/ted_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/sha256.h"
#include "source/replay/generated_bars.h"
#include "source/replay/tar_text.h"

namespace penstock::source {
namespace {

using ted::Package;

constexpr size_t kKept = 3;
constexpr char kGenerated[] = "notices made up of recorded ones by Penstock's replay server";
// eForms from November 2022 on, alone from 2024 on. Source: TED, "eForms: new TED schema", 2022-07-07.
constexpr Date kFirstEforms = std::chrono::year(2022) / 11 / 14;
constexpr Date kLastOld = std::chrono::year(2024) / 1 / 31;

std::string NameOf(const OjsIssue& issue) {
  std::string day = FormatDate(issue.day);
  std::erase(day, '-');
  return day;
}

// "bytes=5-", "bytes=5-9", "bytes=-5" of `size` bytes; nothing where there is no such range.
struct Span {
  size_t first, last;
};
std::optional<Span> ParseRange(std::string_view text, size_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const size_t hyphen = text.find('-');
  if (!text.starts_with(kUnit) || hyphen == std::string_view::npos || size == 0) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<size_t> {
    size_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size())
      return std::nullopt;
    return value;
  };
  const auto first = number(text.substr(kUnit.size(), hyphen - kUnit.size()));
  const auto last = number(text.substr(hyphen + 1));
  if (!first) {
    if (!last || *last == 0) return std::nullopt;
    return Span{size - std::min(size, *last), size - 1};
  }
  if (*first >= size || (last && *last < *first)) return std::nullopt;
  return Span{*first, std::min(last.value_or(size - 1), size - 1)};
}

ReplayAnswer Text(int status, std::string body) {
  ReplayAnswer answer;
  answer.status = status;
  answer.content_type = "text/plain";
  answer.body = std::move(body);
  return answer;
}

}  // namespace

bool TedReplay::Takes(const net::ServerRequest& request, std::string* symbol) const {
  if (!request.path.starts_with("/packages/")) return false;
  const auto package = ted::PackageOfPath(request.path);
  *symbol = package ? package->id() : request.path;
  return true;
}

ReplayAnswer TedReplay::TooMany() const { return Text(429, "Too many requests\n"); }

ReplayAnswer TedReplay::Answer(const net::ServerRequest& request) {
  const auto package = ted::PackageOfPath(request.path);
  if (!package) return Text(400, "no such package\n");  // as the site answers
  if (request.method != "GET" && request.method != "HEAD") return Text(405, "GET only\n");
  const auto found = Find(*package);
  if (CodeOf(found.status()) == ErrorCode::kNotFound) return Text(404, "no such package\n");
  if (!found.ok()) return Text(500, Describe(found.status()) + "\n");
  const Served& served = **found;

  ReplayAnswer answer;
  answer.content_type = "application/gzip";
  answer.headers.Add("ETag", served.etag);
  answer.headers.Add("Last-Modified", FormatHttpDate(served.published));
  answer.headers.Add("Accept-Ranges", "bytes");
  if (!served.generated.empty()) answer.headers.Add("X-Penstock-Generated", served.generated);
  if (request.headers.Find("if-none-match") == served.etag) {
    answer.status = 304;
    return answer;
  }
  const auto range = request.headers.Find("range");
  const auto condition = request.headers.Find("if-range");
  const bool holds =
      !condition || *condition == served.etag || *condition == FormatHttpDate(served.published);
  if (!range || !holds) {
    answer.body = served.bytes;
    return answer;
  }
  const auto span = ParseRange(*range, served.bytes.size());
  if (!span) {
    answer.status = 416;
    answer.headers.Add("Content-Range", fmt::format("bytes */{}", served.bytes.size()));
    return answer;
  }
  answer.status = 206;
  answer.headers.Add("Content-Range",
                     fmt::format("bytes {}-{}/{}", span->first, span->last, served.bytes.size()));
  answer.body = served.bytes.substr(span->first, span->last - span->first + 1);
  return answer;
}

Result<std::shared_ptr<const TedReplay::Served>> TedReplay::Find(const Package& package) {
  std::lock_guard lock(mutex_);
  for (const auto& served : served_) {
    if (served->id == package.id()) return served;
  }
  ASSIGN_OR_RETURN(auto served, Make(package));
  served_.push_front(served);
  if (served_.size() > kKept) served_.pop_back();
  return served;
}

Result<std::shared_ptr<const TedReplay::Served>> TedReplay::Make(const Package& package) {
  auto served = std::make_shared<Served>();
  served->id = package.id();
  std::ifstream recorded(fmt::format("{}/ted/packages/{}", options_.data_dir, package.file_name()),
                         std::ios::binary);
  if (recorded) {
    served->bytes = std::string{std::istreambuf_iterator<char>(recorded), {}};
  } else {
    served->generated = kGenerated;
  }
  std::vector<OjsIssue> issues;
  for (int month = 1; month <= 12; ++month) {
    for (const auto& issue : OjsIssuesOf(package.year, month)) {
      const bool wanted = package.issue > 0 ? issue.number == package.issue : month == package.month;
      if (wanted && issue.day <= options_.today) issues.push_back(issue);
    }
  }
  if (package.year < 2011 || issues.empty()) return MakeError(ErrorCode::kNotFound, "no such package");
  // A day after the last issue.
  served->published = TimePoint(issues.back().day) + std::chrono::hours(24 + 7);
  if (!served->generated.empty() && package.issue > 0) {
    ASSIGN_OR_RETURN(served->bytes, MakeIssue(issues.front()));
  } else if (!served->generated.empty()) {
    std::vector<std::pair<std::string, std::string>> files;
    for (const auto& issue : issues) {
      ASSIGN_OR_RETURN(std::string daily, MakeIssue(issue));
      files.emplace_back(
          fmt::format("{:02}/{}_{}{:03}.tar.gz", package.month, NameOf(issue), issue.year, issue.number),
          std::move(daily));
    }
    ASSIGN_OR_RETURN(served->bytes, MakeTarGz(files, served->published));
  }
  served->etag = fmt::format("\"{}\"", Sha256Hex(served->bytes).substr(0, 20));
  return std::shared_ptr<const Served>(std::move(served));
}

const RecordedNotice& TedReplay::Pick(const OjsIssue& issue, int index) const {
  const uint64_t dice = StableHash(fmt::format("{}-{}-{}", issue.year, issue.number, index), 0);
  const bool eforms = issue.day > kLastOld || (issue.day >= kFirstEforms && dice % 3 == 0);
  const auto& recorded = eforms ? eforms_ : old_;
  return recorded[dice / 3 % recorded.size()];
}

std::string TedReplay::CallBefore(const OjsIssue& issue, int index) const {
  const uint64_t dice = StableHash(fmt::format("{}-{}-{}", issue.year, issue.number, index), 1);
  const int number = issue.number - 10 - static_cast<int>(dice % 40);  // two to ten weeks
  OjsIssue before;
  for (int month = 1; month <= 12; ++month) {
    for (const auto& one : OjsIssuesOf(issue.year, month)) {
      if (one.number == number) before = one;
    }
  }
  if (before.number < 1) return "";
  for (int i = 0; i < options_.notices_an_issue; ++i) {
    const RecordedNotice& call = Pick(before, i);
    if (call.is_call && !call.eforms) return OjsReference(before, GeneratedNumber(before, i, false));
  }
  return "";
}

Result<std::string> TedReplay::MakeIssue(const OjsIssue& issue) {
  if (old_.empty()) {
    for (const char* folder : {"/ted/packages", "/ted/eforms"}) {
      ASSIGN_OR_RETURN(auto notices, ReadRecordedNotices(options_.data_dir + folder));
      for (auto& notice : notices) (notice.eforms ? eforms_ : old_).push_back(std::move(notice));
    }
  }
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < options_.notices_an_issue; ++i) {
    const RecordedNotice& recorded = Pick(issue, i);
    const std::string previous = recorded.previous.empty() ? "" : CallBefore(issue, i);
    const auto notice = GenerateNotice(recorded, issue, i, previous);
    files.emplace_back(fmt::format("{}_{:03}/{}", NameOf(issue), issue.number, notice.file_name), notice.xml);
  }
  return MakeTarGz(files, TimePoint(issue.day) + std::chrono::hours(7));
}

}  // namespace penstock::source
