// The settings of one transform, read key by key. Every failure is Configuration and says where.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock::stream {

// Ask for every key that may stand there, then Finish(), which reports the others.
class Settings {
 public:
  // `where` begins the texts: "transform[1].cast".
  Settings(const json::object& object, std::string where) : object_(object), where_(std::move(where)) {}

  Result<std::string> Text(std::string_view key);
  Result<std::string> Text(std::string_view key, std::string fallback);
  Result<std::string> Choice(std::string_view key, const std::vector<std::string>& choices,
                             std::string fallback);
  Result<int64_t> Int(std::string_view key, int64_t fallback, int64_t low, int64_t high);
  // At least one text.
  Result<std::vector<std::string>> Texts(std::string_view key);
  // Absent: none. In the order in which they stand.
  Result<std::vector<std::pair<std::string, std::string>>> TextMap(std::string_view key);
  Status Finish() const;

  Status Fault(std::string_view key, std::string_view what) const;

 private:
  const json::value* Find(std::string_view key);

  const json::object& object_;
  const std::string where_;
  std::set<std::string, std::less<>> asked_;
};

// "a number (5)", "nothing", "a list": of a value in a failure's text.
std::string DescribeValue(const json::value* value);

}  // namespace penstock::stream
