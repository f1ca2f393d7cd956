#include "stream/object_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/sha256.h"
#include "stream/java_time_format.h"

namespace penstock::stream {
namespace {

constexpr uint64_t kSequenceBits = (uint64_t{1} << 62) - 1;
constexpr size_t kUuidLength = 36;

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool IsUuid8(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  return text.size() == kUuidLength && text[14] == '8' && text[19] >= '8' && text[19] <= 'b';
}

}  // namespace

std::string StreamIdOf(const StreamSpec& spec) {
  return Sha256Hex(fmt::format("{}\n{}", spec.name, spec.created.time_since_epoch().count())).substr(0, 8);
}

std::string ObjectUuid(const StreamSpec& spec, std::string_view partition, uint64_t first_sequence) {
  const std::string hash = Sha256Hex(fmt::format("{}\n{}", first_sequence, partition));
  const uint64_t low = (first_sequence & kSequenceBits) | uint64_t{2} << 62;
  return fmt::format("{}-{}-8{}-{:04x}-{:012x}", StreamIdOf(spec), hash.substr(0, 4), hash.substr(4, 3),
                     low >> 48, low & 0xffffffffffffULL);
}

std::string ObjectName(const StreamSpec& spec, const TimeZone& zone, TimePoint oldest,
                       uint64_t first_sequence, std::string_view partition) {
  static const JavaTimeFormat kTime = JavaTimeFormat::Parse("yyyy-MM-dd-HH-mm-ss").ValueOrDie();
  return fmt::format("{}-{}-{}-{}", spec.name, spec.version, kTime.Format(oldest, zone),
                     ObjectUuid(spec, partition, first_sequence));
}

std::string ObjectExtension(const StreamSpec& spec) {
  if (!spec.file_extension.empty()) return spec.file_extension;
  if (spec.parquet) return ".parquet";
  switch (spec.compression) {
    case Compression::kNone: return "";
    case Compression::kGzip: return ".gz";
    case Compression::kZip: return ".zip";
    case Compression::kSnappy: return ".snappy";
    case Compression::kHadoopSnappy: return ".hsnappy";
    case Compression::kZstd: return ".zst";
  }
  return "";
}

std::optional<ParsedName> ParseObjectName(std::string_view key) {
  // The last UUID of the name: behind it stands an extension at most.
  const std::string_view name = key.substr(key.rfind('/') + 1);
  if (name.size() < kUuidLength) return std::nullopt;
  for (size_t at = name.size() - kUuidLength + 1; at-- > 0;) {
    const std::string_view uuid = name.substr(at, kUuidLength);
    if (!IsUuid8(uuid)) continue;
    ParsedName parsed;
    parsed.extension = name.substr(at + kUuidLength);
    if (!parsed.extension.empty() && parsed.extension[0] != '.') continue;
    uint64_t high = 0, low = 0;
    std::from_chars(uuid.data() + 19, uuid.data() + 23, high, 16);
    std::from_chars(uuid.data() + 24, uuid.data() + 36, low, 16);
    parsed.first_sequence = ((high << 48) | low) & kSequenceBits;
    parsed.stream_id = uuid.substr(0, 8);
    // "NAME-VERSION-2020-05-14-13-30-00-"
    constexpr size_t kTime = 19;
    const size_t time = at - std::min(at, kTime + 1);
    const size_t dash = time < 2 ? name.npos : name.rfind('-', time - 2);
    if (dash != name.npos) {
      parsed.stream = name.substr(0, dash);
      parsed.version = name.substr(dash + 1, time - dash - 2);
      parsed.time = name.substr(time, kTime);
    }
    return parsed;
  }
  return std::nullopt;
}

std::optional<uint64_t> FirstSequenceOf(std::string_view key) {
  const auto parsed = ParseObjectName(key);
  return parsed ? std::optional(parsed->first_sequence) : std::nullopt;
}

}  // namespace penstock::stream
