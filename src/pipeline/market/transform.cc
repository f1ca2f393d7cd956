#include "pipeline/market/transform.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

#include "base/parallel.h"
#include "base/sha256.h"
#include "calendar/exchange_calendar.h"
#include "lake/marker.h"
#include "lake/rules.h"
#include "lake/series_history.h"
#include "lake/table_commit.h"
#include "pipeline/dead_letter.h"
#include "pipeline/layout.h"
#include "pipeline/market/open_table.h"
#include "source/source.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

// Raw answers at once in memory, parsed: five years of 512 symbols are some 60 MB.
constexpr size_t kFilesAtOnce = 512;

Result<const arrow::Date32Array*> DateColumn(const arrow::RecordBatch& rows) {
  const auto column = rows.GetColumnByName("date");
  if (column == nullptr || column->type_id() != arrow::Type::DATE32) {
    return MakeError(ErrorCode::kInternal, "bars without a column date");
  }
  return static_cast<const arrow::Date32Array*>(column.get());
}

Result<std::vector<Date>> DatesOf(const arrow::RecordBatch& rows) {
  ASSIGN_OR_RETURN(const auto* dates, DateColumn(rows));
  std::vector<Date> out;
  out.reserve(static_cast<size_t>(dates->length()));
  for (int64_t i = 0; i < dates->length(); ++i) {
    if (!dates->IsNull(i)) out.push_back(FromDaysSinceEpoch(dates->Value(i)));
  }
  return out;
}

// The day of each refused row, with the rule.
Result<std::vector<std::pair<Date, std::string>>> RejectedDaysOf(const arrow::RecordBatch& rows) {
  ASSIGN_OR_RETURN(const auto* dates, DateColumn(rows));
  const auto rules = rows.GetColumnByName(lake::kRuleColumn);
  if (rules == nullptr || rules->type_id() != arrow::Type::STRING) {
    return MakeError(ErrorCode::kInternal, "rejected rows without a column rule");
  }
  std::vector<std::pair<Date, std::string>> out;
  for (int64_t i = 0; i < dates->length(); ++i) {
    if (dates->IsNull(i)) continue;
    out.emplace_back(FromDaysSinceEpoch(dates->Value(i)),
                     static_cast<const arrow::StringArray&>(*rules).GetString(i));
  }
  return out;
}

// Closes that differ by less are the same: providers round.
constexpr double kSameClose = 1e-4;

// Failures of parsing that speak of the bytes; others are of this machine and end the run.
bool SpeaksOfTheBytes(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kConfiguration: return false;
    default: return true;
  }
}

class Run {
 public:
  Run(const Pipeline& pipeline, const Runtime& runtime, const TransformOptions& options, OpenTable& bars,
      OpenTable& actions, const std::optional<lake::Marker>& marker)
      : pipeline_(pipeline),
        runtime_(runtime),
        options_(options),
        bars_(bars),
        actions_(actions),
        marker_(marker),
        log_(runtime.log.With({"execution", options.execution})) {}

  // One raw object: into the batches of its tables, or the dead-letter queue.
  Status Take(const RawObject& raw) {
    ASSIGN_OR_RETURN(const store::Object object, runtime_.store->Get(raw.key));
    const std::string sha256 = Sha256Hex(object.bytes);
    if (!options_.again && !lake::NeedsProcessing(marker_, raw.key, sha256, pipeline_.config.rule_version)) {
      std::lock_guard lock(mutex_);
      ++summary.files;
      ++summary.files_skipped;
      summary.AddRows(marker_->inputs.at(raw.key));
      Advance(0);
      return Status::OK();
    }
    const auto key = RawKey::Parse(pipeline_.config.prefix, raw.key);
    const TimePoint fetched_at = FetchedAt(raw, object, sha256);
    auto answer = key ? Parse(raw, *key, object, fetched_at) : NotARawKey(raw.key);
    if (!answer.ok()) {
      if (!SpeaksOfTheBytes(CodeOf(answer.status()))) return WithContext(answer.status(), raw.key);
      return GiveUp(raw, answer.status());
    }
    // What fails from here on is not the answer's fault, and ends the run, but for what lies in a symbol's
    // own file.
    if (pipeline_.config.bar_files() == TableFiles::kBySymbol) {
      auto bars = WithoutContext(*key, answer->bars);
      // The damaged file of one symbol stops no other.
      if (CodeOf(bars.status()) == ErrorCode::kCorrupt) return GiveUp(raw, bars.status());
      RETURN_IF_ERROR(WithContext(bars.status(), raw.key));
      if (*bars == nullptr) {
        log_.Info("history_adjusted", {{"key", raw.key}});
        std::lock_guard lock(mutex_);
        summary.adjusted.push_back(raw.key);
        Advance(0);
        return Status::OK();
      }
      answer->bars = *std::move(bars);
    }
    auto parsed = Judge(raw, *key, *answer, fetched_at);
    RETURN_IF_ERROR(WithContext(parsed.status(), raw.key));
    parsed->input.sha256 = sha256;
    parsed->input.bytes = static_cast<int64_t>(object.bytes.size());
    std::lock_guard lock(mutex_);
    ++summary.files;
    summary.AddRows(parsed->input);
    bars_.Add(key->symbol, parsed->bars);
    actions_.Add(key->symbol, parsed->actions);
    changes.inputs[raw.key] = std::move(parsed->input);
    Advance(0);
    return Status::OK();
  }

