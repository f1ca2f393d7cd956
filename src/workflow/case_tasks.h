// The tasks of a test case: they answer as the case says.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "workflow/item_reader.h"
#include "workflow/task.h"

namespace penstock::workflow {

// `lambdas` of a case: functions by behaviour (echo, const, raise, bytes, sleep), called by ARN or through
// lambda:invoke. `tasks`: by resource, an array of replies {"output": …} or {"error": …, "cause": …}, each
// with an optional "seconds" that it takes; the last one repeats.
class CaseTasks : public TaskRunner {
 public:
  // `buckets`: of what S3 is asked.
  CaseTasks(const json::object& description, Clock& clock, ItemSources buckets = {});
  Result<json::value> RunTask(const TaskRequest& request, std::stop_token stop) override;

 private:
  Result<json::value> CallFunction(const std::string& name, const json::value& event, bool direct,
                                   std::stop_token stop);
  Result<json::value> Reply(const json::array& replies, size_t index, std::stop_token stop);

  Clock& clock_;
  const ItemSources buckets_;
  json::object lambdas_, tasks_;
  std::mutex mutex_;
  std::map<std::string, size_t> calls_;
};

}  // namespace penstock::workflow
