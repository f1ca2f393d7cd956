#include "stream/lambda_transform.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "base/uuid.h"
#include "stream/transform_settings.h"

namespace penstock::stream {
namespace {

constexpr size_t kMostEventBytes = 6'000'000;
constexpr size_t kEventFrame = 512;  // of the event, without its records
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr size_t kLongestMessage = 4 << 10;

constexpr std::string_view kTimedOut =
    "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.";
constexpr std::string_view kFailed =
    "The Lambda function was successfully invoked but it returned an error result.";

// Firehose's code and words for a failed invocation, and behind them what happened.
Transformed FailureOf(const Status& status) {
  const auto failure = lambda::FunctionFailureOf(status);
  const bool slow = failure && failure->kind == lambda::FunctionFailure::Kind::kTimedOut;
  std::string message = fmt::format("{} {}", slow ? kTimedOut : kFailed, Describe(status));
  if (message.size() > kLongestMessage) message.resize(kLongestMessage);
  return FailedRecord(slow ? "Lambda.FunctionTimedOut" : "Lambda.FunctionError", std::move(message));
}

// ${NAME} replaced by the variable's value.
Result<std::string> Expand(const std::string& text, const Environment& environment, std::string_view where) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = text.compare(i, 2, "${") == 0 ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += text[i++];
      continue;
    }
    const std::string name = text.substr(i + 2, end - i - 2);
    const auto value = environment(name);
    if (!value) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("{}: the environment variable {} is not set", where, name),
                       fmt::format("export {}=… before penstock starts", name));
    }
    out += *value;
    i = end + 1;
  }
  return out;
}

}  // namespace

std::vector<size_t> CutBatches(std::span<const TransformRecord> records, int64_t batch_bytes) {
  std::vector<size_t> ends;
  size_t all = 0;
  for (const auto& record : records) all += record.data.size();
  const auto most = static_cast<size_t>(batch_bytes);
  // As many as are needed, of one size: no last one with a single record.
  const size_t batches = std::max<size_t>(1, (all + most - 1) / most);
  const size_t target = std::max<size_t>(1, (all + batches - 1) / batches);
  size_t data = 0, event = kEventFrame;
  for (size_t i = 0; i < records.size(); ++i) {
    const size_t more = records[i].data.size(), longer = EventBytesOf(records[i]);
    const bool first = i == (ends.empty() ? 0 : ends.back());
    const bool full = data >= target || data + more > most;
    if (!first && (full || event + longer > kMostEventBytes)) {
      ends.push_back(i);
      data = 0;
      event = kEventFrame;
    }
    data += more;
    event += longer;
  }
  if (!records.empty()) ends.push_back(records.size());
  return ends;
}

Result<std::vector<Transformed>> LambdaTransform::Apply(std::span<const TransformRecord> records,
                                                        std::stop_token stop) {
  const auto ends = CutBatches(records, options_.batch_bytes);
  std::vector<std::vector<Transformed>> answers(ends.size());
  RETURN_IF_ERROR(ParallelFor(
      ends.size(), options_.children,
      [&](size_t i) -> Status {
        const size_t begin = i == 0 ? 0 : ends[i - 1];
        ASSIGN_OR_RETURN(answers[i], ApplyBatch(records.subspan(begin, ends[i] - begin), stop));
        return Status::OK();
      },
      stop));
  std::vector<Transformed> out;
  out.reserve(records.size());
  for (auto& answer : answers) std::move(answer.begin(), answer.end(), std::back_inserter(out));
  return out;
}

