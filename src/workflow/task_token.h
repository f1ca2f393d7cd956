// Task tokens: a Task whose resource ends in ".waitForTaskToken" ends when somebody sends its token back,
// from this process or another one. Source: AWS Step Functions developer guide, "Wait for a Callback with
// Task Token"; API reference, SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "workflow/execution_store.h"

namespace penstock::workflow {

// Whether a resource waits for its token.
bool WaitsForToken(std::string_view resource);
// The resource without ".waitForTaskToken", ".sync" or ".sync:2".
std::string_view PlainResource(std::string_view resource);

// A function of the attempt: the same when the execution is taken up again. 64 hexadecimal digits.
std::string MakeTaskToken(std::string_view attempt_id);
bool IsTaskToken(std::string_view text);

// Wakes those who wait for a token when there may be news. Other processes are seen by asking the store four
// times a second, while somebody waits. Thread-safe.
class TokenWatch {
 public:
  explicit TokenWatch(ExecutionStore& store) : store_(store) {}
  ~TokenWatch();
  TokenWatch(const TokenWatch&) = delete;
  TokenWatch& operator=(const TokenWatch&) = delete;

  // Until Remove, `wake` is asked to stop when there is news.
  void Add(const std::string& token, std::stop_source wake);
  void Remove(const std::string& token);
  void Wake(const std::string& token);

 private:
  void Loop();

  ExecutionStore& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::stop_source> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penstock::workflow
