#include "stream/delivery_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "stream/object_name.h"

namespace penstock::stream {
namespace {

constexpr char kVaries = '\x01';

// The prefix with a kVaries for each piece between slashes that an expression gives.
std::string ShapeOf(const StreamPrefixes& prefixes) {
  std::string shape;
  for (const auto& part : prefixes.prefix.parts()) {
    if (part.kind == PrefixExpression::Kind::kText) {
      shape += part.text;
      continue;
    }
    if (part.kind != PrefixExpression::Kind::kTimestamp) {
      shape += kVaries;
      continue;
    }
    for (const char c : part.time.Format(TimePoint(), prefixes.zone)) {
      if (c == '/')
        shape += c;
      else if (shape.empty() || shape.back() != kVaries)
        shape += kVaries;
    }
  }
  return shape;
}

// Whether the segment "dt=…" is a day: its value is !{timestamp:yyyy-MM-dd} alone.
bool IsDay(const StreamPrefixes& prefixes, std::string_view name) {
  const auto& parts = prefixes.prefix.parts();
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].kind == PrefixExpression::Kind::kTimestamp && parts[i].text == "yyyy-MM-dd" &&
        parts[i - 1].text.ends_with(fmt::format("/{}=", name))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<lake::TableEntry> TableOf(const StreamSpec& spec, const StreamPrefixes& prefixes) {
  const auto refuse = [&](std::string_view why, std::string_view advice) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("the table {}.{} of the stream {}: {}", spec.database, spec.table, spec.name, why),
        std::string(advice));
  };
  lake::TableEntry entry;
  entry.database = spec.database;
  entry.table = spec.table;
  entry.description = spec.description;
  entry.unique = spec.unique;
  entry.unqualified = true;
  entry.format = spec.parquet ? "parquet" : "json";
  entry.columns = spec.parquet ? spec.parquet->columns : spec.json_columns;
  if (entry.columns.empty()) {
    return refuse("nothing says what its columns are", "declare them, or convert the records to Parquet");
  }
  const std::string shape = ShapeOf(prefixes);
  size_t at = shape.rfind('/', shape.find(kVaries));
  if (at == shape.npos) {
    return refuse("it has no prefix of its own",
                  "let the prefix begin with a folder: TABLE/dt=!{timestamp:yyyy-MM-dd}/");
  }
  entry.prefix = shape.substr(0, at + 1);
  if (!spec.table_of_catalog && (spec.error_prefix.empty() || spec.error_prefix.starts_with(entry.prefix))) {
    return refuse("what cannot be delivered would lie among its files",
                  "give an ErrorOutputPrefix elsewhere");
  }
  bool plain = true;  // folders name=value only, one below the other
  std::string files;
  for (++at; at < shape.size();) {
    const size_t end = shape.find('/', at);
    if (end == shape.npos) break;
    const std::string_view segment = std::string_view(shape).substr(at, end - at);
    const size_t equals = segment.find('=');
    if (equals != segment.npos && equals > 0 && segment.substr(equals + 1) == std::string_view(&kVaries, 1)) {
      const std::string name(segment.substr(0, equals));
      entry.partition_columns.push_back({name, IsDay(prefixes, name) ? "date" : "string", false, ""});
      files += name + "=*/";
    } else {
      plain = false;
      std::string pattern(segment);
      std::replace(pattern.begin(), pattern.end(), kVaries, '*');
      files += pattern + "/";
    }
    at = end + 1;
  }
  const std::string extension = ObjectExtension(spec);
  if (!plain || extension != ".parquet") entry.files = files + "*" + extension;
  RETURN_IF_ERROR(lake::CheckEntry(entry));
  return entry;
}

bool HasFolder(const StreamPrefixes& prefixes) {
  const std::string shape = ShapeOf(prefixes);
  return shape.rfind('/', shape.find(kVaries)) != shape.npos;
}

bool LiesAt(const lake::TableEntry& known, const lake::TableEntry& entry) {
  const auto names = [](const lake::TableEntry& of) {
    std::vector<std::string> all;
    for (const auto& column : of.partition_columns) all.push_back(column.name);
    return all;
  };
  return known.prefix == entry.prefix && known.format == entry.format && known.files == entry.files &&
         names(known) == names(entry);
}

Status RegisterTableOf(const StreamSpec& spec, const StreamPrefixes& prefixes, lake::Catalog& catalog) {
  ASSIGN_OR_RETURN(auto entry, TableOf(spec, prefixes));
  if (spec.table_of_catalog) {
    const auto known = catalog.GetTable(spec.database, spec.table);
    if (known.ok() && !known->declared) return Status::OK();
    if (!known.ok() && CodeOf(known.status()) != ErrorCode::kNotFound) return known.status();
    if (known.ok()) entry.description = known->description;
  }
  return catalog.RegisterTable(entry);
}

}  // namespace penstock::stream
