#include "pipeline/market/work_list.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "pipeline/market/ledger.h"
#include "store/object_store.h"

namespace penstock::pipeline {

json::object FileWork::ToJson() const {
  json::object out{{"symbol", symbol}, {"from", FormatDate(days.from)}, {"to", FormatDate(days.to)}};
  if (probe) out["probe"] = true;
  return out;
}

Result<FileWork> FileWork::Parse(const json::value& value) {
  FileWork work;
  ASSIGN_OR_RETURN(work.symbol, GetString(value, "symbol"));
  ASSIGN_OR_RETURN(const std::string from, GetString(value, "from"));
  ASSIGN_OR_RETURN(const std::string to, GetString(value, "to"));
  ASSIGN_OR_RETURN(work.days.from, ParseDate(from));
  ASSIGN_OR_RETURN(work.days.to, ParseDate(to));
  if (work.days.from > work.days.to) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{}: the days end before they begin", work.symbol));
  }
  const auto* probe = value.get_object().if_contains("probe");
  work.probe = probe != nullptr && probe->is_bool() && probe->get_bool();
  return work;
}

std::vector<FileWork> FindWork(const Pipeline& pipeline, const Coverage& coverage,
                               const WorkListOptions& options, TimePoint now, int64_t* quarantined) {
  const std::span<const std::string> symbols = options.symbols.empty() ? pipeline.symbols : options.symbols;
  std::vector<FileWork> work;
  for (const auto& symbol : symbols) {
    const auto found = coverage.symbols.find(symbol);
    const SymbolCoverage* known = found == coverage.symbols.end() ? nullptr : &found->second;
    const auto until =
        known == nullptr ? std::nullopt : known->QuarantinedUntil(pipeline.config.source.quarantine);
    if (until && *until > now && !options.again) {
      if (quarantined != nullptr) ++*quarantined;
      continue;
    }
    DateRange days = options.days;
    const bool is_new = known == nullptr || known->answered.empty();
    if (is_new && pipeline.config.batch.history_from) {
      days.from = std::min(days.from, *pipeline.config.batch.history_from);
    }
    if (const auto delisted = pipeline.DelistedOn(symbol)) {
      days.to = std::min(days.to, *delisted - std::chrono::days(1));
    }
    if (days.from > days.to) continue;
    for (const auto& range : MissingRanges(pipeline, options.again ? nullptr : known, days)) {
      work.push_back({symbol, range, until.has_value()});
    }
  }
  return work;
}

std::string WorkListKey(const Pipeline& pipeline, std::string_view execution) {
  return fmt::format("{}markers/{}/runs/{}.files.jsonl", pipeline.config.prefix, pipeline.name(), execution);
}

std::string WriteWorkList(const std::vector<FileWork>& work) {
  std::string out;
  for (const auto& file : work) {
    AppendJson(file.ToJson(), out);
    out += '\n';
  }
  return out;
}

Result<std::vector<FileWork>> ParseWorkList(std::string_view text) {
  std::vector<FileWork> work;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return MakeError(ErrorCode::kInvalidData, "the last line is cut off");
    ASSIGN_OR_RETURN(const json::value value, ParseJson(text.substr(0, end)));
    ASSIGN_OR_RETURN(FileWork file, FileWork::Parse(value));
    work.push_back(std::move(file));
    text.remove_prefix(end + 1);
  }
  return work;
}

Result<std::vector<FileWork>> ReadWorkList(const Pipeline& pipeline, const Runtime& runtime,
                                           std::string_view execution) {
  ASSIGN_OR_RETURN(const store::Object object, runtime.store->Get(WorkListKey(pipeline, execution)));
  auto work = ParseWorkList(object.bytes);
  if (work.ok()) return work;
  return MakeError(ErrorCode::kCorrupt,
                   fmt::format("{} is not a list of files: {}", object.info.key, work.status().message()),
                   "delete it, and start the run anew under another name");
}

}  // namespace penstock::pipeline
