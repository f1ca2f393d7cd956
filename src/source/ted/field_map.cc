#include "source/ted/field_map.h"

#include <arrow/type.h>

#include <fstream>
#include <iterator>

#include "base/sha256.h"
#include "source/ted/field_map_reader_internal.h"

namespace penstock::source::ted {
namespace {

std::shared_ptr<arrow::DataType> ArrowType(FieldType type) {
  switch (type) {
    case FieldType::kInt64: return arrow::int64();
    case FieldType::kDouble: return arrow::float64();
    case FieldType::kBool: return arrow::boolean();
    case FieldType::kDate: return arrow::date32();
    case FieldType::kString:
    case FieldType::kTime: break;
  }
  return arrow::utf8();
}

}  // namespace

std::shared_ptr<arrow::Schema> FieldMap::Schema(int table) const {
  arrow::FieldVector fields;
  const auto add = [&](const FieldColumn& column) {
    fields.push_back(arrow::field(column.name, ArrowType(column.type), !column.required));
  };
  for (const int copied : tables[table].copied) add(tables[kNotices].columns[copied]);
  for (const FieldColumn& column : tables[table].columns) add(column);
  return arrow::schema(std::move(fields));
}

Result<FieldMap> ParseFieldMap(std::string_view text, std::string_view file) {
  ASSIGN_OR_RETURN(FieldMap map, FieldMapReader(std::string(file)).Read(std::string(text)));
  map.sha256 = Sha256Hex(text);
  return map;
}

Result<FieldMap> ReadFieldMap(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return MakeError(ErrorCode::kConfiguration, "the field map cannot be read: " + file,
                     "a pipeline of kind ted has it beside its pipeline.yaml; see docs/ted-fields.md");
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return ParseFieldMap(text, file);
}

}  // namespace penstock::source::ted
