// What S3 answers in XML.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/s3_answers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const auto list = penstock::store::ParseS3List(xml);
  if (list.ok()) {
    if (list->truncated && list->objects.empty()) std::abort();
    for (const auto& object : list->objects) {
      if (object.key.empty() || object.size < 0 || object.etag.empty()) std::abort();
    }
  }
  const auto id = penstock::store::ParseS3UploadId(xml);
  if (id.ok() && id->empty()) std::abort();
  (void)penstock::store::S3CompletedEtag(xml);
  return 0;
}
