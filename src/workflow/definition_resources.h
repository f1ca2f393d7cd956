// The Resource of a Task: what Step Functions knows, what this engine runs, what an Express workflow may
// call. Source: AWS Step Functions developer guide, "Integrating services with Step Functions".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "workflow/definition.h"
#include "workflow/definition_outline.h"

namespace penstock::workflow {

// The resources that a Task runs here, without what stands before "arn:aws:states:::" and behind the action:
// "lambda:invoke", "aws-sdk:s3:getObject". The pipelines' tasks are held to it (pipeline/service_tasks.h).
std::vector<std::string> ResourcesHere();

// RESOURCE_NOT_HERE and RESOURCE_NOT_AN_ARN (warnings) are ours: of the first a run here fails, of the second
// Step Functions would refuse the definition.
void CheckResources(const std::vector<OutlineMachine>& outline, MachineType type,
                    std::vector<Diagnostic>& out);

}  // namespace penstock::workflow
