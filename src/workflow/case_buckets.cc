#include "workflow/case_buckets.h"

#include "store/memory_store.h"

namespace penstock::workflow {

CaseBuckets::~CaseBuckets() = default;

Result<std::unique_ptr<CaseBuckets>> CaseBuckets::Make(const json::object& description, const Clock& clock) {
  auto buckets = std::make_unique<CaseBuckets>();
  const auto* given = description.if_contains("s3");
  if (given == nullptr) return buckets;
  if (!given->is_object()) return MakeError(ErrorCode::kInvalidData, "s3 must be an object of buckets");
  for (const auto& bucket : given->get_object()) {
    auto store = std::make_unique<store::MemoryStore>(clock);
    if (!bucket.value().is_object())
      return MakeError(ErrorCode::kInvalidData, "a bucket must be an object of keys");
    for (const auto& object : bucket.value().get_object()) {
      if (!object.value().is_string()) return MakeError(ErrorCode::kInvalidData, "an object must be a text");
      std::string text(object.value().get_string());
      const std::string_view opening = "bytearray(b'", closing = "')";
      if (text.rfind(opening, 0) == 0 && text.size() >= opening.size() + closing.size()) {
        text = text.substr(opening.size(), text.size() - opening.size() - closing.size());
      }
      RETURN_IF_ERROR(store->Put(object.key(), text).status());
    }
    buckets->stores_.emplace(bucket.key(), std::move(store));
  }
  return buckets;
}

Result<store::ObjectStore*> CaseBuckets::Find(const std::string& name) const {
  const auto found = stores_.find(name);
  if (found != stores_.end()) return found->second.get();
  return MakeError(ErrorCode::kNotFound, "no such bucket: " + name);
}

}  // namespace penstock::workflow
