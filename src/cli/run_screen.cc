#include "cli/run_screen.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "cli/run_target.h"
#include "cli/session.h"
#include "store/s3_location.h"

namespace penstock::cli {
namespace {

void AddCounts(const pipeline::RunReport& report, std::string_view key, std::map<std::string, int64_t>& out) {
  const auto* counts = report.summary.if_contains(key);
  if (counts == nullptr || !counts->is_object()) return;
  for (const auto& item : counts->get_object()) out[std::string(item.key())] += item.value().as_int64();
}

std::string Listed(const std::map<std::string, int64_t>& counts) {
  std::string out;
  for (const auto& [name, count] : counts) {
    if (count == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, Grouped(count));
  }
  return out;
}

// The bucket as a person would write it in the current folder.
std::string ShownBucket(const Session& session) {
  const std::string bucket = session.bucket();
  if (bucket.starts_with(store::kS3Scheme)) return bucket;
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  std::string shown = error ? bucket : std::filesystem::path(bucket).lexically_proximate(here).string();
  return shown.starts_with("..") ? bucket : shown;
}

}  // namespace

RunHints HintsOf(const Session& session, const RunTarget& target) {
  RunHints hints;
  hints.program = session.program;
  hints.bucket = ShownBucket(session);
  if (target.demo) hints.target = " --demo";
  if (target.live) hints.target = " --live";
  if (!target.endpoint.empty()) hints.target = " --endpoint " + target.endpoint;
  return hints;
}

std::string SpanText(Date from, Date to) {
  return from == to ? FormatDate(to) : fmt::format("{} … {}", FormatDate(from), FormatDate(to));
}

Rows ToRows(const std::vector<pipeline::RunReport>& reports) {
  Rows rows{{"sessions", "symbols", "read", "accepted", "rejected", "in_dlq", "seconds", "state"}, {}};
  for (const auto& report : reports) {
    const int64_t dead = report.not_fetched + report.Count("dead_lettered");
    rows.Add({json::value(SpanText(report.from, report.to)), json::value(report.symbols),
              json::value(report.Count("read")), json::value(report.Count("accepted")),
              json::value(report.Count("rejected")), json::value(dead),
              json::value(fmt::format("{:.1f}", report.seconds)),
              json::value(report.already_done ? "already done"
                          : dead > 0          ? "some failed"
                                              : "done")});
  }
  return rows;
}

std::string RenderRuns(const std::vector<pipeline::RunReport>& reports, const Terminal& terminal,
                       const RunHints& hints) {
  Rows rows = ToRows(reports);
  int64_t read = 0, accepted = 0, rejected = 0, dead = 0, done_before = 0, quarantined = 0;
  double seconds = 0;
  std::map<std::string, int64_t> by_rule, warned;
  for (const auto& report : reports) {
    read += report.Count("read");
    accepted += report.Count("accepted");
    rejected += report.Count("rejected");
    dead += report.not_fetched + report.Count("dead_lettered");
    seconds += report.seconds;
    quarantined = std::max(quarantined, report.quarantined);
    done_before += report.already_done ? 1 : 0;
    AddCounts(report, "rejected_by_rule", by_rule);
    AddCounts(report, "warned_by_rule", warned);
  }
  if (reports.size() > 1) {
    rows.Add({"total", nullptr, json::value(read), json::value(accepted), json::value(rejected),
              json::value(dead), json::value(fmt::format("{:.1f}", seconds)), ""});
  }
  std::string out = Format(rows, OutputFormat::kTable, terminal);
  if (const auto text = Listed(by_rule); !text.empty()) out += fmt::format("\nrejected by rule: {}", text);
  if (const auto text = Listed(warned); !text.empty())
    out += fmt::format("\nlet in with a warning: {}", text);
  if (!by_rule.empty() || !warned.empty()) out += "\n";
  if (done_before == static_cast<int64_t>(reports.size()) && done_before > 0) {
    out += Green(terminal, "\nNothing to do: every answer was fetched and processed before.\n");
  } else if (done_before > 0) {
    out += fmt::format("\n{} of {} had been done before; no work was done twice.\n", done_before,
                       reports.size());
  }
  if (quarantined > 0) {
    out +=
        fmt::format("\n{} not asked for: the provider does not know them; see `{} ledger PIPELINE --dead`\n",
                    Grouped(quarantined), hints.program);
  }
  if (dead > 0) {
    out += Red(terminal, fmt::format("\n{} in the dead-letter queue:\n", Grouped(dead)));
    out += fmt::format("  {0} dlq ls --bucket {1}\n  {0} dlq redrive --bucket {1}{2}\n", hints.program,
                       hints.bucket, hints.target);
  }
  return out;
}

}  // namespace penstock::cli
