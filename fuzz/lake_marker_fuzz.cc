// Any bytes: InvalidData, or a marker that survives being written and read.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lake/marker.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using penstock::lake::ParseMarker;
  using penstock::lake::WriteMarker;
  const auto marker = ParseMarker(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!marker.ok()) {
    if (penstock::CodeOf(marker.status()) != penstock::ErrorCode::kInvalidData) std::abort();
    return 0;
  }
  const auto text = WriteMarker(*marker);
  const auto again = ParseMarker(text);
  if (!again.ok() || WriteMarker(*again) != text) std::abort();
  return 0;
}
