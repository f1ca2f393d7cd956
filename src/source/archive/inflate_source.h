// What comes out of gzip, piece by piece, by ISA-L: inflating is the floor of every work over archives, and
// of notices ISA-L inflates 1.2 GB a second where zlib inflates 0.5. Source of the format: RFC 1952.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "source/archive/byte_source.h"

struct inflate_state;

namespace penstock::source {

struct InflateLimits {
  int64_t max_ratio = 500;              // out of in; deflate itself ends near 1030
  int64_t ratio_from_bytes = 64 << 20;  // below this a ratio is no danger
};

// All members of a gzip stream, each with its CRC and length verified; zeros behind the last one (tapes) are
// passed over.
class InflateSource : public ByteSource {
 public:
  // `compressed` outlives it.
  explicit InflateSource(ByteSource& compressed, InflateLimits limits = {});
  ~InflateSource() override;
  // InvalidData: not gzip, damaged, a wrong checksum, cut short, or something else behind it. TooLarge: the
  // ratio. As the source beneath.
  Result<std::string_view> Read() override;

 private:
  enum class Place { kHeader, kMember, kBehind, kEnd };
  Result<bool> Fill();
  Status Step();

  ByteSource& compressed_;
  const InflateLimits limits_;
  std::unique_ptr<inflate_state> state_;
  std::string out_;
  Place place_ = Place::kHeader;
  int64_t bytes_in_ = 0, bytes_out_ = 0;
  Status failure_;  // told by the Read after the one that gave what came before it
};

}  // namespace penstock::source