Result<std::vector<Transformed>> LambdaTransform::ApplyBatch(std::span<const TransformRecord> batch,
                                                             std::stop_token stop) {
  Status failed;
  for (int attempt = 1; attempt <= options_.retries + 1; ++attempt) {
    if (attempt > 1 && !clock_.SleepFor(kFirstPause * (1 << std::min(attempt - 2, 10)), stop)) {
      return MakeError(ErrorCode::kCancelled, "cancelled between two attempts of a transform");
    }
    const std::string id = RandomUuid(random_);
    const auto answer = invoke_(TransformEvent(options_.source, id, batch), stop);
    if (answer.ok()) {
      size_t unknown = 0;
      auto out = ReadTransformAnswer(*answer, batch, &unknown);
      for (Transformed& each : out) each.attempts = attempt;
      if (unknown > 0) {
        logger_.Warning("transform_answered_unknown_records", {{"invocation", id}, {"records", unknown}});
      }
      return out;
    }
    failed = answer.status();
    if (CodeOf(failed) == ErrorCode::kCancelled || stop.stop_requested()) {
      return MakeError(ErrorCode::kCancelled, "cancelled while a transform worked");
    }
    logger_.Warning("transform_failed", {{"invocation", id},
                                         {"attempt", attempt},
                                         {"of", options_.retries + 1},
                                         {"records", batch.size()},
                                         {"error", Describe(failed)}});
  }
  Transformed each = FailureOf(failed);
  each.attempts = options_.retries + 1;
  return std::vector<Transformed>(batch.size(), each);
}

Result<HandlerSpec> ReadHandlerSpec(const json::object& handler, const std::string& folder) {
  HandlerSpec spec;
  Settings settings(handler, "transform");
  lambda::FunctionSpec& function = spec.function;
  ASSIGN_OR_RETURN(function.command, settings.Texts("command"));
  ASSIGN_OR_RETURN(function.name, settings.Text("name", "transform"));
  ASSIGN_OR_RETURN(function.handler, settings.Text("handler", ""));
  ASSIGN_OR_RETURN(const std::string place, settings.Text("folder", ""));
  ASSIGN_OR_RETURN(const int64_t children, settings.Int("children", 1, 1, 64));
  ASSIGN_OR_RETURN(const int64_t timeout_s, settings.Int("timeout_s", 60, 1, 900));
  ASSIGN_OR_RETURN(const int64_t init_timeout_s, settings.Int("init_timeout_s", 60, 1, 900));
  ASSIGN_OR_RETURN(function.memory_mib, settings.Int("memory_mib", 1024, 0, 1 << 20));
  ASSIGN_OR_RETURN(const int64_t batch_kib, settings.Int("batch_kib", 1024, 1, 3072));
  ASSIGN_OR_RETURN(const int64_t retries, settings.Int("retries", 3, 0, 8));
  ASSIGN_OR_RETURN(function.environment, settings.TextMap("environment"));
  RETURN_IF_ERROR(settings.Finish());
  function.folder = place.empty() ? folder : place.front() == '/' ? place : folder + "/" + place;
  function.children = static_cast<int>(children);
  function.timeout_ms = timeout_s * 1000;
  function.init_timeout_ms = init_timeout_s * 1000;
  spec.batch_bytes = batch_kib << 10;
  spec.retries = static_cast<int>(retries);
  return spec;
}

Result<std::unique_ptr<Transform>> MakeLambdaTransform(const StreamSpec& spec,
                                                       const TransformOptions& options, Clock& clock,
                                                       Random& random, Logger logger) {
  ASSIGN_OR_RETURN(HandlerSpec handler, ReadHandlerSpec(*spec.transform.handler, spec.folder));
  handler.function.region = options.region;
  if (!spec.transform.handler->contains("name")) handler.function.name = spec.name;
  for (auto& [name, value] : handler.function.environment) {
    ASSIGN_OR_RETURN(value, Expand(value, options.environment, "transform.environment." + name));
  }
  ASSIGN_OR_RETURN(auto opened,
                   lambda::Function::Open(handler.function, options.environment, clock, random, logger));
  std::shared_ptr<lambda::Function> function = std::move(opened);
  LambdaTransformOptions transform{.source = {options.stream_arn, options.region},
                                   .function_arn = function->arn(),
                                   .children = handler.function.children,
                                   .batch_bytes = handler.batch_bytes,
                                   .retries = handler.retries};
  return std::make_unique<LambdaTransform>(
      std::move(transform),
      [function](std::string event, std::stop_token stop) {
        return function->Invoke(std::move(event), std::move(stop));
      },
      clock, random, std::move(logger));
}

}  // namespace penstock::stream
