#include "lake/table_commit.h"

#include <fmt/format.h>

#include "base/fault.h"

namespace penstock::lake {
namespace {

Status Conflict(const std::string& key) {
  return MakeError(ErrorCode::kPreconditionFailed, fmt::format("somebody else changed {} meanwhile", key));
}

}  // namespace

Status HiveTableFormat::Remove(const FileChange& change) {
  const auto head = store_.Head(change.key);
  if (!head.ok()) {
    if (CodeOf(head.status()) != ErrorCode::kNotFound) return head.status();
    return change.if_match.has_value() ? Conflict(change.key) : Status::OK();
  }
  if (change.if_match != head->etag) return Conflict(change.key);
  return store_.Delete(change.key);
}

Result<std::vector<std::optional<store::Etag>>> HiveTableFormat::Commit(std::span<const FileChange> changes,
                                                                        std::string_view) {
  std::vector<std::optional<store::Etag>> versions;
  for (const auto& change : changes) {
    RETURN_IF_ERROR(FaultPoint("lake.commit.before"));
    std::unique_lock lock(MutexOf(change.key));
    if (!change.bytes.has_value()) {
      RETURN_IF_ERROR(Remove(change));
      versions.emplace_back();
    } else {
      const auto put =
          store_.Put(change.key, *change.bytes, {.if_absent = !change.if_match, .if_match = change.if_match});
      if (!put.ok()) {
        const auto code = CodeOf(put.status());
        if (code == ErrorCode::kAlreadyExists || code == ErrorCode::kPreconditionFailed)
          return Conflict(change.key);
        return put.status();
      }
      versions.emplace_back(put->etag);
    }
    lock.unlock();
    RETURN_IF_ERROR(FaultPoint("lake.commit.after"));
  }
  return versions;
}

}  // namespace penstock::lake
