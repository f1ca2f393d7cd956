// No text may harm the reader of field maps, nor the program that is made of one; a fault names the file.
#include <cstdint>
#include <cstdlib>

#include "source/ted/notice_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::source::ted;
  auto map = ParseFieldMap({reinterpret_cast<const char*>(data), size}, "map.yaml");
  if (!map.ok()) {
    if (map.status().message().find("map.yaml") == std::string::npos) std::abort();
    return 0;
  }
  const auto reader = NoticeReader::Make(*std::move(map));
  if (!reader.ok()) return 0;
  (void)(*reader)->Add("<t:A xmlns:t='urn:t' ID='1'><t:B><t:C>1</t:C></t:B></t:A>", {});
  (void)(*reader)->Finish();
  return 0;
}
