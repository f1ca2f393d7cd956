// What the queues of one SQS share, and how one is made. For sqs_*.cc only.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "queue/queue.h"
#include "queue/sqs_client.h"
#include "queue/sqs_queue.h"
#include "queue/sqs_receipts.h"

namespace penstock::queue {

// A queue by SQS' own name, prefix included.
struct SqsAddress {
  std::string name, url;
};

// Thread-safe.
struct SqsState {
  SqsState(aws::AwsClient& aws, Clock& c, Random& random, Logger logger, SqsOptions o)
      : client(aws, c, random), clock(c), log(std::move(logger)), options(std::move(o)) {}
  SqsClient client;
  Clock& clock;
  const Logger log;
  const SqsOptions options;
  std::mutex mutex;
  std::map<std::string, std::string> urls GUARDED_BY(mutex);  // by SQS' name
  std::map<std::string, std::shared_ptr<SqsReceipts>> receipts GUARDED_BY(mutex);

  std::string Shown(const std::string& name) const {
    return name.starts_with(options.prefix) ? name.substr(options.prefix.size()) : name;
  }
  std::shared_ptr<SqsReceipts> Receipts(const std::string& name) {
    std::lock_guard lock(mutex);
    auto& mine = receipts[name];
    if (mine == nullptr) mine = std::make_shared<SqsReceipts>(name);
    return mine;
  }
  // NotFound: there is none.
  Result<std::string> Url(const std::string& name) {
    {
      std::lock_guard lock(mutex);
      if (const auto found = urls.find(name); found != urls.end()) return found->second;
    }
    ASSIGN_OR_RETURN(const auto answer, client.Call("GetQueueUrl", {{"QueueName", name}}));
    return Keep(name, answer);
  }
  Result<std::string> Keep(const std::string& name, const json::object& answer) {
    ASSIGN_OR_RETURN(std::string url, GetString(answer, "QueueUrl"));
    std::lock_guard lock(mutex);
    urls[name] = url;
    return url;
  }
  // Deleted by somebody: looked for again.
  void Forget(const std::string& name, const Status& status) {
    if (CodeOf(status) != ErrorCode::kNotFound) return;
    std::lock_guard lock(mutex);
    urls.erase(name);
  }
};

// `dead_letters`: SQS' name of its dead-letter queue; empty: none.
std::shared_ptr<Queue> MakeSqsQueue(std::shared_ptr<SqsState> state, std::string name, SqsAddress address,
                                    QueueOptions options, std::string dead_letters);

// SQS counts in seconds: rounded up.
int64_t SqsSeconds(Duration span);
// With `code`: below 0, or above the 12 hours of SQS.
Status CheckSqsVisibility(Duration timeout, ErrorCode code);

}  // namespace penstock::queue