  // Into the dead-letter queue with one answer.
  Status GiveUp(const RawObject& raw, const Status& status) {
    RETURN_IF_ERROR(SendDeadLetter(*runtime_.dead_letters, LetterFor(raw, status)));
    log_.Warning("not_taken_in", {{"key", raw.key}, {"cause", status.message()}});
    std::lock_guard lock(mutex_);
    ++summary.files;
    ++summary.dead_lettered;
    Advance(1);
    return Status::OK();
  }

  // The file of this symbol cannot take the rows of its answers: they are in the dead-letter queue, and not
  // done.
  Status Refuse(const std::string& symbol, const Status& status) {
    for (auto it = changes.inputs.begin(); it != changes.inputs.end();) {
      const auto key = RawKey::Parse(pipeline_.config.prefix, it->first);
      if (!key || key->symbol != symbol) {
        ++it;
        continue;
      }
      RETURN_IF_ERROR(
          SendDeadLetter(*runtime_.dead_letters, LetterFor({it->first, it->second.fetched_at}, status)));
      log_.Error("file_not_updated", {{"key", it->first}, {"cause", status.message()}});
      ++summary.dead_lettered;
      summary.RemoveRows(it->second);
      it = changes.inputs.erase(it);
    }
    return Status::OK();
  }

  TransformSummary summary;
  lake::Marker changes;  // the objects that were processed now

 private:
  struct Parsed {
    lake::MarkerInput input;
    lake::Validated bars, actions;
  };

  void Advance(int64_t failed) {
    if (options_.shard.empty()) runtime_.progress->Advance(1, failed);
  }

  // As the fetch step said; else as the marker has it of the same bytes; else when the object was put.
  TimePoint FetchedAt(const RawObject& raw, const store::Object& object, const std::string& sha256) const {
    if (raw.fetched_at) return *raw.fetched_at;
    if (marker_) {
      const auto known = marker_->inputs.find(raw.key);
      if (known != marker_->inputs.end() && known->second.sha256 == sha256) return known->second.fetched_at;
    }
    return object.info.modified;
  }

