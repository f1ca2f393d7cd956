#include "workflow/memory_execution_store.h"

#include <algorithm>

namespace penstock::workflow {

Result<MemoryExecutionStore::Entry*> MemoryExecutionStore::Find(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return MakeError(ErrorCode::kNotFound, "no execution of this name: " + name);
  return &found->second;
}

Result<MemoryExecutionStore::Entry*> MemoryExecutionStore::FindOwned(const std::string& name,
                                                                     const Owner& owner) {
  ASSIGN_OR_RETURN(Entry * entry, Find(name));
  if (!entry->owner || entry->owner->id != owner.id) {
    return MakeError(ErrorCode::kConflict, "the execution is no longer run by this process: " + name);
  }
  return entry;
}

Status MemoryExecutionStore::Create(const ExecutionInfo& info, const std::string& definition_text,
                                    const Owner& owner, const HistoryEvent& first) {
  std::lock_guard lock(mutex_);
  const auto [at, inserted] = entries_.try_emplace(info.name);
  if (!inserted)
    return MakeError(ErrorCode::kAlreadyExists, "an execution of this name exists: " + info.name);
  at->second =
      Entry{info, definition_text, owner, std::nullopt, {{first}}, {}, static_cast<int64_t>(entries_.size())};
  return Status::OK();
}

Result<ExecutionInfo> MemoryExecutionStore::Get(const std::string& name) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const Entry* entry, Find(name));
  return entry->info;
}

Result<std::string> MemoryExecutionStore::GetDefinition(const std::string& name) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const Entry* entry, Find(name));
  return entry->definition;
}

Result<std::vector<ExecutionInfo>> MemoryExecutionStore::List(const ListOptions& options) {
  std::lock_guard lock(mutex_);
  std::vector<const Entry*> found;
  for (const auto& [name, entry] : entries_) {
    if (!options.state_machine.empty() && entry.info.state_machine != options.state_machine) continue;
    if (options.status && entry.info.status != *options.status) continue;
    found.push_back(&entry);
  }
  std::sort(found.begin(), found.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->info.started, a->sequence) > std::pair(b->info.started, b->sequence);
  });
  std::vector<ExecutionInfo> out;
  for (const auto* entry : found) {
    if (static_cast<int>(out.size()) >= options.limit) break;
    out.push_back(entry->info);
  }
  return out;
}

Result<std::vector<HistoryEvent>> MemoryExecutionStore::History(const std::string& name) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const Entry* entry, Find(name));
  std::vector<HistoryEvent> out;
  for (const auto& group : entry->events) out.insert(out.end(), group.begin(), group.end());
  return out;
}

Result<std::vector<HistoryEvent>> MemoryExecutionStore::ChildHistory(const std::string& name,
                                                                     const std::string& child) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const Entry* entry, Find(name));
  std::vector<HistoryEvent> out;
  for (const auto& [key, events] : entry->children) {
    if (child.empty() || key == child) out.insert(out.end(), events.begin(), events.end());
  }
  return out;
}

void MemoryExecutionStore::Insert(Entry& entry, const std::vector<HistoryEvent>& events) {
  std::vector<HistoryEvent>& own = entry.events.emplace_back();
  if (events.empty() || events.front().child.empty()) own.reserve(events.size());
  for (const auto& event : events) {
    (event.child.empty() ? own : entry.children[event.child]).push_back(event);
    if (event.token.empty()) continue;
    Token token{entry.info.name, {}};
    token.state.heartbeat = event.timestamp;
    const auto at = tokens_.try_emplace(event.token, std::move(token)).first;
    if (event.type != EventType::kTaskScheduled) at->second.state.phase = TokenPhase::kClosed;
  }
}

Status MemoryExecutionStore::Reopen(const std::string& name, const Owner& owner,
                                    const std::vector<HistoryEvent>& events, TimePoint now) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(name));
  if (entry->info.status == ExecutionStatus::kRunning || entry->info.status == ExecutionStatus::kSucceeded) {
    return MakeError(ErrorCode::kPreconditionFailed, "the execution cannot be redriven: " + name);
  }
  entry->info.status = ExecutionStatus::kRunning;
  entry->info.error.clear();
  entry->info.cause.clear();
  entry->info.stopped = {};
  ++entry->info.redrive_count;
  entry->info.redriven = now;
  entry->owner = owner;
  entry->stop.reset();
  Insert(*entry, events);
  return Status::OK();
}

Result<TokenState> MemoryExecutionStore::GetToken(const std::string& token) {
  std::lock_guard lock(mutex_);
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) return MakeError(ErrorCode::kNotFound, "TaskDoesNotExist: " + token);
  return found->second.state;
}

Status MemoryExecutionStore::AnswerToken(const std::string& token, const TokenState& answer) {
  std::lock_guard lock(mutex_);
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) return MakeError(ErrorCode::kNotFound, "TaskDoesNotExist: " + token);
  if (found->second.state.phase != TokenPhase::kWaiting) {
    return MakeError(ErrorCode::kPreconditionFailed,
                     "TaskTimedOut: the task does not wait any more: " + token);
  }
  found->second.state = answer;
  ++version_;
  return Status::OK();
}

Result<int64_t> MemoryExecutionStore::Version() {
  std::lock_guard lock(mutex_);
  return version_;
}

Result<std::optional<Owner>> MemoryExecutionStore::GetOwner(const std::string& name) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const Entry* entry, Find(name));
  return entry->owner;
}

Status MemoryExecutionStore::Acquire(const std::string& name, const std::optional<Owner>& expected,
                                     const Owner& owner) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(name));
  const bool same =
      entry->owner.has_value() == expected.has_value() && (!expected || entry->owner->id == expected->id);
  if (!same || entry->info.status != ExecutionStatus::kRunning) {
    return MakeError(ErrorCode::kConflict, "another process took the execution over: " + name);
  }
  entry->owner = owner;
  return Status::OK();
}

Status MemoryExecutionStore::Release(const std::string& name, const Owner& owner) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(name));
  if (entry->owner && entry->owner->id == owner.id) entry->owner.reset();
  return Status::OK();
}

Status MemoryExecutionStore::Append(const std::string& name, const Owner& owner,
                                    const std::vector<HistoryEvent>& events,
                                    const std::optional<Ending>& ending) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, FindOwned(name, owner));
  Insert(*entry, events);
  if (!ending) return Status::OK();
  entry->info.status = ending->status;
  entry->info.output = ending->output;
  entry->info.error = ending->error;
  entry->info.cause = ending->cause;
  entry->info.stopped = ending->stopped;
  entry->owner.reset();
  for (auto& [key, token] : tokens_) {
    if (token.execution == name) token.state.phase = TokenPhase::kClosed;
  }
  return Status::OK();
}

Status MemoryExecutionStore::RequestStop(const std::string& name, const StopRequest& request) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(name));
  entry->stop = request;
  return Status::OK();
}

Result<std::optional<StopRequest>> MemoryExecutionStore::Heartbeat(const std::string& name,
                                                                   const Owner& owner, TimePoint now) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, FindOwned(name, owner));
  entry->owner->heartbeat = now;
  return entry->stop;
}

}  // namespace penstock::workflow
