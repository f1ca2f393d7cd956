// Tasks as functions of the program: the simplest TaskRunner.
#pragma once

#include <functional>
#include <utility>

#include "workflow/task.h"

namespace penstock::workflow {

// Thread-safe as far as the function is.
class FunctionTasks : public TaskRunner {
 public:
  using Function = std::function<Result<json::value>(const TaskRequest&, std::stop_token)>;
  explicit FunctionTasks(Function function) : function_(std::move(function)) {}
  Result<json::value> RunTask(const TaskRequest& request, std::stop_token stop) override {
    return function_(request, stop);
  }

 private:
  const Function function_;
};

}  // namespace penstock::workflow
