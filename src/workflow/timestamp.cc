#include "workflow/timestamp.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace penstock::workflow {

Result<TimePoint> ParseAslTimestamp(std::string_view text) {
  // The shape first: the general parser is more generous ("2016-1-5", a second too many).
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  const auto fail = [&] {
    return MakeError(ErrorCode::kInvalidData,
                     "not a timestamp of RFC 3339: '" + std::string(text.substr(0, 80)) + "'");
  };
  if (text.size() <= kShape.size() || text.size() > 64) return fail();
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return fail();
  }
  const auto two = [&](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (two(5) > 12 || two(8) > 31 || two(11) > 23 || two(14) > 59 || two(17) > 60) return fail();
  // Nanoseconds are allowed; we count microseconds.
  const size_t end = std::min(text.find_first_not_of("0123456789", kShape.size() + 1), text.size());
  if (text[kShape.size()] != '.' || end <= kShape.size() + 7) return ParseTimestamp(text);
  return ParseTimestamp(std::string(text.substr(0, kShape.size() + 7)) + std::string(text.substr(end)));
}

}  // namespace penstock::workflow
