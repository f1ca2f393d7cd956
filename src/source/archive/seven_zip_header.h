// What a 7z archive says in its header of the memory that reading it takes, found out before libarchive,
// which has no limit, believes it. Source: 7-Zip, DOC/7zFormat.txt and DOC/lzma.txt; coder ids in
// DOC/Methods.txt.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "source/archive/byte_source.h"

namespace penstock::source {

struct SevenZipLimits {
  int64_t max_coder_bytes = 32 << 20;  // dictionary or model of one coder; 7-Zip's "ultra" alone takes more
  int64_t max_header_bytes = 8 << 20;  // the header, packed and unpacked
  int64_t max_files = 100'000;         // libarchive holds some 250 bytes of each
};

// OK: it takes no more than that. TooLarge: it does, with what. InvalidData: not a header that can be read.
// Otherwise as of the source. Reads from anywhere in `bytes`, which can seek; where it stands then is
// undefined.
Status CheckSevenZip(ByteSource& bytes, const SevenZipLimits& limits = {});

}  // namespace penstock::source
