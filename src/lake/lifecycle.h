// Retention: what is archived and removed by its age (FTSE-6). The same rules as on S3, where archive is
// Glacier.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "store/object_store.h"

namespace penstock::lake {

struct RetentionRule {
  std::string area;  // the first segment below the pipeline's prefix: raw, clean, rejected
  std::optional<int64_t> archive_after_days;
  std::optional<int64_t> remove_after_days;
};

// raw removed after 30 days; clean archived after 90, removed after 180.
std::vector<RetentionRule> DefaultRetention();

struct LifecycleAction {
  enum class Kind { kArchive, kRemove };
  Kind kind = Kind::kRemove;
  std::string key;
  std::string archive_key;  // kArchive: where it goes, {prefix}archive/<the same key>
  int64_t size = 0;         // bytes
  int64_t age_days = 0;     // since it was put, whole days of 24 hours
  store::Etag etag;         // that was seen
};

// What the rules ask for now, ascending by key. The age of an object counts from when it was put, as S3
// counts it; that of an archived one from then on too: it was put there `archive_after` days into its life,
// so it goes `remove_after - archive_after` days later. Usage: a negative number of days, or archiving not
// before removal.
Result<std::vector<LifecycleAction>> PlanLifecycle(store::ObjectStore& store, std::string_view prefix,
                                                   const std::vector<RetentionRule>& rules, TimePoint now);

struct LifecycleResult {
  size_t archived = 0;
  size_t removed = 0;
  size_t skipped = 0;  // written again, or gone, since the plan
  int64_t bytes = 0;   // of the archived and the removed ones
};

// Safe to interrupt and to repeat: an object is archived by a durable copy first, then removed. Readers that
// listed it before meet a missing file; those that list now do not. Fault point: lake.archive.copied.
Result<LifecycleResult> ApplyLifecycle(store::ObjectStore& store, const std::vector<LifecycleAction>& plan,
                                       std::stop_token stop = {},
                                       const std::function<void(size_t done, size_t total)>& progress = {});

}  // namespace penstock::lake
