#include "source/record_source.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::source {
namespace {

constexpr size_t kMaxKeyBytes = 100;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

Status CheckSeriesKey(std::string_view key) {
  std::string wrong;
  if (key.empty()) {
    wrong = "it is empty";
  } else if (key.size() > kMaxKeyBytes) {
    wrong = fmt::format("it has {} characters, {} are the most", key.size(), kMaxKeyBytes);
  } else if (!IsAlphanumeric(key.front())) {
    wrong = "it does not begin with a letter or digit";
  } else {
    const auto odd = std::find_if(key.begin(), key.end(), [](char c) {
      return !IsAlphanumeric(c) && c != '_' && c != '-' && c != '.';
    });
    if (odd == key.end()) return Status::OK();
    const bool printable = *odd > ' ' && *odd < 127;
    wrong = printable ? fmt::format("it has a '{}'", *odd)
                      : fmt::format("it has a byte {:#04x}", static_cast<unsigned char>(*odd));
  }
  return MakeError(ErrorCode::kConfiguration, fmt::format("this cannot name a folder and a table: {}", wrong),
                   "use letters, digits, '_', '-' and '.', a letter or digit first: AAPL_1m");
}

std::string TableNameOf(std::string_view key) {
  std::string name = !key.empty() && key.front() >= '0' && key.front() <= '9' ? "t_" : "";
  for (const char c : key) {
    if (c == '-' || c == '.') {
      name += '_';
    } else {
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return name;
}

}  // namespace penstock::source
