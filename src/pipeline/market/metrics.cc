#include "pipeline/market/metrics.h"

#include <fmt/format.h>

#include "pipeline/layout.h"
#include "pipeline/market/run.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

void Gauge(std::string& out, std::string_view name, std::string_view help, std::string_view labels,
           double value) {
  out += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0}{{{2}}} {3}\n", name, help, labels, value);
}

}  // namespace

std::string RenderMetrics(const Pipeline& pipeline, const RunReport& report, int64_t unix_seconds) {
  const std::string labels = fmt::format("pipeline=\"{}\"", pipeline.name());
  std::string out;
  const auto count = [&](std::string_view name, std::string_view help, std::string_view key) {
    Gauge(out, name, help, labels, static_cast<double>(report.Count(key)));
  };
  Gauge(out, "penstock_run_end_time_seconds", "When the last run ended, Unix time.", labels,
        static_cast<double>(unix_seconds));
  Gauge(out, "penstock_run_duration_seconds", "How long it took.", labels, report.seconds);
  Gauge(out, "penstock_run_session_time_seconds", "The last session it brought, its day at 00:00 UTC.",
        labels, static_cast<double>(DaysSinceEpoch(report.to)) * 86400);
  Gauge(out, "penstock_run_symbols", "Symbols of the pipeline.", labels, static_cast<double>(report.symbols));
  Gauge(out, "penstock_run_symbols_not_fetched", "Symbols that went to the dead-letter queue.", labels,
        static_cast<double>(report.not_fetched));
  count("penstock_run_rows_read", "Rows in the answers.", "read");
  count("penstock_run_rows_accepted", "Rows that passed the rules.", "accepted");
  count("penstock_run_rows_rejected", "Rows that did not.", "rejected");
  count("penstock_run_files_dead_lettered", "Answers that could not be parsed.", "dead_lettered");
  const auto* rules = report.summary.if_contains("rejected_by_rule");
  if (rules != nullptr && rules->is_object() && !rules->get_object().empty()) {
    out +=
        "# HELP penstock_run_rows_rejected_by_rule Rows that did not pass, by rule.\n"
        "# TYPE penstock_run_rows_rejected_by_rule gauge\n";
    for (const auto& rule : rules->get_object()) {
      out += fmt::format("penstock_run_rows_rejected_by_rule{{{},rule=\"{}\"}} {}\n", labels,
                         std::string_view(rule.key()), rule.value().as_int64());
    }
  }
  return out;
}

Status WriteMetrics(const Pipeline& pipeline, const Runtime& runtime, const RunReport& report) {
  if (report.already_done) return Status::OK();
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(runtime.clock->Now().time_since_epoch()).count();
  return runtime.store
      ->Put(MetricsKey(pipeline.config.prefix, pipeline.name()), RenderMetrics(pipeline, report, now))
      .status();
}

}  // namespace penstock::pipeline
