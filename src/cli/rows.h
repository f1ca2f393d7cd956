// What verbs print as data: rows of named columns, as an aligned table, CSV, JSON or NDJSON (--output).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "cli/terminal.h"

namespace penstock::cli {

enum class OutputFormat { kTable, kCsv, kJson, kNdjson };
Result<OutputFormat> ParseOutputFormat(std::string_view text);

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<json::value>> rows;  // as many cells as columns
  void Add(std::vector<json::value> row) { rows.push_back(std::move(row)); }
};

// One row, its columns named after the members.
Rows OneRow(const json::object& members);

// Numbers stand right, text left; null is an empty cell (table, CSV) or null. CSV as RFC 4180 with LF.
std::string Format(const Rows& rows, OutputFormat format, const Terminal& terminal);

}  // namespace penstock::cli
