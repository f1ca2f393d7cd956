// Any bytes as names of columns: what comes out is UTF-8, and distinct for engines that know no case.
#include <arrow/type.h>

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/json_text.h"
#include "lake/column_union.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  arrow::FieldVector fields;
  while (fields.size() < 200) {
    const size_t end = text.find('\n');
    fields.push_back(arrow::field(std::string(text.substr(0, end)), arrow::int64()));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  const auto schema = penstock::lake::WithDistinctNames(*arrow::schema(fields));
  if (schema->num_fields() != static_cast<int>(fields.size())) std::abort();
  std::set<std::string> seen;
  for (const auto& field : schema->fields()) {
    std::string name = field->name();
    if (name.empty() || name != penstock::ToValidUtf8(name)) std::abort();
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!seen.insert(name).second) std::abort();
  }
  const auto columns = penstock::lake::ColumnsOf(*schema);
  if (penstock::lake::UniteColumns(columns, columns) != columns) std::abort();
  return 0;
}
