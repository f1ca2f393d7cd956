#include "store/faulty_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::store {
namespace {

bool Matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    for (size_t skip = 0; skip <= text.size(); ++skip) {
      if (Matches(pattern.substr(1), text.substr(skip))) return true;
    }
    return false;
  }
  return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
         Matches(pattern.substr(1), text.substr(1));
}

void Cut(Object& object, int64_t keep) {
  if (static_cast<int64_t>(object.bytes.size()) > keep) object.bytes.resize(static_cast<size_t>(keep));
}
template <typename T>
void Cut(T&, int64_t) {}

}  // namespace

void FaultyStore::Order(Fault fault) {
  std::lock_guard lock(mutex_);
  faults_.push_back({std::move(fault)});
}

void FaultyStore::Clear() {
  std::lock_guard lock(mutex_);
  faults_.clear();
}

int FaultyStore::met() const {
  std::lock_guard lock(mutex_);
  return met_;
}

FaultyStore::Plan FaultyStore::Meet(Operation operation, std::string_view key, size_t put_bytes) {
  Plan plan;
  std::lock_guard lock(mutex_);
  for (Ordered& ordered : faults_) {
    const Fault& fault = ordered.fault;
    if (fault.operation != Operation::kAny && fault.operation != operation) continue;
    if (fault.kind == FaultKind::kTruncated && operation != Operation::kGet) continue;
    if (fault.kind == FaultKind::kNoSpace && operation != Operation::kPut && operation != Operation::kWrite) {
      continue;
    }
    if (!Matches(fault.key_pattern, key)) continue;
    if (fault.kind == FaultKind::kNoSpace) {
      if (ordered.used + static_cast<int64_t>(put_bytes) <= fault.bytes) {
        ordered.used += static_cast<int64_t>(put_bytes);
        continue;
      }
      ordered.used = fault.bytes + 1;  // a full disk stays full
      plan.before = MakeError(ErrorCode::kNoSpace, fmt::format("ordered fault: no space for {}", key),
                              "free some space and run again");
      ++met_;
      continue;
    }
    const int passage = ordered.seen++;
    if (passage < fault.skip || (fault.count >= 0 && passage >= fault.skip + fault.count)) continue;
    ++met_;
    switch (fault.kind) {
      case FaultKind::kBefore:
        plan.before = MakeError(fault.code, fmt::format("ordered fault before {}", key));
        break;
      case FaultKind::kAfter:
        plan.after = MakeError(fault.code, fmt::format("ordered fault after {}", key));
        break;
      case FaultKind::kSlow: plan.delay += fault.delay; break;
      case FaultKind::kTruncated: plan.keep = std::min(plan.keep, fault.bytes); break;
      case FaultKind::kNoSpace: break;
    }
  }
  return plan;
}

template <typename T, typename Call>
Result<T> FaultyStore::Run(Operation operation, std::string_view key, size_t put_bytes, const Call& call) {
  const Plan plan = Meet(operation, key, put_bytes);
  if (plan.delay.count() > 0) clock_.SleepFor(plan.delay);
  RETURN_IF_ERROR(plan.before);
  Result<T> result = call();
  RETURN_IF_ERROR(plan.after);
  if (result.ok()) Cut(*result, plan.keep);
  return result;
}

Result<ObjectInfo> FaultyStore::Put(std::string_view key, std::string_view bytes, const PutOptions& options) {
  return Run<ObjectInfo>(Operation::kPut, key, bytes.size(), [&] { return inner_.Put(key, bytes, options); });
}
class FaultyStore::Writer : public ObjectWriter {
 public:
  Writer(FaultyStore& store, std::string_view key, std::unique_ptr<ObjectWriter> inner)
      : store_(store), key_(key), inner_(std::move(inner)) {}
  Status Write(std::string_view bytes) override {
    if (done_) return WriterIsDone(key_);
    Status written = store_
                         .Run<bool>(Operation::kWrite, key_, bytes.size(),
                                    [&]() -> Result<bool> {
                                      RETURN_IF_ERROR(inner_->Write(bytes));
                                      return true;
                                    })
                         .status();
    done_ = !written.ok();
    return written;
  }
  Result<ObjectInfo> Commit() override {
    if (std::exchange(done_, true)) return WriterIsDone(key_);
    return store_.Run<ObjectInfo>(Operation::kPut, key_, 0, [&] { return inner_->Commit(); });
  }

 private:
  FaultyStore& store_;
  const std::string key_;
  const std::unique_ptr<ObjectWriter> inner_;
  bool done_ = false;
};

Result<std::unique_ptr<ObjectWriter>> FaultyStore::OpenWriter(std::string_view key,
                                                              const PutOptions& options) {
  ASSIGN_OR_RETURN(auto inner, inner_.OpenWriter(key, options));
  return std::unique_ptr<ObjectWriter>(std::make_unique<Writer>(*this, key, std::move(inner)));
}

Result<Object> FaultyStore::Get(std::string_view key) {
  return Run<Object>(Operation::kGet, key, 0, [&] { return inner_.Get(key); });
}
Result<Object> FaultyStore::GetRange(std::string_view key, int64_t offset, int64_t length) {
  return Run<Object>(Operation::kGet, key, 0, [&] { return inner_.GetRange(key, offset, length); });
}
Result<ObjectInfo> FaultyStore::Head(std::string_view key) {
  return Run<ObjectInfo>(Operation::kHead, key, 0, [&] { return inner_.Head(key); });
}
Result<ListPage> FaultyStore::List(std::string_view prefix, const ListOptions& options) {
  return Run<ListPage>(Operation::kList, prefix, 0, [&] { return inner_.List(prefix, options); });
}
Status FaultyStore::Delete(std::string_view key, const std::optional<Etag>& if_match) {
  return Run<bool>(Operation::kDelete, key, 0,
                   [&]() -> Result<bool> {
                     RETURN_IF_ERROR(inner_.Delete(key, if_match));
                     return true;
                   })
      .status();
}

}  // namespace penstock::store