  static Result<source::ParsedAnswer> NotARawKey(const std::string& key) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("{} is not the key of a raw answer: raw/dt=DAY/SYMBOL.json or .csv", key));
  }

  Result<source::ParsedAnswer> Parse(const RawObject& raw, const RawKey& key, const store::Object& object,
                                     TimePoint fetched_at) {
    source::ParseContext context;
    context.symbol = key.symbol;
    context.fetched_at = fetched_at;
    context.raw_key = raw.key;
    context.currency = pipeline_.config.currency;
    context.calendar = pipeline_.calendar;
    ASSIGN_OR_RETURN(source::ParsedAnswer answer, runtime_.source->Parse(object.bytes, context));
    for (const auto& note : answer.notes) log_.Debug("note", {{"key", raw.key}, {"note", note}});
    return answer;
  }

  // Of a table by symbol, an answer may begin before the days that it is for: the provider's word on what is
  // stored already. When it contradicts that, the provider has adjusted the history (a split). The context is
  // taken off; nothing when it contradicts.
  Result<std::shared_ptr<arrow::RecordBatch>> WithoutContext(
      const RawKey& key, const std::shared_ptr<arrow::RecordBatch>& bars) {
    ASSIGN_OR_RETURN(const auto* dates, DateColumn(*bars));
    int64_t first = 0;
    while (first < dates->length() && !dates->IsNull(first) &&
           FromDaysSinceEpoch(dates->Value(first)) < key.from) {
      ++first;
    }
    if (first == 0) return bars;
    const auto closes = bars->GetColumnByName("close");
    if (closes == nullptr || closes->type_id() != arrow::Type::DOUBLE) {
      return MakeError(ErrorCode::kInternal, "bars without a column close");
    }
    if (!closes->IsNull(first - 1)) {
      ASSIGN_OR_RETURN(const auto stored, bars_.history().Before(key.symbol, key.from, "close", 1));
      const double said = static_cast<const arrow::DoubleArray&>(*closes).Value(first - 1);
      if (!stored.empty() && std::abs(said - stored.front()) > kSameClose * std::abs(stored.front())) {
        return std::shared_ptr<arrow::RecordBatch>();
      }
    }
    return bars->Slice(first);
  }

  Result<Parsed> Judge(const RawObject& raw, const RawKey& key, const source::ParsedAnswer& answer,
                       TimePoint fetched_at) {
    lake::ValidationContext judge;
    judge.calendar = pipeline_.calendar;
    judge.from = key.from;
    judge.to = key.to;
    judge.raw_key = raw.key;
    Parsed out;
    judge.history = &bars_.history();
    ASSIGN_OR_RETURN(out.bars, bars_.validator().Validate(answer.bars, judge));
    judge.history = &actions_.history();
    ASSIGN_OR_RETURN(out.actions, actions_.validator().Validate(answer.actions, judge));
    out.input.key = raw.key;
    out.input.fetched_at = fetched_at;
    out.input.rule_version = pipeline_.config.rule_version;
    out.input.rows = answer.bars->num_rows();
    out.input.accepted = out.bars.accepted->num_rows();
    out.input.rejected = out.bars.rejected->num_rows();
    for (const auto& count : out.bars.counts) {
      if (count.rejected > 0) out.input.rejected_by_rule[count.rule] = count.rejected;
      if (count.warned > 0) out.input.warned_by_rule[count.rule] = count.warned;
    }
    RETURN_IF_ERROR(MarkDays(key, out.bars, out.input));
    for (const auto& warning : out.bars.warnings) {
      log_.Info("row_warning", {{"rule", warning.rule}, {"row", warning.key}, {"reason", warning.reason}});
    }
    return out;
  }

  // What became of each session that was asked for, for the ledger (pipeline/market/ledger.h).
  Status MarkDays(const RawKey& key, const lake::Validated& bars, lake::MarkerInput& input) const {
    ASSIGN_OR_RETURN(auto accepted, DatesOf(*bars.accepted));
    std::sort(accepted.begin(), accepted.end());
    const auto is_accepted = [&](Date day) {
      return std::binary_search(accepted.begin(), accepted.end(), day);
    };
    ASSIGN_OR_RETURN(const auto rejected, RejectedDaysOf(*bars.rejected));
    for (const auto& [day, rule] : rejected) {
      if (day >= key.from && day <= key.to && !is_accepted(day)) input.rejected_days.emplace(day, rule);
    }
    for (const Date day : pipeline_.calendar->Sessions(key.from, key.to)) {
      if (!is_accepted(day) && !input.rejected_days.contains(day)) input.absent.Add({day, day});
    }
    input.absent.Join(
        [&](Date first, Date last) { return pipeline_.calendar->Sessions(first, last).empty(); });
    return Status::OK();
  }

  DeadLetter LetterFor(const RawObject& raw, const Status& status) const {
    DeadLetter letter;
    letter.step = "transform";
    letter.input = {{"date", FormatDate(summary.date)}, {"key", raw.key}};
    letter.error = std::string(InfoOf(CodeOf(status)).asl_name);
    letter.cause = status.message();
    letter.execution = options_.execution;
    return letter;
  }

  const Pipeline& pipeline_;
  const Runtime& runtime_;
  const TransformOptions& options_;
  OpenTable& bars_;
  OpenTable& actions_;
  const std::optional<lake::Marker>& marker_;
  const Logger log_;
  std::mutex mutex_;
};

// The rows of the open table into its files.
Status Merge(OpenTable& open, const Runtime& runtime, const TransformOptions& options, Run& run,
             std::set<std::string>& outputs) {
  MergeOptions merge;
  merge.stop = options.stop;
  merge.transaction = options.execution;
  size_t shown = 0;
  bool begun = false;
  if (options.shard.empty()) {  // a batch among others has no stage of its own
    merge.progress = [&](size_t done, size_t total) {
      if (!begun) runtime.progress->Begin("write", static_cast<int64_t>(total));
      begun = true;
      runtime.progress->Advance(static_cast<int64_t>(done - shown));
      shown = done;
    };
  }
  const auto merged = open.Merge(merge);
  if (begun) runtime.progress->End();
  RETURN_IF_ERROR(merged.status());
  run.summary.partitions += merged->files;
  run.summary.partitions_changed += merged->files_changed;
  for (const auto& [symbol, status] : merged->failed) RETURN_IF_ERROR(run.Refuse(symbol, status));
  outputs.insert(merged->outputs.begin(), merged->outputs.end());
  return Status::OK();
}

