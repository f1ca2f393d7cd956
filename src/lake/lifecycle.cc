#include "lake/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"

namespace penstock::lake {
namespace {

int64_t AgeInDays(const store::ObjectInfo& object, TimePoint now) {
  return std::chrono::floor<std::chrono::days>(now - object.modified).count();
}

Status CheckRule(const RetentionRule& rule) {
  const bool archives = rule.archive_after_days.has_value();
  const bool removes = rule.remove_after_days.has_value();
  if ((archives && *rule.archive_after_days < 0) || (removes && *rule.remove_after_days < 0) ||
      rule.area.empty() || rule.area.find('/') != rule.area.npos || rule.area == "archive") {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("retention: expected an area and days from 0, got '{}'", rule.area));
  }
  if (archives && removes && *rule.archive_after_days >= *rule.remove_after_days) {
    return MakeError(
        ErrorCode::kUsage,
        fmt::format("retention of {}: archived after {} days, so it must be removed later than that, got {}",
                    rule.area, *rule.archive_after_days, *rule.remove_after_days));
  }
  return Status::OK();
}

Result<bool> Apply(store::ObjectStore& store, const LifecycleAction& action) {
  if (action.kind == LifecycleAction::Kind::kArchive) {
    const auto object = store.Get(action.key);
    if (!object.ok()) {
      if (CodeOf(object.status()) == ErrorCode::kNotFound) return false;
      return object.status();
    }
    if (object->info.etag != action.etag) return false;
    const auto archived = store.Get(action.archive_key);
    if (!archived.ok() && CodeOf(archived.status()) != ErrorCode::kNotFound) return archived.status();
    if (!archived.ok() || archived->bytes != object->bytes) {
      RETURN_IF_ERROR(store.Put(action.archive_key, object->bytes).status());
    }
    RETURN_IF_ERROR(FaultPoint("lake.archive.copied"));
  }
  const Status deleted = store.Delete(action.key, action.etag);
  if (CodeOf(deleted) == ErrorCode::kPreconditionFailed) return false;  // put again, or gone, since the plan
  RETURN_IF_ERROR(deleted);
  return true;
}

}  // namespace

std::vector<RetentionRule> DefaultRetention() { return {{"raw", std::nullopt, 30}, {"clean", 90, 180}}; }

Result<std::vector<LifecycleAction>> PlanLifecycle(store::ObjectStore& store, std::string_view prefix,
                                                   const std::vector<RetentionRule>& rules, TimePoint now) {
  std::vector<LifecycleAction> plan;
  for (const auto& rule : rules) {
    RETURN_IF_ERROR(CheckRule(rule));
    ASSIGN_OR_RETURN(const auto live, store::ListAll(store, fmt::format("{}{}/", prefix, rule.area)));
    for (const auto& object : live) {
      const int64_t age = AgeInDays(object, now);
      if (rule.remove_after_days && age >= *rule.remove_after_days) {
        plan.push_back({LifecycleAction::Kind::kRemove, object.key, "", object.size, age, object.etag});
      } else if (rule.archive_after_days && age >= *rule.archive_after_days) {
        const auto rest = std::string_view(object.key).substr(prefix.size());
        plan.push_back({LifecycleAction::Kind::kArchive, object.key,
                        fmt::format("{}archive/{}", prefix, rest), object.size, age, object.etag});
      }
    }
    if (!rule.remove_after_days) continue;
    const int64_t left = *rule.remove_after_days - rule.archive_after_days.value_or(0);
    ASSIGN_OR_RETURN(const auto archived,
                     store::ListAll(store, fmt::format("{}archive/{}/", prefix, rule.area)));
    for (const auto& object : archived) {
      const int64_t age = AgeInDays(object, now);
      if (age >= left)
        plan.push_back({LifecycleAction::Kind::kRemove, object.key, "", object.size, age, object.etag});
    }
  }
  std::sort(plan.begin(), plan.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return plan;
}

Result<LifecycleResult> ApplyLifecycle(store::ObjectStore& store, const std::vector<LifecycleAction>& plan,
                                       std::stop_token stop,
                                       const std::function<void(size_t, size_t)>& progress) {
  LifecycleResult result;
  size_t done = 0;
  for (const auto& action : plan) {
    if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "lifecycle: stopped on request");
    ASSIGN_OR_RETURN(const bool applied, Apply(store, action));
    if (!applied) {
      ++result.skipped;
    } else {
      ++(action.kind == LifecycleAction::Kind::kArchive ? result.archived : result.removed);
      result.bytes += action.size;
    }
    if (progress) progress(++done, plan.size());
  }
  return result;
}

}  // namespace penstock::lake
