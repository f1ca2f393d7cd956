// A market taken file by file: which files are to be updated, and the update of a batch of them (US-3).
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "calendar/exchange_calendar.h"
#include "lake/marker.h"
#include "pipeline/dead_letter.h"
#include "pipeline/layout.h"
#include "pipeline/market/steps.h"
#include "pipeline/market/transform.h"
#include "pipeline/market/work_list.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "source/source.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

Result<DateRange> DaysOf(const json::value& input) {
  ASSIGN_OR_RETURN(const std::string from, GetString(input, "from"));
  ASSIGN_OR_RETURN(const std::string to, GetString(input, "to"));
  DateRange days;
  ASSIGN_OR_RETURN(days.from, ParseDate(from));
  ASSIGN_OR_RETURN(days.to, ParseDate(to));
  return days;
}

// The list of this execution: made by whoever asks first.
Result<std::vector<FileWork>> WorkOf(const StepContext& context, const std::string& execution,
                                     const json::value& state) {
  const Runtime& runtime = context.runtime;
  auto kept = ReadWorkList(context.pipeline, runtime, execution);
  if (CodeOf(kept.status()) != ErrorCode::kNotFound) return kept;
  WorkListOptions options;
  ASSIGN_OR_RETURN(options.days, DaysOf(state));
  std::vector<std::string> symbols;
  if (const auto* list = state.get_object().if_contains("symbols"); list != nullptr && list->is_array()) {
    for (const auto& symbol : list->get_array()) {
      if (symbol.is_string()) symbols.emplace_back(symbol.get_string());
    }
    options.symbols = symbols;
  }
  ASSIGN_OR_RETURN(options.again, GetBoolOr(state, "again", false));
  ASSIGN_OR_RETURN(const Coverage coverage, ReadCoverage(context.pipeline, runtime));
  const auto work = FindWork(context.pipeline, coverage, options, runtime.clock->Now());
  const auto put =
      runtime.store->Put(WorkListKey(context.pipeline, execution), WriteWorkList(work), {.if_absent = true});
  if (!put.ok() && CodeOf(put.status()) != ErrorCode::kAlreadyExists) return put.status();
  return ReadWorkList(context.pipeline, runtime, execution);
}

// A batch of files on its way through the step.
class Batch {
 public:
  Batch(const StepContext& context, std::vector<FileWork> files, std::string execution)
      : context_(context),
        pipeline_(context.pipeline),
        runtime_(context.runtime),
        files_(std::move(files)),
        execution_(std::move(execution)),
        log_(runtime_.log.With({"execution", execution_})) {}

  Result<json::value> Run() {
    const int threads = static_cast<int>(
        std::min<int64_t>(pipeline_.config.source.in_flight, static_cast<int64_t>(files_.size())));
    RETURN_IF_ERROR(
        ParallelFor(files_.size(), threads, [&](size_t i) { return Fetch(files_[i]); }, context_.stop));
    RETURN_IF_ERROR(RecordUnknown());
    RETURN_IF_ERROR(TakeIn(fetched_));
    if (!adjusted_.empty()) RETURN_IF_ERROR(FetchHistories());
    json::object out = summary_.ToJson();
    out["not_fetched"] = failed_;
    return out;
  }

 private:
  Status Fetch(const FileWork& file) {
    source::FetchSpec spec{file.symbol, file.days.from, file.days.to};
    // One session more than is missing: whether it still says what is stored.
    if (const auto before = pipeline_.calendar->PreviousSession(file.days.from); before.ok())
      spec.from = *before;
    return Keep(file, spec);
  }

  Status Keep(const FileWork& file, const source::FetchSpec& spec) {
    auto answer = runtime_.source->Fetch(spec, context_.stop);
    if (!answer.ok()) return Failed(file, answer.status());
    const RawKey raw{file.symbol, file.days.from, file.days.to, answer->extension};
    const std::string key = raw.ToKey(pipeline_.config.prefix);
    RETURN_IF_ERROR(runtime_.store->Put(key, answer->body).status());
    runtime_.progress->Advance(1);
    std::lock_guard lock(mutex_);
    fetched_.push_back({key, answer->fetched_at});
    return Status::OK();
  }

  // No failure of this kind stops the others.
  Status Failed(const FileWork& file, const Status& status) {
    const ErrorCode code = CodeOf(status);
    if (code == ErrorCode::kCancelled || code == ErrorCode::kConfiguration || code == ErrorCode::kInternal ||
        code == ErrorCode::kUsage || code == ErrorCode::kUnauthenticated) {
      // The Map over the batches will only say that it failed.
      if (code != ErrorCode::kCancelled) {
        log_.Error("batch_failed",
                   {{"symbol", file.symbol}, {"error", NameOf(code)}, {"cause", Describe(status)}});
      }
      return WithContext(status, file.symbol);
    }
    const bool unknown = code == ErrorCode::kNotFound;
    const bool is_news = !(unknown && file.probe);
    log_.Warning("fetch_failed",
                 {{"symbol", file.symbol}, {"error", NameOf(code)}, {"cause", status.message()}});
    runtime_.progress->Advance(1, is_news ? 1 : 0);
    if (is_news) {
      DeadLetter letter;
      letter.step = "fetch";
      letter.input = {
          {"symbol", file.symbol}, {"from", FormatDate(file.days.from)}, {"to", FormatDate(file.days.to)}};
      letter.error = std::string(InfoOf(code).asl_name);
      letter.cause = fmt::format("{}: {}", file.symbol, status.message());
      letter.execution = execution_;
      RETURN_IF_ERROR(SendDeadLetter(*runtime_.dead_letters, letter));
    }
    std::lock_guard lock(mutex_);
    failed_ += is_news ? 1 : 0;
    if (unknown) {
      unknown_[file.days.to].push_back(
          RawKey{file.symbol, file.days.from, file.days.to, ""}.ToStem(pipeline_.config.prefix));
    }
    return Status::OK();
  }

