#include "cli/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "query/display_width.h"

namespace penstock::cli {
namespace {

using query::DisplayWidth;

std::string CellText(const json::value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_double()) return fmt::format("{}", value.get_double());
  return JsonText(value);
}

std::string TableCell(const json::value& value) {
  if (value.is_int64()) return Grouped(value.get_int64());
  std::string text = query::WithoutControls(CellText(value));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

json::object ToObject(const Rows& rows, const std::vector<json::value>& row) {
  json::object object;
  for (size_t i = 0; i < rows.columns.size(); ++i) object[rows.columns[i]] = row[i];
  return object;
}

std::string Table(const Rows& rows, const Terminal& terminal) {
  const size_t columns = rows.columns.size();
  std::vector<size_t> width(columns);
  std::vector<bool> right(columns, !rows.rows.empty());
  std::vector<std::vector<std::string>> cells;
  for (size_t c = 0; c < columns; ++c) width[c] = DisplayWidth(rows.columns[c]);
  for (const auto& row : rows.rows) {
    auto& line = cells.emplace_back();
    for (size_t c = 0; c < columns; ++c) {
      line.push_back(TableCell(row[c]));
      width[c] = std::max(width[c], DisplayWidth(line.back()));
      if (!row[c].is_number() && !row[c].is_null()) right[c] = false;
    }
  }
  const auto draw = [&](const std::vector<std::string>& line) {
    std::string text;
    for (size_t c = 0; c < columns; ++c) {
      const std::string gap(width[c] - DisplayWidth(line[c]), ' ');
      if (c > 0) text += "  ";
      text += right[c] ? gap + line[c] : line[c] + gap;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::string out = Bold(terminal, draw(rows.columns)) + "\n";
  for (const auto& line : cells) out += draw(line) + "\n";
  return out;
}

}  // namespace

Result<OutputFormat> ParseOutputFormat(std::string_view text) {
  if (text == "table") return OutputFormat::kTable;
  if (text == "csv") return OutputFormat::kCsv;
  if (text == "json") return OutputFormat::kJson;
  if (text == "ndjson") return OutputFormat::kNdjson;
  return MakeError(ErrorCode::kUsage,
                   fmt::format("--output: expected table, csv, json or ndjson, got {}", text));
}

Rows OneRow(const json::object& members) {
  Rows rows{{}, {{}}};
  for (const auto& member : members) {
    rows.columns.emplace_back(member.key());
    rows.rows[0].push_back(member.value());
  }
  return rows;
}

std::string Format(const Rows& rows, OutputFormat format, const Terminal& terminal) {
  std::string out;
  switch (format) {
    case OutputFormat::kTable: return Table(rows, terminal);
    case OutputFormat::kCsv:
      for (size_t c = 0; c < rows.columns.size(); ++c) out += (c > 0 ? "," : "") + CsvCell(rows.columns[c]);
      out += "\n";
      for (const auto& row : rows.rows) {
        for (size_t c = 0; c < row.size(); ++c) out += (c > 0 ? "," : "") + CsvCell(CellText(row[c]));
        out += "\n";
      }
      return out;
    case OutputFormat::kJson: {
      json::array array;
      for (const auto& row : rows.rows) array.push_back(ToObject(rows, row));
      return ToPrettyJson(array);
    }
    case OutputFormat::kNdjson:
      for (const auto& row : rows.rows) out += ToJson(ToObject(rows, row)) + "\n";
      return out;
  }
  return out;
}

}  // namespace penstock::cli
