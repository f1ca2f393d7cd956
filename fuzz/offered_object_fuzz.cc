// Headers that a server sends with a package, a line each, and Content-Range by itself: what is believed is
// of the right form, and what is kept of it is read back as it was.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pipeline/tenders/offered_object.h"

namespace {

using namespace penstock;

bool IsHexOrNothing(const std::string& text, size_t digits) {
  return text.empty() ||
         (text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos);
}

void CheckRange(std::string_view text) {
  const auto range = pipeline::ParseContentRange(text);
  if (!range) return;
  if (range->length < -1 || (range->first < 0) != (range->last < 0)) std::abort();
  if (range->last < range->first || (range->length >= 0 && range->last >= range->length)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckRange(text);
  net::HttpResponse head;
  head.status = 200;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string name(line.substr(0, colon)), value(line.substr(colon + 2));
    if (name == "Content-Range") CheckRange(value);
    head.headers.Add(name, value);
  }
  const auto offer = pipeline::OfferOf(head);
  if (offer.length < -1 || !IsHexOrNothing(offer.sha256, 64) || !IsHexOrNothing(offer.md5, 32)) std::abort();
  if (offer.range_validator().starts_with("W/") && offer.last_modified != offer.range_validator())
    std::abort();
  const auto again = pipeline::OfferedObject::Parse(offer.ToJson());
  if (!again.ok() || !(*again == offer) || !again->SameVersion(offer)) std::abort();
  return 0;
}
