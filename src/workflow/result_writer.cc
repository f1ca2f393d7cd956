#include "workflow/result_writer.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "store/object_store.h"
#include "workflow/task.h"

namespace penstock::workflow {
namespace {

constexpr size_t kMaxFileBytes = size_t{5} << 30;

// Collects the results of one kind, a file after another.
class ResultFiles {
 public:
  ResultFiles(store::ObjectStore& store, std::string folder, std::string_view kind, bool jsonl)
      : store_(store), folder_(std::move(folder)), kind_(kind), jsonl_(jsonl) {}

  Status Add(const json::value& value) {
    if (text_.size() > kMaxFileBytes) RETURN_IF_ERROR(Flush());
    if (!jsonl_) text_ += text_.empty() ? '[' : ',';
    AppendJson(value, text_);
    if (jsonl_) text_ += '\n';
    return Status::OK();
  }

  Result<json::array> Finish() {
    if (!text_.empty()) RETURN_IF_ERROR(Flush());
    return std::move(written_);
  }

 private:
  Status Flush() {
    if (!jsonl_) text_ += ']';
    const std::string key =
        fmt::format("{}{}_{}.{}", folder_, kind_, written_.size(), jsonl_ ? "jsonl" : "json");
    RETURN_IF_ERROR(store_.Put(key, text_).status());
    written_.push_back(json::object{{"Key", key}, {"Size", static_cast<int64_t>(text_.size())}});
    text_.clear();
    return Status::OK();
  }

  store::ObjectStore& store_;
  const std::string folder_;
  const std::string_view kind_;
  const bool jsonl_;
  std::string text_;
  json::array written_;
};

template <typename Take>
Status ForEachResult(const ChildOutcome& child, ResultFormat format, const MapRunNames& names,
                     const Take& take) {
  if (child.status != ExecutionStatus::kSucceeded ||
      format.transformation == ResultFormat::Transformation::kNone) {
    return take(json::value(DescribeChild(child, names)));
  }
  if (format.transformation == ResultFormat::Transformation::kCompact || !child.output.is_array()) {
    return take(child.output);
  }
  for (const auto& element : child.output.get_array()) RETURN_IF_ERROR(take(element));
  return Status::OK();
}

Status Write(store::ObjectStore& store, const std::string& bucket, const std::string& folder,
             const std::vector<ChildOutcome>& children, ResultFormat format, const MapRunNames& names) {
  ResultFiles succeeded(store, folder, "SUCCEEDED", format.jsonl);
  ResultFiles failed(store, folder, "FAILED", format.jsonl);
  ResultFiles pending(store, folder, "PENDING", format.jsonl);
  for (const auto& child : children) {
    ResultFiles& files = child.status == ExecutionStatus::kSucceeded ? succeeded
                         : child.started                             ? failed
                                                                     : pending;
    RETURN_IF_ERROR(
        ForEachResult(child, format, names, [&](const json::value& value) { return files.Add(value); }));
  }
  json::object manifest{{"DestinationBucket", bucket}, {"MapRunArn", names.map_run_arn}};
  json::object files;
  ASSIGN_OR_RETURN(files["FAILED"], failed.Finish());
  ASSIGN_OR_RETURN(files["PENDING"], pending.Finish());
  ASSIGN_OR_RETURN(files["SUCCEEDED"], succeeded.Finish());
  manifest["ResultFiles"] = std::move(files);
  return store.Put(folder + "manifest.json", JsonText(manifest)).status();
}

}  // namespace

json::object DescribeChild(const ChildOutcome& child, const MapRunNames& names) {
  json::object out;
  const bool succeeded = child.status == ExecutionStatus::kSucceeded;
  if (!child.cause.empty()) out["Cause"] = child.cause;
  if (!child.error.empty()) out["Error"] = child.error;
  if (child.started) out["ExecutionArn"] = names.execution_prefix + child.name;
  out["Input"] = child.input;
  out["InputDetails"] = json::object{{"Included", true}};
  out["Name"] = child.name;
  if (succeeded) {
    out["Output"] = JsonText(child.output);
    out["OutputDetails"] = json::object{{"Included", true}};
  }
  if (!child.started) {
    out["Status"] = "PENDING";
    return out;
  }
  const bool stopped = child.status == ExecutionStatus::kRunning;
  out["RedriveCount"] = child.redrives;
  out["RedriveStatus"] = succeeded ? "NOT_REDRIVABLE" : "REDRIVABLE_BY_MAP_RUN";
  if (succeeded) out["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven";
  out["StartDate"] = FormatTimestamp(child.start);
  out["StateMachineArn"] = names.state_machine_arn;
  out["Status"] = stopped ? "ABORTED" : NameOf(child.status);
  out["StopDate"] = FormatTimestamp(child.stop);
  return out;
}

json::array TransformResults(const std::vector<ChildOutcome>& children, ResultFormat format,
                             const MapRunNames& names) {
  json::array out;
  out.reserve(children.size());
  for (const auto& child : children) {
    IgnoreError(ForEachResult(child, format, names,
                              [&](const json::value& value) {
                                out.push_back(value);
                                return Status::OK();
                              }),
                "nothing in it fails");
  }
  return out;
}

Result<json::value> ExportResults(store::ObjectStore& store, const std::string& bucket,
                                  const std::string& prefix, const std::vector<ChildOutcome>& children,
                                  ResultFormat format, const MapRunNames& names) {
  const std::string folder = prefix.empty()
                                 ? names.id + "/"
                                 : fmt::format("{}{}{}/", prefix, prefix.back() == '/' ? "" : "/", names.id);
  const Status written = Write(store, bucket, folder, children, format, names);
  if (!written.ok()) {
    return MakeTaskError(
        "States.ResultWriterFailed",
        fmt::format("The results could not be written to {}: {}", bucket, Describe(written)));
  }
  return json::value{{"MapRunArn", names.map_run_arn},
                     {"ResultWriterDetails", {{"Bucket", bucket}, {"Key", folder + "manifest.json"}}}};
}

}  // namespace penstock::workflow
