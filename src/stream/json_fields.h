// Which members of a JSON object are which columns of a table, or members of a struct. For json_*.cc only:
// brings in simdjson. Source: Amazon Data Firehose API reference, OpenXJsonSerDe, HiveJsonSerDe; openx
// Hive-JSON-Serde, JsonStructObjectInspector (mappings and dots hold at every depth).
#pragma once

#include <simdjson.h>

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "stream/joda_time_pattern.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// A JsonInput, ready for use.
struct JsonRules {
  bool hive = false;             // HiveJsonSerDe: a text is no number, one value is no list
  bool case_insensitive = true;  // of names
  bool lower_keys = true;        // of maps, and of objects that become text
  bool dots_to_underscores = false;
  std::map<std::string, std::string> column_to_key;
  std::vector<JodaTimePattern> times;
};
// InvalidData: a pattern that JodaTimePattern refuses.
Result<JsonRules> RulesOf(const JsonInput& input);

// Which members of an object are which fields. Not thread-safe.
class JsonFields {
 public:
  JsonFields(const std::vector<std::string>& names, const JsonRules& rules);
  struct Value {
    bool there = false;
    bool dotted = false;  // found by its name with underscores: the name as it is counts more
    simdjson::dom::element value;
  };
  // By the names' places, until the next call. Of a name that is there twice the last counts; members of
  // other names are passed over.
  std::span<const Value> Find(const simdjson::dom::object& from);

 private:
  const bool case_insensitive_, dots_;
  std::vector<std::string> keys_;  // as records name them
  std::unordered_map<std::string, size_t> places_;
  std::vector<Value> values_;
};

}  // namespace penstock::stream
