#include "stream/stream_report.h"

#include <fmt/format.h>

#include <array>

namespace penstock::stream {
namespace {

struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  uint64_t (*value)(const StreamInfo& info);
};

constexpr std::array<Metric, 10> kMetrics{{
    {"incoming_records_total", "counter", "Records acknowledged.",
     [](const StreamInfo& info) { return info.counts.records; }},
    {"incoming_bytes_total", "counter", "Bytes of their data.",
     [](const StreamInfo& info) { return info.counts.bytes; }},
    {"put_requests_total", "counter", "Requests to put records.",
     [](const StreamInfo& info) { return info.counts.put_requests; }},
    {"throttled_requests_total", "counter", "Requests that lost records to back-pressure.",
     [](const StreamInfo& info) { return info.counts.throttled_requests; }},
    {"throttled_records_total", "counter", "Records refused by back-pressure.",
     [](const StreamInfo& info) { return info.counts.throttled_records; }},
    {"failed_records_total", "counter", "Records that could not be stored.",
     [](const StreamInfo& info) { return info.counts.failed_records; }},
    {"log_syncs_total", "counter", "Times that the log was synced to the disk.",
     [](const StreamInfo& info) { return info.log.commits; }},
    {"log_pending_bytes", "gauge", "Bytes that wait to be written to the log.",
     [](const StreamInfo& info) { return static_cast<uint64_t>(info.log.pending_bytes); }},
    {"log_bytes", "gauge", "Size of the log on the disk.",
     [](const StreamInfo& info) { return static_cast<uint64_t>(info.log.disk_bytes); }},
    {"log_failed", "gauge", "1 when the log cannot be written any more.",
     [](const StreamInfo& info) { return uint64_t{info.health.ok() ? 0u : 1u}; }},
}};

}  // namespace

json::object StreamJson(const StreamInfo& info) {
  return {{"name", info.spec.name},
          {"state", info.health.ok() ? "active" : "failed"},
          {"why", info.health.ok() ? "" : Describe(info.health)},
          {"version", info.spec.version},
          {"created", FormatTimestamp(info.spec.created)},
          {"records", info.counts.records},
          {"bytes", info.counts.bytes},
          {"put_requests", info.counts.put_requests},
          {"throttled_records", info.counts.throttled_records},
          {"failed_records", info.counts.failed_records},
          {"pending_bytes", info.log.pending_bytes},
          {"log_bytes", info.log.disk_bytes},
          {"first", info.first},
          {"end", info.end}};
}

std::string RenderStreamMetrics(const std::vector<StreamInfo>& infos) {
  std::string out;
  if (infos.empty()) return out;
  for (const auto& metric : kMetrics) {
    out += fmt::format("# HELP penstock_stream_{0} {1}\n# TYPE penstock_stream_{0} {2}\n", metric.name,
                       metric.help, metric.type);
    for (const auto& info : infos) {
      out += fmt::format("penstock_stream_{}{{stream=\"{}\"}} {}\n", metric.name, info.spec.name,
                         metric.value(info));
    }
  }
  return out;
}

}  // namespace penstock::stream
