#include "pipeline/tenders/kept_parts.h"

#include <fmt/format.h>

#include <charconv>

#include "base/fault.h"
#include "base/sha256.h"

namespace penstock::pipeline {
namespace {

constexpr std::string_view kOffer = "offer.json";

std::optional<int64_t> OffsetOf(std::string_view key, std::string_view prefix) {
  const std::string_view name = key.substr(prefix.size());
  int64_t offset = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), offset);
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) return std::nullopt;
  return offset;
}

}  // namespace

std::string KeptParts::VersionPrefix() const {
  return fmt::format("{}{}/", prefix_, Sha256Hex(ToJson(offer_->ToJson())).substr(0, 12));
}

Status KeptParts::Load() {
  offer_.reset();
  keys_.clear();
  size_ = 0;
  const auto kept = store_.Get(prefix_ + std::string(kOffer));
  if (CodeOf(kept.status()) == ErrorCode::kNotFound) return Status::OK();
  RETURN_IF_ERROR(kept.status());
  ASSIGN_OR_RETURN(const json::value text, ParseJson(kept->bytes));
  ASSIGN_OR_RETURN(offer_, OfferedObject::Parse(text));
  const std::string prefix = VersionPrefix();
  ASSIGN_OR_RETURN(const auto parts, store::ListAll(store_, prefix));
  for (const auto& part : parts) {
    // One that overlaps what is there already, or lies behind a gap: of a process that went on elsewhere.
    if (OffsetOf(part.key, prefix) != size_ || part.size == 0) {
      RETURN_IF_ERROR(store_.Delete(part.key));
      continue;
    }
    keys_.push_back(part.key);
    size_ += part.size;
  }
  return Status::OK();
}

Status KeptParts::Begin(const OfferedObject& offer) {
  RETURN_IF_ERROR(Drop());
  RETURN_IF_ERROR(store_.Put(prefix_ + std::string(kOffer), ToPrettyJson(offer.ToJson())).status());
  offer_ = offer;
  return Status::OK();
}

Status KeptParts::Append(std::string_view bytes) {
  if (bytes.empty()) return Status::OK();
  const std::string key = fmt::format("{}{:012}", VersionPrefix(), size_);
  RETURN_IF_ERROR(store_.Put(key, bytes).status());
  keys_.push_back(key);
  size_ += static_cast<int64_t>(bytes.size());
  return FaultPoint("transfer.part.after");
}

Status KeptParts::Read(const std::function<Status(std::string_view)>& sink) {
  for (const std::string& key : keys_) {
    ASSIGN_OR_RETURN(const auto part, store_.Get(key));
    RETURN_IF_ERROR(sink(part.bytes));
  }
  return Status::OK();
}

// The version first: parts without one are of no use to anybody, and go with the next Drop.
Status KeptParts::Drop() {
  offer_.reset();
  keys_.clear();
  size_ = 0;
  RETURN_IF_ERROR(store_.Delete(prefix_ + std::string(kOffer)));
  ASSIGN_OR_RETURN(const auto left, store::ListAll(store_, prefix_));
  for (const auto& part : left) RETURN_IF_ERROR(store_.Delete(part.key));
  return Status::OK();
}

}  // namespace penstock::pipeline
