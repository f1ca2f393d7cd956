// What the bodies of all providers have in common, before anybody asks what they hold.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::source {

// What no answer of ours is longer than, inflated.
inline constexpr size_t kMaxBodyBytes = 64 << 20;

// The text of a body: gzip undone (into `inflated`, which outlives the view), without byte order mark and
// leading white space. InvalidData: nothing in it, or a page of HTML. TooLarge.
Result<std::string_view> OpenBody(std::string_view bytes, std::string_view raw_key, std::string* inflated);

// The beginning of an odd body, fit for a message.
std::string BeginningOf(std::string_view bytes);

// Whether an answer of the replay server says of itself that it is made up; it does so near its beginning.
bool SaysGenerated(std::string_view body);

}  // namespace penstock::source
