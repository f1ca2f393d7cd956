#include "pipeline/records/process_records.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <map>
#include <mutex>
#include <utility>

#include "base/parallel.h"
#include "pipeline/dead_letter.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

// Of these bytes, and not of this machine: trying again gives the same.
bool IsOfTheAnswer(ErrorCode code) { return code == ErrorCode::kInvalidData || code == ErrorCode::kTooLarge; }

Result<std::shared_ptr<arrow::RecordBatch>> WithRequestTime(const arrow::RecordBatch& rows, TimePoint time) {
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  ASSIGN_OR_RETURN(auto column,
                   arrow::MakeArrayFromScalar(arrow::TimestampScalar(time.time_since_epoch().count(), type),
                                              rows.num_rows()));
  return rows.AddColumn(0, arrow::field(kRequestedAtColumn, type), column);
}

}  // namespace

json::object ProcessCount::ToJson() const {
  return {{"files", files}, {"rows", rows}, {"already", already}, {"failed", failed}, {"unknown", unknown}};
}

RecordProcessor::RecordProcessor(const Pipeline& pipeline, const Runtime& runtime,
                                 const source::RecordSource& source, std::string_view execution)
    : pipeline_(pipeline),
      runtime_(runtime),
      source_(source),
      layout_(pipeline),
      execution_(execution),
      tables_(*runtime.store, *runtime.catalog, pipeline.config.database(),
              {.repeating = {kRequestedAtColumn}}) {}

Result<int64_t> RecordProcessor::Process(std::string_view raw_key) {
  const auto record = layout_.ParseRawKey(raw_key);
  if (!record)
    return MakeError(ErrorCode::kInvalidData, fmt::format("{} is not the key of an answer", raw_key));
  ASSIGN_OR_RETURN(const auto raw, runtime_.store->Get(raw_key));
  auto rows = source_.Read(raw.bytes, record->extension);
  if (!rows.ok()) return WithContext(rows.status(), raw_key);
  ASSIGN_OR_RETURN(const auto batch, WithRequestTime(**rows, record->requested_at));
  RETURN_IF_ERROR(tables_.Add(layout_.TableOf(record->series), layout_.ProcessedKey(*record), *batch));
  return batch->num_rows();
}

Status RecordProcessor::Bury(std::string_view raw_key, const Status& why) {
  runtime_.log.Warning("not_processed",
                       {{"key", raw_key}, {"error", NameOf(CodeOf(why))}, {"cause", why.message()}});
  const auto record = layout_.ParseRawKey(raw_key);
  const DeadLetter letter{"process_series",
                          {{"key", record ? record->series : ""}, {"raw", json::array{json::value(raw_key)}}},
                          std::string(InfoOf(CodeOf(why)).asl_name),
                          Describe(why),
                          execution_};
  return SendDeadLetter(*runtime_.dead_letters, letter);
}

Result<std::vector<std::string>> RecordProcessor::ProcessAll(const std::vector<std::string>& raw_keys,
                                                             ProcessCount& count, std::stop_token stop) {
  std::mutex mutex;  // of what is counted
  std::vector<std::string> buried;
  runtime_.progress->Begin("process", static_cast<int64_t>(raw_keys.size()));
  // More threads than processors: a put waits for the disk.
  const Status stopped = ParallelFor(
      raw_keys.size(), 4 * runtime_.threads,
      [&](size_t i) -> Status {
        const auto rows = Process(raw_keys[i]);
        const ErrorCode code = CodeOf(rows.status());
        if (IsOfTheAnswer(code)) {
          RETURN_IF_ERROR(Bury(raw_keys[i], rows.status()));
        } else if (code != ErrorCode::kNotFound) {  // cleared since it was listed
          RETURN_IF_ERROR(rows.status());
        }
        runtime_.progress->Advance(1, IsOfTheAnswer(code) ? 1 : 0);
        std::lock_guard lock(mutex);
        if (rows.ok()) {
          ++count.files;
          count.rows += *rows;
        } else if (IsOfTheAnswer(code)) {
          ++count.failed;
          buried.push_back(raw_keys[i]);
        }
        return Status::OK();
      },
      std::move(stop));
  // What was read is not lost, whatever stopped it.
  const Status flushed = tables_.Flush();
  runtime_.progress->End();
  RETURN_IF_ERROR(stopped);
  RETURN_IF_ERROR(flushed);
  return buried;
}

Status RecordProcessor::Register(const std::set<std::string>& series) {
  std::vector<lake::TableEntry> tables;
  for (const auto& key : series) tables.push_back(layout_.TableOf(key));
  return tables_.Recover(tables);
}

Result<std::vector<std::string>> Unprocessed(const RecordLayout& layout, store::ObjectStore& store,
                                             std::string_view series, TimePoint since) {
  const std::string stamp = FormatStamp(since);
  const std::string raw_prefix = layout.RawPrefix(series), file_prefix = layout.ProcessedPrefix(series);
  ASSIGN_OR_RETURN(const auto raw, store::ListAll(store, raw_prefix, raw_prefix + stamp));
  std::vector<std::string> out;
  if (raw.empty()) return out;
  ASSIGN_OR_RETURN(const auto processed, store::ListAll(store, file_prefix, file_prefix + stamp));
  std::set<std::string_view> files;
  for (const auto& file : processed) files.insert(file.key);
  for (const auto& object : raw) {
    const auto record = layout.ParseRawKey(object.key);
    if (record && !files.contains(layout.ProcessedKey(*record))) out.push_back(object.key);
  }
  return out;
}

Result<ProcessCount> ProcessRecords(const Pipeline& pipeline, const Runtime& runtime,
                                    const source::RecordSource& source,
                                    const ProcessRecordsOptions& options) {
  const RecordLayout layout(pipeline);
  ASSIGN_OR_RETURN(const auto raw, store::ListAll(*runtime.store, layout.RawPrefix()));
  ASSIGN_OR_RETURN(const auto processed, store::ListAll(*runtime.store, layout.ProcessedPrefix()));
  std::set<std::string_view> files;
  for (const auto& file : processed) files.insert(file.key);

  ProcessCount count;
  std::vector<std::string> work;
  std::set<std::string> series;
  std::map<std::string, std::string> owners;  // table name: series
  for (const auto& object : raw) {
    const auto record = layout.ParseRawKey(object.key);
    std::string why = "it is not RAW/KEY/YYYYMMDDhhmmss.json or .csv";
    if (record) {
      const auto& owner =
          owners.try_emplace(source::TableNameOf(record->series), record->series).first->second;
      why = owner == record->series ? "" : fmt::format("its table would be that of {}", owner);
    }
    if (!why.empty()) {
      runtime.log.Warning("not_an_answer", {{"key", object.key}, {"why", why}});
      ++count.unknown;
      continue;
    }
    if (options.only && std::chrono::floor<std::chrono::days>(record->requested_at) != *options.only)
      continue;
    series.insert(record->series);
    if (!options.again && files.contains(layout.ProcessedKey(*record))) {
      ++count.already;
    } else {
      work.push_back(object.key);
    }
  }

  RecordProcessor processor(pipeline, runtime, source, "");
  RETURN_IF_ERROR(processor.ProcessAll(work, count, options.stop).status());
  RETURN_IF_ERROR(processor.Register(series));
  return count;
}

}  // namespace penstock::pipeline
