// Amazon SQS by its own protocol, AWS JSON 1.0: one operation a call. Source: Amazon SQS API Reference,
// "Actions", and Developer Guide, "Making requests with the AWS JSON protocol"; read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock::queue {

// Thread-safe. What it is given outlives it.
class SqsClient {
 public:
  SqsClient(aws::AwsClient& aws, Clock& clock, Random& random) : aws_(aws), clock_(clock), random_(random) {}

  // `action`: SendMessage, … Errors as AwsClient::Send; InvalidData for an answer that is no object.
  Result<json::object> Call(std::string_view action, const json::object& request);

  // An operation on up to ten entries, each an object without Id; answer i is of entry i: its member of
  // Successful, or its failure. Those that failed at SQS, not by us, are sent again, three times in all.
  std::vector<Result<json::object>> CallBatch(std::string_view action, std::string_view queue_url,
                                              const std::vector<json::object>& entries);

 private:
  aws::AwsClient& aws_;
  Clock& clock_;
  Random& random_;
};

}  // namespace penstock::queue
