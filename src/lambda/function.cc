#include "lambda/function.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "lambda/instance.h"

namespace penstock::lambda {
namespace {

// Without these a program finds neither its libraries nor its language.
constexpr std::string_view kPassedOn[] = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"};
constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";
constexpr int kMostChildren = 64;

// What Lambda sets, and nobody else. Source: AWS Lambda developer guide, "Defined runtime environment
// variables".
std::vector<std::pair<std::string, std::string>> LambdaVariables(const FunctionSpec& spec) {
  return {{"_HANDLER", spec.handler.empty() ? spec.command.back() : spec.handler},
          {"LAMBDA_TASK_ROOT", spec.folder},
          {"LAMBDA_RUNTIME_DIR", spec.folder},
          {"AWS_LAMBDA_FUNCTION_NAME", spec.name},
          {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"},
          {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(spec.memory_mib)},
          {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
          {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/" + spec.name},
          {"AWS_LAMBDA_LOG_STREAM_NAME", "$LATEST"}};
}

bool IsReserved(std::string_view name, const FunctionSpec& spec) {
  if (name == "AWS_LAMBDA_RUNTIME_API" || name == "PENSTOCK_FUNCTION_INSTANCE") return true;
  const auto variables = LambdaVariables(spec);
  return std::any_of(variables.begin(), variables.end(), [&](const auto& v) { return v.first == name; });
}

Status CheckSpec(const FunctionSpec& spec) {
  const auto wrong = [&](const std::string& what, const std::string& advice = "") {
    return MakeError(ErrorCode::kConfiguration, fmt::format("function {}: {}", spec.name, what), advice);
  };
  if (spec.command.empty()) return wrong("it has no command");
  if (spec.children < 1 || spec.children > kMostChildren) {
    return wrong(
        fmt::format("1 to {} children can work at the same time, got {}", kMostChildren, spec.children));
  }
  if (spec.timeout_ms < 1 || spec.init_timeout_ms < 1) return wrong("a time-out is more than 0 seconds");
  if (spec.memory_mib < 0)
    return wrong(fmt::format("memory is 0 (no limit) or more, got {}", spec.memory_mib));
  std::error_code error;
  if (!std::filesystem::is_directory(spec.folder, error)) {
    return wrong(fmt::format("no such folder: {}", spec.folder), "it is where the handler's code lies");
  }
  for (const auto& [name, value] : spec.environment) {
    if (IsReserved(name, spec))
      return wrong(fmt::format("its environment names {}, which Lambda sets", name));
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return wrong(fmt::format("its environment has a name or value that is none: '{}'", name));
    }
  }
  return Status::OK();
}

}  // namespace

Function::Function(FunctionSpec spec, Clock& clock, Random& random, Logger logger)
    : spec_(std::move(spec)),
      arn_(fmt::format("arn:aws:lambda:{}:000000000000:function:{}", spec_.region, spec_.name)),
      clock_(clock),
      random_(random),
      logger_(logger.With(LogField("function", spec_.name))),
      slots_(static_cast<size_t>(spec_.children)) {}

Result<std::unique_ptr<Function>> Function::Open(FunctionSpec spec, const Environment& environment,
                                                 Clock& clock, Random& random, Logger logger) {
  RETURN_IF_ERROR(CheckSpec(spec));
  std::error_code error;
  spec.folder = std::filesystem::absolute(spec.folder, error).lexically_normal();
  std::unique_ptr<Function> function(new Function(std::move(spec), clock, random, std::move(logger)));
  const FunctionSpec& of = function->spec_;

  std::vector<std::pair<std::string, std::string>> variables{{"AWS_REGION", of.region},
                                                             {"AWS_DEFAULT_REGION", of.region}};
  const auto set = [&](std::string_view name, std::string value) {
    const auto same =
        std::find_if(variables.begin(), variables.end(), [&](auto& v) { return v.first == name; });
    if (same != variables.end())
      same->second = std::move(value);
    else
      variables.emplace_back(name, std::move(value));
  };
  set("PATH", std::string(kDefaultPath));
  for (const std::string_view name : kPassedOn) {
    if (auto value = environment(name)) set(name, *std::move(value));
  }
  for (const auto& [name, value] : of.environment) set(name, value);
  for (const auto& [name, value] : LambdaVariables(of)) set(name, value);

  ChildOptions& child = function->child_;
  child.folder = of.folder;
  child.memory_bytes = of.memory_mib << 20;
  child.command = of.command;
  for (const auto& [name, value] : variables) {
    child.environment.push_back(fmt::format("{}={}", name, value));
    if (name != "PATH") continue;
    const auto program = FindProgram(of.command[0], of.folder, value);
    if (!program.ok()) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("function {}: {}", of.name, program.status().message()),
                       AdviceOf(program.status()));
    }
    child.command[0] = *program;
  }
  return function;
}

Function::~Function() = default;

int64_t Function::children_started() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

Function::Slot* Function::Acquire(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  Slot* chosen = nullptr;
  released_.wait(lock, stop, [&] {
    for (Slot& slot : slots_) {
      if (slot.busy) continue;
      // One that has been started before one that has not.
      if (chosen == nullptr || (chosen->instance == nullptr && slot.instance != nullptr)) chosen = &slot;
    }
    return chosen != nullptr;
  });
  if (chosen != nullptr) chosen->busy = true;
  return chosen;
}

void Function::Release(Slot* slot) {
  const std::lock_guard lock(mutex_);
  slot->busy = false;
  released_.notify_one();
}

Result<std::string> Function::InvokeIn(Slot& slot, std::string payload, std::stop_token stop) {
  if (slot.instance != nullptr && !slot.instance->alive()) slot.instance.reset();
  if (slot.instance == nullptr) {
    {
      const std::lock_guard lock(mutex_);
      ++started_;
    }
    ASSIGN_OR_RETURN(slot.instance, Instance::Start(spec_, child_, clock_, random_, logger_, stop));
  }
  auto answer = slot.instance->Invoke(arn_, std::move(payload), stop);
  if (!slot.instance->alive()) slot.instance.reset();
  return answer;
}

Result<std::string> Function::Invoke(std::string payload, std::stop_token stop) {
  if (payload.size() > kMostPayload) {
    const std::string text =
        fmt::format("an event of {} bytes; the most is {} bytes", payload.size(), kMostPayload);
    return MakeFunctionFailure(
        {.kind = FunctionFailure::Kind::kTooLarge, .type = "RequestEntityTooLargeException", .message = text},
        fmt::format("function {}: {}", spec_.name, text));
  }
  Slot* slot = Acquire(stop);
  if (slot == nullptr || stop.stop_requested()) {
    if (slot != nullptr) Release(slot);
    return MakeError(ErrorCode::kCancelled, fmt::format("function {}: cancelled", spec_.name));
  }
  auto answer = InvokeIn(*slot, std::move(payload), stop);
  Release(slot);
  return answer;
}

}  // namespace penstock::lambda
