#include "workflow/definition_resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/spelling.h"

namespace penstock::workflow {
namespace {

struct Service {
  std::string_view name;
  std::string_view actions;  // separated by spaces
  bool here;
};

constexpr std::array kServices{
    Service{"lambda", "invoke", true},
    Service{"sqs", "sendMessage", true},
    Service{"sns", "publish", true},
    Service{"athena", "startQueryExecution stopQueryExecution getQueryExecution getQueryResults", true},
    Service{"states", "startExecution", true},
    Service{"s3", "getObject putObject listObjectsV2", true},
    Service{"http", "invoke", true},
    Service{"apigateway", "invoke", false},
    Service{"batch", "submitJob", false},
    Service{"bedrock", "invokeModel createModelCustomizationJob", false},
    Service{"codebuild",
            "startBuild stopBuild batchDeleteBuilds batchGetReports startBuildBatch stopBuildBatch "
            "retryBuildBatch deleteBuildBatch",
            false},
    Service{"databrew", "startJobRun", false},
    Service{"dynamodb", "getItem putItem deleteItem updateItem", false},
    Service{"ecs", "runTask", false},
    Service{
        "eks",
        "call runJob createCluster deleteCluster createFargateProfile deleteFargateProfile createNodegroup "
        "deleteNodegroup",
        false},
    Service{"elasticmapreduce",
            "createCluster terminateCluster setClusterTerminationProtection addStep cancelStep "
            "modifyInstanceFleetByName modifyInstanceGroupByName",
            false},
    Service{"emr-containers", "createVirtualCluster deleteVirtualCluster startJobRun", false},
    Service{"emr-serverless",
            "createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun",
            false},
    Service{"events", "putEvents", false},
    Service{"glue", "startJobRun", false},
    Service{"mediaconvert", "createJob", false},
    Service{"sagemaker",
            "createEndpoint createEndpointConfig createHyperParameterTuningJob createLabelingJob createModel "
            "createProcessingJob createTrainingJob createTransformJob updateEndpoint",
            false},
};

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
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
    if (sdk) {
      if (service == "s3" && (action == "getObject" || action == "putObject")) return;
      return NotHere(fmt::format("aws-sdk:{}:{}", service, action));
    }
    std::vector<std::string> names;
    for (const auto& known : kServices) {
      names.emplace_back(known.name);
      if (known.name != service) continue;
      const auto actions = Words(known.actions);
      if (std::find(actions.begin(), actions.end(), action) == actions.end())
        return Unrecognised(resource, NearestWord(action, actions));
      if (!known.here) NotHere(fmt::format("{}:{}", service, action));
      return;
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
