#include "workflow/task.h"

#include <utility>

namespace penstock::workflow {
namespace {

class TaskErrorDetail : public ErrorDetail {
 public:
  explicit TaskErrorDetail(TaskError error) : ErrorDetail(ErrorCode::kTaskFailed), error(std::move(error)) {}
  const TaskError error;
};

const TaskErrorDetail* Find(const Status& status) {
  return dynamic_cast<const TaskErrorDetail*>(DetailOf(status));
}

}  // namespace

Status MakeTaskError(std::string error, std::string cause, std::string field) {
  std::string message = cause.empty() ? error : error + ": " + cause;
  return MakeError(
      std::make_shared<TaskErrorDetail>(TaskError{std::move(error), std::move(cause), std::move(field)}),
      std::move(message));
}

bool IsTaskError(const Status& status) { return !status.ok() && Find(status) != nullptr; }

TaskError TaskErrorOf(const Status& status) {
  if (const auto* detail = Find(status)) return detail->error;
  return {std::string(InfoOf(CodeOf(status)).asl_name), Describe(status)};
}

}  // namespace penstock::workflow
