// What a provider says, and where it says the next page is: any bytes give printable words of bounded length,
// and a link on http or https or none.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "net/url.h"
#include "source/api/api_answer.h"
#include "source/api/api_pages.h"
#include "source/api/field_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  using namespace penstock::source;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string words = ErrorWords(text);
  if (words.size() > 1000 || !IsUtf8(words) || words.find_first_of("\r\n") != std::string::npos) std::abort();
  if (IsErrorObject(text) && text.find("{") == std::string_view::npos) std::abort();
  if (const auto next = NextOfLinkHeader(text)) {
    const auto link = ResolveLink("https://h.example/v1/a?x=1", *next);
    if (link.ok() && !net::ParseUrl(*link).ok()) std::abort();
  }
  const Fields fields = {{"a", std::string(text)}};
  const auto url = FillUrl("https://h.example/{a}/b", fields);
  if (url.ok() && net::ParseUrl(*url).ValueOr(net::Url{}).host != "h.example") std::abort();
  const auto path = FillUrl("https://h.example/{+a}/b", fields);
  if (path.ok() && net::ParseUrl(*path).ValueOr(net::Url{}).host != "h.example") std::abort();
  if (!ParseJson("{\"v\":\"" + FillJson("{a}", fields) + "\"}").ok() && IsUtf8(text)) std::abort();
  return 0;
}
