#include "source/ted/packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace penstock::source::ted {
namespace {

constexpr std::string_view kMonthly = "/packages/monthly/";
constexpr std::string_view kDaily = "/packages/daily/";
constexpr int kFirstYear = 1993, kLastYear = 2099;  // the oldest package that there is
constexpr int kMostIssues = 366;

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool IsMonth(int year, int month) {
  return year >= kFirstYear && year <= kLastYear && month >= 1 && month <= 12;
}

Status Wrong(std::string what) {
  return MakeError(ErrorCode::kUsage, "the transfer's input: " + what,
                   R"(write {"year":2019,"month":3}, or with "issues":[43,44] for daily packages)");
}

Result<int> IntIn(const json::value& value, const char* name, int least, int most) {
  const auto* number = value.if_int64();
  if (number == nullptr || *number < least || *number > most)
    return Wrong(fmt::format("\"{}\": expected a number from {} to {}", name, least, most));
  return static_cast<int>(*number);
}

}  // namespace

std::string Package::id() const {
  return issue > 0 ? fmt::format("{}{:05}", year, issue) : fmt::format("{}-{}", year, month);
}

std::string Package::file_name() const {
  return issue > 0 ? fmt::format("{}{:05}.tar.gz", year, issue) : fmt::format("{}-{:02}.tar.gz", year, month);
}

std::string Package::key() const { return fmt::format("{}/{:02}/{}", year, month, file_name()); }

std::string Package::Url(std::string_view endpoint) const {
  return fmt::format("{}{}{}", endpoint, issue > 0 ? kDaily : kMonthly, id());
}

Result<std::vector<Package>> ParsePackages(const json::value& input) {
  const auto* object = input.if_object();
  if (object == nullptr) return Wrong("expected an object");
  Package month;
  const json::array* issues = nullptr;
  for (const auto& [key, value] : *object) {
    if (key == "year") {
      ASSIGN_OR_RETURN(month.year, IntIn(value, "year", kFirstYear, kLastYear));
    } else if (key == "month") {
      ASSIGN_OR_RETURN(month.month, IntIn(value, "month", 1, 12));
    } else if (key == "issues") {
      issues = value.if_array();
      if (issues == nullptr || issues->empty())
        return Wrong("\"issues\": expected the numbers of issues, as a list");
    } else if (key != "pipeline") {  // every execution's input names it
      return Wrong(fmt::format("unknown: \"{}\"", std::string_view(key)));
    }
  }
  if (month.year == 0) return Wrong("\"year\" is missing");
  if (month.month == 0) return Wrong("\"month\" is missing");
  if (issues == nullptr) return std::vector<Package>{month};
  std::vector<Package> packages;
  for (const auto& value : *issues) {
    Package issue = month;
    ASSIGN_OR_RETURN(issue.issue, IntIn(value, "issues", 1, kMostIssues));
    if (std::find(packages.begin(), packages.end(), issue) == packages.end()) packages.push_back(issue);
  }
  return packages;
}

std::optional<Package> PackageOfPath(std::string_view path) {
  Package package;
  if (path.starts_with(kMonthly)) {
    path.remove_prefix(kMonthly.size());
    const size_t hyphen = path.find('-');
    if (hyphen == std::string_view::npos || path.size() - hyphen > 3) return std::nullopt;
    const auto year = Number(path.substr(0, hyphen)), month = Number(path.substr(hyphen + 1));
    if (!year || !month || !IsMonth(*year, *month)) return std::nullopt;
    package.year = *year;
    package.month = *month;
    return package;
  }
  if (!path.starts_with(kDaily) || path.size() != kDaily.size() + 9) return std::nullopt;
  path.remove_prefix(kDaily.size());
  const auto year = Number(path.substr(0, 4)), issue = Number(path.substr(4));
  if (!year || !issue || !IsMonth(*year, 1) || *issue < 1 || *issue > kMostIssues) return std::nullopt;
  package.year = *year;
  package.issue = *issue;
  return package;
}

}  // namespace penstock::source::ted
