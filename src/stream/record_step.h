// One built-in transform of records that are JSON objects.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/environment.h"
#include "base/json.h"
#include "base/random.h"
#include "base/status.h"

namespace penstock::stream {

// Immutable, thread-safe.
class RecordStep {
 public:
  virtual ~RecordStep() = default;
  // Changes the record, which is an object before and after. False: it is dropped. InvalidData: this record
  // cannot pass, with the field and its value.
  virtual Result<bool> Apply(json::value& record) const = 0;
};

// What a step may take from outside.
struct StepContext {
  Environment environment;
  Clock& clock;
  Random& random;
};

// One kind of step: the name under which it is chosen, and its maker. `settings` is what stands behind the
// name, `where` begins the texts of failures (Configuration).
struct StepKind {
  std::string_view name;
  std::string_view code;  // of records that cannot pass it
  Result<std::unique_ptr<RecordStep>> (*make)(const json::value& settings, const std::string& where,
                                              const StepContext& context);
};

// project, rename, redact: which fields there are (step_fields.cc).
Result<std::unique_ptr<RecordStep>> MakeProject(const json::value&, const std::string&, const StepContext&);
Result<std::unique_ptr<RecordStep>> MakeRename(const json::value&, const std::string&, const StepContext&);
Result<std::unique_ptr<RecordStep>> MakeRedact(const json::value&, const std::string&, const StepContext&);
// cast, timestamp: of which types they are (step_types.cc, step_timestamp.cc).
Result<std::unique_ptr<RecordStep>> MakeCast(const json::value&, const std::string&, const StepContext&);
Result<std::unique_ptr<RecordStep>> MakeTimestamp(const json::value&, const std::string&, const StepContext&);
// filter: which records there are (step_filter.cc).
Result<std::unique_ptr<RecordStep>> MakeFilter(const json::value&, const std::string&, const StepContext&);

}  // namespace penstock::stream
