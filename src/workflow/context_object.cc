#include "workflow/context_object.h"

#include <utility>

namespace penstock::workflow {

const json::value& ContextObject::value() const {
  if (!built_) {
    json::object state{{"Name", state_}, {"EnteredTime", FormatTimestamp(entered_)}};
    if (retry_count_) state["RetryCount"] = *retry_count_;
    json::object execution{{"Id", execution_.id},
                           {"Input", execution_.input},
                           {"StartTime", execution_.start_time},
                           {"Name", execution_.name},
                           {"RoleArn", nullptr}};
    if (!execution_.role_arn.empty()) execution["RoleArn"] = execution_.role_arn;
    if (!execution_.express) execution["RedriveCount"] = execution_.redrive_count;
    json::object context{
        {"Execution", std::move(execution)},
        {"StateMachine", {{"Id", execution_.state_machine_id}, {"Name", execution_.state_machine}}},
        {"State", std::move(state)}};
    if (item_ != nullptr) {
      context["Map"] = {
          {"Item", {{"Index", item_->index}, {"Value", *item_->value}, {"Source", item_->source}}}};
    }
    if (execution_.redrive_count > 0)
      context.at("Execution").get_object()["RedriveTime"] = execution_.redrive_time;
    if (!task_token_.empty()) context["Task"] = {{"Token", task_token_}};
    built_ = std::move(context);
  }
  return *built_;
}

Result<json::value> ContextObject::Evaluate(const JsonPath& path) const {
  if (whole_) return path.Evaluate(value());
  if (path.StartsWith({"Execution", "Input"})) return path.Evaluate(execution_.input, 2);
  if (item_ != nullptr && path.StartsWith({"Map", "Item", "Value"})) return path.Evaluate(*item_->value, 3);
  if (item_ != nullptr && path.StartsWith({"Map", "Item", "Index"})) return json::value(item_->index);
  return path.Evaluate(value());
}

const json::value* ContextObject::Find(const JsonPath& path) const {
  if (whole_) return path.Find(value());
  if (path.StartsWith({"Execution", "Input"})) return path.Find(execution_.input, 2);
  if (item_ != nullptr && path.StartsWith({"Map", "Item", "Value"})) return path.Find(*item_->value, 3);
  return path.Find(value());
}

}  // namespace penstock::workflow
