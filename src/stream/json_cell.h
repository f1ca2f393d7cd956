// A JSON value as a cell of a column, with the conversions of Hive's JSON SerDes. For json_*.cc only: brings
// in simdjson. Source: as json_rows.h; openx Hive-JSON-Serde (objectinspector/*); Apache Hive,
// org.apache.hive.hcatalog.data.JsonSerDe; what the service itself was measured to do (numbers below 1e12 are
// seconds since the epoch, others milliseconds; lists and structs of one another).
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/hive_type.h"
#include "lake/row_columns.h"
#include "stream/json_fields.h"

namespace penstock::stream {

// Makes cells of a type. Not thread-safe; `rules` outlive it.
class JsonCell {
 public:
  JsonCell(const lake::HiveType& type, const JsonRules& rules);
  // Adds the value to the column. The answer is empty, or says why it does not fit: then the column is to be
  // cut back.
  std::string Add(const simdjson::dom::element& value, lake::RowColumn* to);

 private:
  // Null, too: what a list, a map or a struct holds.
  std::string AddPart(const simdjson::dom::element& value, lake::RowColumn* to);
  std::string AddText(std::string_view text, lake::RowColumn* to);
  // `text`: as it was written, for the answer; empty: as the number is.
  std::string AddWhole(int64_t number, std::string_view text, lake::RowColumn* to);
  std::string AddReal(double number, std::string_view text, lake::RowColumn* to);
  // Of a number; `as_text`: how it is written.
  template <typename AsText>
  std::string AddEpoch(std::optional<int64_t> moment, const AsText& as_text, lake::RowColumn* to);
  std::string AddTime(std::string_view text, lake::RowColumn* to);
  std::string AddDecimal(std::string_view text, lake::RowColumn* to);
  std::string AddSized(std::string_view text, lake::RowColumn* to);
  std::string AddList(const simdjson::dom::element& value, lake::RowColumn* to);
  std::string AddMap(const simdjson::dom::element& value, lake::RowColumn* to);
  std::string AddStruct(const simdjson::dom::element& value, lake::RowColumn* to);

  const lake::HiveType type_;
  const JsonRules& rules_;
  std::vector<JsonCell> parts_;
  std::unique_ptr<JsonFields> fields_;  // of a struct
};

// A text as it is, any other value as its JSON; `lower_keys`: of the objects in it.
std::string TextOf(const simdjson::dom::element& value, bool lower_keys = false);

}  // namespace penstock::stream
