// A Lambda handler as a stream's transform: batches below Lambda's limit, retries, Firehose's error codes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lambda/function.h"
#include "stream/transform.h"
#include "stream/transform_event.h"

namespace penstock::stream {

// One invocation: the event in, the answer out; fails as lambda::Function::Invoke does.
using Invoker = std::function<Result<std::string>(std::string event, std::stop_token stop)>;

// `transform:` with a `command`, beside what lambda::FunctionSpec holds.
struct LambdaTransformOptions {
  EventSource source;
  std::string function_arn;
  int children = 1;               // batches at the same time
  int64_t batch_bytes = 1 << 20;  // of the records of one event; Firehose's buffering hint, 0.2 to 3 MiB
  int retries = 3;                // of an invocation that failed; an answer, whatever it says, is final
};

class LambdaTransform : public Transform {
 public:
  LambdaTransform(LambdaTransformOptions options, Invoker invoke, Clock& clock, Random& random, Logger logger)
      : options_(std::move(options)),
        invoke_(std::move(invoke)),
        clock_(clock),
        random_(random),
        logger_(std::move(logger)) {}

  Result<std::vector<Transformed>> Apply(std::span<const TransformRecord> records,
                                         std::stop_token stop) override;
  std::string function_arn() const override { return options_.function_arn; }

 private:
  Result<std::vector<Transformed>> ApplyBatch(std::span<const TransformRecord> batch, std::stop_token stop);

  const LambdaTransformOptions options_;
  const Invoker invoke_;
  Clock& clock_;
  Random& random_;
  const Logger logger_;
};

// Ends of the batches: each at most `batch_bytes` of data and 6 MB of event, and at least one record.
std::vector<size_t> CutBatches(std::span<const TransformRecord> records, int64_t batch_bytes);

// What a `handler` object says. InvalidData names the setting. `folder`: where relative ones begin.
struct HandlerSpec {
  lambda::FunctionSpec function;  // its environment's values still with ${NAME}
  int64_t batch_bytes = 1 << 20;
  int retries = 3;
};
Result<HandlerSpec> ReadHandlerSpec(const json::object& handler, const std::string& folder);

// Opens the function. Configuration: as lambda::Function::Open, or an unset variable.
Result<std::unique_ptr<Transform>> MakeLambdaTransform(const StreamSpec& spec,
                                                       const TransformOptions& options, Clock& clock,
                                                       Random& random, Logger logger);

}  // namespace penstock::stream
