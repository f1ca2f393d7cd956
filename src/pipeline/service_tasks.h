// Tasks that name a service of AWS: what stands in its place here, with the names and shapes of AWS's
// answers. Source: AWS Step Functions developer guide, "Integrating services with Step Functions", and the
// API references of the services.
#pragma once

#include <stop_token>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "workflow/item_reader.h"
#include "workflow/task.h"

namespace penstock::pipeline {

struct ServiceContext {
  const Pipeline& pipeline;
  const Runtime& runtime;
  std::stop_token stop;
};

// Failures are TaskErrors with the service's name: "Athena.InvalidRequestException", …
using ServiceTask = Result<json::value> (*)(const ServiceContext& context,
                                            const workflow::TaskRequest& request);

// By the resource without ".sync" and ".waitForTaskToken"; null: there is none. Steps (lambda:invoke),
// S3 and states:startExecution are not among them.
ServiceTask FindServiceTask(std::string_view plain_resource);

// {"QueueUrl", "MessageBody"} → {"MD5OfMessageBody", "MessageId"}. The URL's last part is the queue's name.
Result<json::value> SendSqsMessage(const ServiceContext& context, const workflow::TaskRequest& request);
// {"TopicArn", "Message", "Subject"} → {"MessageId"}. A topic is the queue "sns-NAME", whose messages are
// {"Subject", "Message"}; whoever listens receives from it.
Result<json::value> PublishToTopic(const ServiceContext& context, const workflow::TaskRequest& request);
// {"QueryString", "ResultConfiguration": {"OutputLocation"}, "ExecutionParameters"} → {"QueryExecutionId"},
// or with .sync {"QueryExecution": …} as GetQueryExecution gives it. "EXECUTE NAME" runs queries/NAME.sql.
// The result is OutputLocation/ID.csv. The query has run when the answer comes, also without .sync.
Result<json::value> RunAthenaQuery(const ServiceContext& context, const workflow::TaskRequest& request);
// {"ApiEndpoint", "Method", "Headers", "QueryParameters", "RequestBody"} → {"Headers", "ResponseBody",
// "StatusCode", "StatusText"}; loopback, and the hosts of Services. An answer outside of 2xx is
// States.Http.StatusCode.NNN.
Result<json::value> InvokeHttp(const ServiceContext& context, const workflow::TaskRequest& request);

// The buckets that the pipeline's state machine sees: the lake's, by the last part of its URI, or "lake".
workflow::ItemSources SourcesOf(const Runtime& runtime);

}  // namespace penstock::pipeline
