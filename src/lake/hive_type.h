// Hive's types, as a catalog writes them: decimal(10,2), array<struct<px:double,qty:int>>.
// Source: Apache Hive language manual, "Types"; AWS Glue, "Column" (Type).
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::lake {

struct HiveType {
  enum class Kind : uint8_t {
    kBoolean,
    kTinyint,
    kSmallint,
    kInt,
    kBigint,
    kFloat,
    kDouble,
    kDecimal,
    kChar,
    kVarchar,
    kString,
    kBinary,
    kDate,
    kTimestamp,
    kVoid,
    kArray,
    kMap,
    kStruct
  };
  Kind kind = Kind::kString;
  int precision = 0, scale = 0;    // of a decimal: 1 to 38 digits, of them 0 to `precision` behind the point
  int length = 0;                  // of char (1 to 255) and varchar (1 to 65,535), in characters
  std::vector<std::string> names;  // of a struct's members, as they are written
  std::vector<HiveType> parts;     // of an array: its items; of a map: keys, values; of a struct: its members

  friend bool operator==(const HiveType&, const HiveType&) = default;
};

// Whatever the case of the words, with spaces between them; decimal alone is decimal(10,0), integer is int.
// InvalidData, in words that name what is expected: no such type, bounds, a map whose keys are no primitive
// type, a member twice, more than 32 levels.
Result<HiveType> ParseHiveType(std::string_view text);

// What its cells are in Parquet; times are UTC microseconds.
std::shared_ptr<arrow::DataType> ArrowTypeOf(const HiveType& type);

}  // namespace penstock::lake
