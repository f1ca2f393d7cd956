// Bytes of an object compressed as they come. The same bytes give the same object.
// Sources: RFC 1952 (gzip); RFC 8878 (zstd); google/snappy, framing_format.txt; Hadoop's
// BlockCompressorStream; PKWARE APPNOTE.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// For one object, by one thread.
class BodyEncoder {
 public:
  virtual ~BodyEncoder() = default;
  // What is ready is appended to `out`.
  virtual Status Append(std::string_view bytes, std::string* out) = 0;
  // The rest. Once, at the end.
  virtual Status Finish(std::string* out) = 0;
};

// `name`: of the file within a zip.
Result<std::unique_ptr<BodyEncoder>> MakeBodyEncoder(Compression compression, std::string_view name);

}  // namespace penstock::stream