json::object ToObject(const std::map<std::string, int64_t>& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

}  // namespace

void TransformSummary::AddRows(const lake::MarkerInput& input) {
  read += input.rows;
  accepted += input.accepted;
  rejected += input.rejected;
  for (const auto& [rule, count] : input.rejected_by_rule) rejected_by_rule[rule] += count;
  for (const auto& [rule, count] : input.warned_by_rule) warned_by_rule[rule] += count;
}

void TransformSummary::RemoveRows(const lake::MarkerInput& input) {
  read -= input.rows;
  accepted -= input.accepted;
  rejected -= input.rejected;
  for (const auto& [rule, count] : input.rejected_by_rule) rejected_by_rule[rule] -= count;
  for (const auto& [rule, count] : input.warned_by_rule) warned_by_rule[rule] -= count;
}

void TransformSummary::Add(const TransformSummary& other) {
  files += other.files;
  files_skipped += other.files_skipped;
  dead_lettered += other.dead_lettered;
  read += other.read;
  accepted += other.accepted;
  rejected += other.rejected;
  for (const auto& [rule, count] : other.rejected_by_rule) rejected_by_rule[rule] += count;
  for (const auto& [rule, count] : other.warned_by_rule) warned_by_rule[rule] += count;
  partitions += other.partitions;
  partitions_changed += other.partitions_changed;
}

json::object TransformSummary::ToJson() const {
  return {{"date", FormatDate(date)},
          {"files", files},
          {"files_skipped", files_skipped},
          {"dead_lettered", dead_lettered},
          {"read", read},
          {"accepted", accepted},
          {"rejected", rejected},
          {"rejected_by_rule", ToObject(rejected_by_rule)},
          {"warned_by_rule", ToObject(warned_by_rule)},
          {"partitions", partitions},
          {"partitions_changed", partitions_changed}};
}

Result<TransformSummary> Transform(const Pipeline& pipeline, const Runtime& runtime, Date raw_date,
                                   const std::vector<RawObject>& raw, const TransformOptions& options) {
  const std::string& prefix = pipeline.config.prefix;
  lake::HiveTableFormat format(*runtime.store);
  ASSIGN_OR_RETURN(const auto bars,
                   OpenTableOf(pipeline.bars, pipeline.config.bar_files(), *runtime.store, format, prefix));
  ASSIGN_OR_RETURN(const auto actions,
                   OpenTableOf(pipeline.actions, TableFiles::kByDay, *runtime.store, format, prefix));
  std::optional<lake::Marker> marker;
  if (options.shard.empty()) {
    ASSIGN_OR_RETURN(marker, lake::ReadMarker(*runtime.store, prefix, pipeline.name(), raw_date));
  }

  Run run(pipeline, runtime, options, *bars, *actions, marker);
  run.summary.date = run.changes.dt = raw_date;
  run.changes.pipeline = pipeline.name();
  std::set<std::string> outputs;
  for (size_t begin = 0; begin < raw.size(); begin += kFilesAtOnce) {
    const size_t count = std::min(kFilesAtOnce, raw.size() - begin);
    if (options.shard.empty()) runtime.progress->Begin("transform", static_cast<int64_t>(count));
    const Status taken =
        ParallelFor(count, runtime.threads, [&](size_t i) { return run.Take(raw[begin + i]); }, options.stop);
    if (options.shard.empty()) runtime.progress->End();
    RETURN_IF_ERROR(taken);
    RETURN_IF_ERROR(Merge(*bars, runtime, options, run, outputs));
    RETURN_IF_ERROR(Merge(*actions, runtime, options, run, outputs));
  }
  if (!run.changes.inputs.empty()) {
    run.changes.outputs.assign(outputs.begin(), outputs.end());
    RETURN_IF_ERROR(options.shard.empty()
                        ? lake::UpdateMarker(*runtime.store, prefix, run.changes)
                        : lake::UpdateMarkerShard(*runtime.store, prefix, run.changes, options.shard));
  }
  return run.summary;
}

}  // namespace penstock::pipeline
