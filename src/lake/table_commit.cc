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
  if (change.if_match) return store_.Delete(change.key, change.if_match);
  // There was no file when it was read: one that is there now is somebody else's.
  const auto head = store_.Head(change.key);
  if (head.ok()) return Conflict(change.key);
  return CodeOf(head.status()) == ErrorCode::kNotFound ? Status::OK() : head.status();
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
