#include "cli/stream_top.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/rows.h"

namespace penstock::cli {
namespace {

int64_t Number(const json::value& from, std::string_view key) {
  const auto* value = from.is_object() ? from.get_object().if_contains(key) : nullptr;
  if (value == nullptr) return 0;
  if (value->is_uint64()) return static_cast<int64_t>(value->get_uint64());
  return value->is_int64() ? value->get_int64() : 0;
}

// 1.4 MB.
std::string Bytes(double bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1000;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

}  // namespace

std::string StreamTop::Render(const json::array& streams, TimePoint now) {
  const double span = std::chrono::duration<double>(now - at_).count();
  Rows rows{{"stream", "state", "records/s", "bytes/s", "records", "throttled", "failed", "buffered", "age s",
             "delivered", "undeliverable"},
            {}};
  std::map<std::string, Seen> seen;
  for (const auto& each : streams) {
    const std::string name = GetStringOr(each, "name", "").ValueOr("");
    const Seen current{Number(each, "records"), Number(each, "bytes")};
    const auto before = seen_.find(name);
    json::value records = nullptr, bytes = nullptr;
    // Fewer than before: the server began anew.
    if (before != seen_.end() && span > 0 && current.records >= before->second.records) {
      records = std::llround(static_cast<double>(current.records - before->second.records) / span);
      bytes = Bytes(static_cast<double>(current.bytes - before->second.bytes) / span);
    }
    rows.Add({json::value(name), json::value(GetStringOr(each, "state", "").ValueOr("")), std::move(records),
              std::move(bytes), json::value(current.records), json::value(Number(each, "throttled_records")),
              json::value(Number(each, "failed_records")),
              json::value(Bytes(static_cast<double>(Number(each, "buffered_bytes")))),
              json::value(Number(each, "freshness_s")), json::value(Number(each, "delivered_records")),
              json::value(Number(each, "undeliverable_records"))});
    seen.emplace(name, current);
  }
  seen_ = std::move(seen);
  at_ = now;
  std::string text = Format(rows, OutputFormat::kTable, terminal_);
  if (!terminal_.interactive) return FormatTimestamp(now) + "\n" + text;
  // Up over what stands there, and each line cleared to its end (ECMA-48: CUU, EL, ED).
  std::string out = drawn_ > 0 ? fmt::format("\x1b[{}A", drawn_) : "";
  drawn_ = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  for (const char c : text) out += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
  return out + "\x1b[J";
}

}  // namespace penstock::cli
