#include "source/archive/inflate_source.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>

namespace penstock::source {
namespace {

constexpr size_t kPiece = 256 << 10;  // fits the second-level cache with what is read from it

Status Damaged(std::string_view what) {
  return MakeError(ErrorCode::kInvalidData, fmt::format("gzip: {}", what));
}

std::string_view NameOfFault(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM: return "wrong checksum (CRC)";
    case ISAL_INVALID_WRAPPER: return "no gzip header where one should be";
    case ISAL_UNSUPPORTED_METHOD: return "a method other than deflate";
    case ISAL_NEED_DICT: return "it needs a dictionary";
    default: return "damaged (no valid deflate data)";
  }
}

}  // namespace

InflateSource::InflateSource(ByteSource& compressed, InflateLimits limits)
    : compressed_(compressed),
      limits_(limits),
      state_(std::make_unique<inflate_state>()),
      out_(kPiece, '\0') {
  isal_inflate_init(state_.get());
  state_->crc_flag = ISAL_GZIP;
}

InflateSource::~InflateSource() = default;

// Whether there is input.
Result<bool> InflateSource::Fill() {
  if (state_->avail_in > 0) return true;
  ASSIGN_OR_RETURN(const std::string_view piece, compressed_.Read());
  state_->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(piece.data()));
  state_->avail_in = static_cast<uint32_t>(piece.size());
  bytes_in_ += static_cast<int64_t>(piece.size());
  return !piece.empty();
}

Status InflateSource::Step() {
  ASSIGN_OR_RETURN(const bool more, Fill());
  if (place_ == Place::kBehind) {
    // Another member begins with 1f; tapes end in zeros.
    while (state_->avail_in > 0 && *state_->next_in == 0) {
      ++state_->next_in;
      --state_->avail_in;
    }
    if (state_->avail_in > 0) {
      if (*state_->next_in != 0x1f) return Damaged("something that is not gzip stands behind its end");
      isal_inflate_reset(state_.get());
      state_->crc_flag = ISAL_GZIP;  // a header first
      place_ = Place::kHeader;
    } else if (!more) {
      place_ = Place::kEnd;
    }
    return Status::OK();
  }
  // Without input what was decoded and not yet handed out may still come.
  const uint32_t room = state_->avail_out;
  const uint32_t input = state_->avail_in;
  const int code = isal_inflate(state_.get());
  if (code < 0 || code == ISAL_NEED_DICT) return Damaged(NameOfFault(code));
  if (place_ == Place::kHeader && input > 0) place_ = Place::kMember;
  if (state_->block_state == ISAL_BLOCK_FINISH) {
    place_ = Place::kBehind;
  } else if (!more && state_->avail_out == room) {
    return Damaged("cut short");
  }
  return Status::OK();
}

Result<std::string_view> InflateSource::Read() {
  state_->next_out = reinterpret_cast<uint8_t*>(out_.data());
  state_->avail_out = static_cast<uint32_t>(out_.size());
  while (failure_.ok() && state_->avail_out > 0 && place_ != Place::kEnd) failure_ = Step();
  const size_t size = out_.size() - state_->avail_out;
  if (size == 0) RETURN_IF_ERROR(failure_);
  bytes_out_ += static_cast<int64_t>(size);
  if (bytes_out_ > limits_.ratio_from_bytes && bytes_out_ / limits_.max_ratio > bytes_in_) {
    return MakeError(
        ErrorCode::kTooLarge,
        fmt::format("gzip: more than {} times its size comes out: an archive bomb", limits_.max_ratio));
  }
  return std::string_view(out_.data(), size);
}

}  // namespace penstock::source
