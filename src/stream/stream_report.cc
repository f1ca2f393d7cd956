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

constexpr std::array<Metric, 21> kMetrics{{
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
    {"delivered_records_total", "counter", "Records delivered to the lake.",
     [](const StreamInfo& info) { return info.delivery.delivered_records; }},
    {"delivered_bytes_total", "counter", "Bytes of records as they were delivered.",
     [](const StreamInfo& info) { return info.delivery.delivered_bytes; }},
    {"dropped_records_total", "counter", "Records that the transform dropped.",
     [](const StreamInfo& info) { return info.delivery.dropped_records; }},
    {"undeliverable_records_total", "counter", "Records delivered below the error prefix.",
     [](const StreamInfo& info) { return info.delivery.failed_records; }},
    {"lost_records_total", "counter", "Records that were damaged in the log.",
     [](const StreamInfo& info) { return info.delivery.lost_records; }},
    {"objects_total", "counter", "Objects put.",
     [](const StreamInfo& info) { return info.delivery.objects; }},
    {"deliveries_total", "counter", "Deliveries that succeeded.",
     [](const StreamInfo& info) { return info.delivery.deliveries; }},
    {"delivery_failures_total", "counter", "Deliveries that failed, and are tried again.",
     [](const StreamInfo& info) { return info.delivery.failures; }},
    {"buffered_bytes", "gauge", "Bytes of records that wait for their delivery.",
     [](const StreamInfo& info) { return info.delivery.buffered_bytes; }},
    {"buffered_records", "gauge", "Records that wait for their delivery.",
     [](const StreamInfo& info) { return info.delivery.buffered_records; }},
    {"data_freshness_seconds", "gauge", "Age of the oldest record that is not delivered.",
     [](const StreamInfo& info) {
       return static_cast<uint64_t>(info.delivery.freshness.count() / 1'000'000);
     }},
    {"log_failed", "gauge", "1 when the log cannot be written any more.",
     [](const StreamInfo& info) { return uint64_t{info.health.ok() ? 0u : 1u}; }},
}};

// And why.
std::pair<std::string_view, std::string> StateOf(const StreamInfo& info) {
  if (!info.health.ok()) return {"failed", Describe(info.health)};
  if (info.state == StreamState::kDeleting) return {"deleting", ""};
  if (info.state == StreamState::kDeletingFailed) return {"not deleted", info.deleting_error};
  if (!info.delivery_error.empty()) return {"not delivering", info.delivery_error};
  return {"active", ""};
}

}  // namespace

json::object StreamJson(const StreamInfo& info) {
  const auto [state, why] = StateOf(info);
  return {{"name", info.spec.name},
          {"state", state},
          {"why", why},
          {"version", info.spec.version},
          {"created", FormatTimestamp(info.spec.created)},
          {"records", info.counts.records},
          {"bytes", info.counts.bytes},
          {"put_requests", info.counts.put_requests},
          {"throttled_records", info.counts.throttled_records},
          {"failed_records", info.counts.failed_records},
          {"pending_bytes", info.log.pending_bytes},
          {"log_bytes", info.log.disk_bytes},
          {"delivered_records", info.delivery.delivered_records},
          {"dropped_records", info.delivery.dropped_records},
          {"undeliverable_records", info.delivery.failed_records},
          {"lost_records", info.delivery.lost_records},
          {"objects", info.delivery.objects},
          {"deliveries", info.delivery.deliveries},
          {"delivery_failures", info.delivery.failures},
          {"buffered_records", info.delivery.buffered_records},
          {"buffered_bytes", info.delivery.buffered_bytes},
          {"freshness_s", info.delivery.freshness.count() / 1'000'000},
          {"delivered", info.delivery.delivered},
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
