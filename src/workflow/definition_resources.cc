#include "workflow/definition_resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/spelling.h"
#include "workflow/s3_tasks.h"

namespace penstock::workflow {
namespace {

struct Service {
  std::string_view name;
  std::string_view here;       // the actions that run here, separated by spaces
  std::string_view elsewhere;  // those that only Step Functions runs
};

constexpr std::array kServices{
    Service{"lambda", "invoke", ""},
    Service{"sqs", "sendMessage", ""},
    Service{"sns", "publish", ""},
    Service{"athena", "startQueryExecution", "stopQueryExecution getQueryExecution getQueryResults"},
    Service{"states", "startExecution", ""},
    Service{"http", "invoke", ""},
    Service{"apigateway", "", "invoke"},
    Service{"batch", "", "submitJob"},
    Service{"bedrock", "", "invokeModel createModelCustomizationJob"},
    Service{"codebuild", "",
            "startBuild stopBuild batchDeleteBuilds batchGetReports startBuildBatch stopBuildBatch "
            "retryBuildBatch deleteBuildBatch"},
    Service{"databrew", "", "startJobRun"},
    Service{"dynamodb", "", "getItem putItem deleteItem updateItem"},
    Service{"ecs", "", "runTask"},
    Service{
        "eks", "",
        "call runJob createCluster deleteCluster createFargateProfile deleteFargateProfile createNodegroup "
        "deleteNodegroup"},
    Service{"elasticmapreduce", "",
            "createCluster terminateCluster setClusterTerminationProtection addStep cancelStep "
            "modifyInstanceFleetByName modifyInstanceGroupByName"},
    Service{"emr-containers", "", "createVirtualCluster deleteVirtualCluster startJobRun"},
    Service{"emr-serverless", "",
            "createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun"},
    Service{"events", "", "putEvents"},
    Service{"glue", "", "startJobRun"},
    Service{"mediaconvert", "", "createJob"},
    Service{"sagemaker", "",
            "createEndpoint createEndpointConfig createHyperParameterTuningJob createLabelingJob createModel "
            "createProcessingJob createTrainingJob createTransformJob updateEndpoint"},
};

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

class ResourceCheck {
 public:
  ResourceCheck(const OutlineState& state, MachineType type, std::vector<Diagnostic>& out)
      : pointer_(state.pointer + "/Resource"), type_(type), out_(out) {}

  void Check(std::string_view resource) {
    // "${…}": filled in when the definition is deployed, or loaded by a pipeline.
    if (resource.empty() || resource.find("${") != std::string_view::npos) return;
    constexpr std::string_view kPrefix = "arn:aws:states:::";
    if (resource.substr(0, 4) != "arn:") {
      return Warn("RESOURCE_NOT_AN_ARN",
                  "The resource is the name of a step here; Step Functions takes only an ARN",
                  "use arn:aws:states:::lambda:invoke with the step as FunctionName");
    }
    if (resource.find(":activity:") != std::string_view::npos) {
      if (type_ == MachineType::kExpress) return Error("Express state machine does not support Activity ARN");
      return Warn("RESOURCE_NOT_HERE", "Activities are run by Step Functions only", "use a task token");
    }
    if (resource.substr(0, 15) == "arn:aws:lambda:") return;
    if (resource.substr(0, kPrefix.size()) != kPrefix) return Unrecognised(resource, std::nullopt);
    Integration(resource, resource.substr(kPrefix.size()));
  }

 private:
  void Integration(std::string_view resource, std::string_view rest) {
    std::string_view pattern;
    for (const std::string_view suffix : {".waitForTaskToken", ".sync:2", ".sync"}) {
      if (rest.size() <= suffix.size() || rest.substr(rest.size() - suffix.size()) != suffix) continue;
      pattern = suffix.substr(0, suffix.find(':'));
      rest.remove_suffix(suffix.size());
      break;
    }
    if (!pattern.empty() && type_ == MachineType::kExpress) {
      // The blank behind the token's message is AWS's own.
      return Error(fmt::format("Express state machine does not support '{}' service integration{}", pattern,
                               pattern == ".sync" ? "" : " "));
    }
    const bool sdk = rest.substr(0, 8) == "aws-sdk:";
    if (sdk) rest.remove_prefix(8);
    const size_t colon = rest.find(':');
    const std::string_view service = rest.substr(0, colon);
    const std::string_view action = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    const std::string plain = fmt::format("{}{}:{}", sdk ? "aws-sdk:" : "", service, action);
    const auto here = ResourcesHere();
    if (std::find(here.begin(), here.end(), plain) != here.end()) return;
    if (sdk) return NotHere(plain);
    std::vector<std::string> names;
    for (const auto& known : kServices) {
      names.emplace_back(known.name);
      if (known.name != service) continue;
      const auto actions = Words(fmt::format("{} {}", known.here, known.elsewhere));
      if (std::find(actions.begin(), actions.end(), action) == actions.end())
        return Unrecognised(resource, NearestWord(action, actions));
      return NotHere(plain);
    }
    Unrecognised(resource, NearestWord(service, names));
  }

  void Unrecognised(std::string_view resource, const std::optional<std::string>& meant) {
    Error(fmt::format(
              "The resource provided {} is not recognized. The value is not a valid resource ARN, or the "
              "resource is not available in this region.",
              resource),
          meant ? fmt::format("did you mean {}?", *meant)
                : "name one of a service that Step Functions integrates");
  }
  void NotHere(const std::string& what) {
    Warn("RESOURCE_NOT_HERE", fmt::format("{} is run by Step Functions only; here the Task fails", what),
         "call a step by arn:aws:states:::lambda:invoke");
  }
  void Error(std::string message, std::string fix = "") {
    out_.push_back(
        {pointer_, 1, "SCHEMA_VALIDATION_FAILED", std::move(message), Severity::kError, std::move(fix)});
  }
  void Warn(std::string code, std::string message, std::string fix) {
    out_.push_back({pointer_, 1, std::move(code), std::move(message), Severity::kWarning, std::move(fix)});
  }

  const std::string pointer_;
  const MachineType type_;
  std::vector<Diagnostic>& out_;
};

}  // namespace

std::vector<std::string> ResourcesHere() {
  std::vector<std::string> out;
  for (const auto& service : kServices) {
    for (const auto& action : Words(service.here)) out.push_back(fmt::format("{}:{}", service.name, action));
  }
  for (const auto action : S3Actions()) {
    out.push_back(fmt::format("aws-sdk:s3:{}", action));
    out.push_back(fmt::format("s3:{}", action));
  }
  return out;
}

void CheckResources(const std::vector<OutlineMachine>& outline, MachineType type,
                    std::vector<Diagnostic>& out) {
  for (const auto& machine : outline) {
    for (const auto& state : machine.states) {
      if (state.fields == nullptr || state.type != "Task") continue;
      const auto* resource = state.fields->if_contains("Resource");
      if (resource != nullptr && resource->is_string())
        ResourceCheck(state, type, out).Check(std::string_view(resource->get_string()));
    }
  }
}

}  // namespace penstock::workflow
