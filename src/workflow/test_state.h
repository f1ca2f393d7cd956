// One state, run alone: the TestState API.
// Source: AWS Step Functions API reference, "TestState"; developer guide, "Testing state machines with
// TestState".
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "workflow/task.h"

namespace penstock::workflow {

struct TestStateContext {
  TaskRunner& tasks;  // what a Task without a mock calls
  Clock& clock;
  Random& random;
};

// `request`: definition (of a state, or of a machine with stateName), input, inspectionLevel, mock,
// stateName, stateConfiguration, context, variables, roleArn. Values may be JSON texts, as the API has them,
// or values. The response as the API gives it (output and inspectionData as JSON texts): status, output,
// error, cause, nextState, inspectionData. InvalidData: a ValidationException; Configuration:
// InvalidDefinition; Usage: a parameter; each with the service's message.
Result<json::value> TestState(const json::value& request, const TestStateContext& context);

}  // namespace penstock::workflow
