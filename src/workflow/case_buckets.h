// The buckets of a test case.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock::store {
class ObjectStore;
}

namespace penstock::workflow {

// `s3` of a case: {BUCKET: {KEY: text}}, in memory. A text "bytearray(b'…')" stands for its bytes.
class CaseBuckets {
 public:
  static Result<std::unique_ptr<CaseBuckets>> Make(const json::object& description, const Clock& clock);
  ~CaseBuckets();
  // NotFound.
  Result<store::ObjectStore*> Find(const std::string& name) const;

 private:
  std::map<std::string, std::unique_ptr<store::ObjectStore>> stores_;
};

}  // namespace penstock::workflow