  Status RecordUnknown() {
    for (const auto& [day, stems] : unknown_) {
      RETURN_IF_ERROR(MarkUnknown(pipeline_, runtime_, day, stems, Shard()));
    }
    unknown_.clear();
    return Status::OK();
  }

  // By the day of their marker: mostly one.
  Status TakeIn(std::vector<RawObject>& objects) {
    std::map<Date, std::vector<RawObject>> days;
    for (auto& object : objects) {
      const auto key = RawKey::Parse(pipeline_.config.prefix, object.key);
      if (key) days[key->to].push_back(std::move(object));
    }
    objects.clear();
    for (const auto& [day, raw] : days) {
      TransformOptions options;
      options.stop = context_.stop;
      options.execution = execution_;
      options.shard = Shard();
      ASSIGN_OR_RETURN(const auto summary, Transform(pipeline_, runtime_, day, raw, options));
      summary_.date = day;
      summary_.Add(summary);
      adjusted_.insert(adjusted_.end(), summary.adjusted.begin(), summary.adjusted.end());
    }
    return Status::OK();
  }

  // The provider has adjusted the whole history of these: it is fetched anew, and replaces what is stored.
  Status FetchHistories() {
    ASSIGN_OR_RETURN(const Coverage coverage, ReadCoverage(pipeline_, runtime_));
    for (const auto& name : adjusted_) {
      const auto key = RawKey::Parse(pipeline_.config.prefix, name);
      const auto known = coverage.symbols.find(key->symbol);
      DateRange days{key->from, key->to};
      if (known != coverage.symbols.end() && !known->second.answered.empty()) {
        days.from = std::min(days.from, known->second.answered.ranges().front().from);
      }
      log_.Info("history_fetched_anew", {{"symbol", key->symbol}, {"from", FormatDate(days.from)}});
      RETURN_IF_ERROR(Keep({key->symbol, days, false}, {key->symbol, days.from, days.to}));
    }
    adjusted_.clear();
    RETURN_IF_ERROR(RecordUnknown());
    return TakeIn(fetched_);
  }

  // A batch is known by its first file: done again, it is the same shard.
  std::string Shard() const { return EncodeSymbol(files_.front().symbol); }

  const StepContext& context_;
  const Pipeline& pipeline_;
  const Runtime& runtime_;
  const std::vector<FileWork> files_;
  const std::string execution_;
  const Logger log_;
  std::mutex mutex_;
  std::vector<RawObject> fetched_;
  std::map<Date, std::vector<std::string>> unknown_;
  std::vector<std::string> adjusted_;
  int64_t failed_ = 0;
  TransformSummary summary_;
};

}  // namespace

Result<json::value> RunFetchFileNameStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string execution, GetString(input, "execution"));
  const auto* state = input.get_object().if_contains("state");
  if (state == nullptr || !state->is_object()) {
    return MakeError(ErrorCode::kInvalidData,
                     "fetch_file_name: \"state\": expected the input of the state machine");
  }
  int64_t offset = 0;
  if (const auto* list = state->get_object().if_contains("list")) {
    ASSIGN_OR_RETURN(offset, GetInt(*list, "offset"));
  }
  ASSIGN_OR_RETURN(const auto work, WorkOf(context, execution, *state));
  const auto total = static_cast<int64_t>(work.size());
  if (offset == 0) context.runtime.progress->Begin("files", total);
  const int64_t end = std::min(total, offset + context.pipeline.config.batch.files);
  json::array files;
  for (int64_t i = std::max<int64_t>(offset, 0); i < end; ++i)
    files.push_back(work[static_cast<size_t>(i)].ToJson());
  const int64_t remaining = total - end;
  return json::object{{"files", std::move(files)},
                      {"offset", end},
                      {"total", total},
                      {"remaining", remaining},
                      {"wait_seconds", remaining > 0 ? context.pipeline.config.batch.wait_s : 0}};
}

Result<json::value> RunProcessFileStep(const StepContext& context, const json::value& input) {
  const auto* items = FindMember(input, "Items");
  if (items == nullptr || !items->is_array()) {
    return MakeError(ErrorCode::kInvalidData, "process_file: \"Items\": expected the files of a batch");
  }
  std::string execution(context.execution);
  if (const auto* batch = FindMember(input, "BatchInput")) {
    ASSIGN_OR_RETURN(execution, GetStringOr(*batch, "execution", execution));
  }
  std::vector<FileWork> files;
  for (const auto& item : items->get_array()) {
    ASSIGN_OR_RETURN(FileWork file, FileWork::Parse(item));
    files.push_back(std::move(file));
  }
  if (files.empty()) return json::value(TransformSummary().ToJson());
  return Batch(context, std::move(files), std::move(execution)).Run();
}

}  // namespace penstock::pipeline
