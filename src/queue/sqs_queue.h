// Queues in Amazon SQS (standard queues), so that machines share them. What SQS cannot do is in
// capabilities() and in docs/queues.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "queue/queue.h"

namespace penstock::queue {

struct SqsOptions {
  // In front of each queue's name in SQS: an account has one namespace for all that runs in it. With it a
  // name has at most 80 letters.
  std::string prefix;
  // How long a Receive that finds nothing asks on. At 0 it asks some of SQS' servers only, and may find
  // nothing where there is something ("short polling").
  std::chrono::seconds wait{1};
  // How long List, Get and Redrive keep from others what they look at, at most.
  std::chrono::seconds look{120};
};

struct SqsState;

// Thread-safe; any number of processes and machines. Failures of AWS come as AwsClient::Send gives them.
class SqsQueues : public Queues {
 public:
  // What it is given outlives the queues.
  SqsQueues(aws::AwsClient& aws, Clock& clock, Random& random, Logger log, SqsOptions options);

  // A new queue keeps messages for 14 days, SQS' longest; one that is there keeps what others set, but for
  // what `options` says. Timeouts are whole seconds (rounded up), 12 hours at most: Configuration above.
  Result<std::shared_ptr<Queue>> Get(const std::string& name,
                                     const std::optional<QueueOptions>& options = std::nullopt) override;
  // Those with the prefix. SQS may need a minute to name a new one.
  Result<std::vector<std::string>> Names() override;

 private:
  // `full`: with the prefix.
  Result<std::shared_ptr<Queue>> Open(const std::string& name, const std::string& full,
                                      const std::optional<QueueOptions>& options);
  Result<std::string> Create(const std::string& full, json::object attributes);
  Result<json::object> Attributes(const std::string& full);
  const std::shared_ptr<SqsState> state_;
};

}  // namespace penstock::queue
