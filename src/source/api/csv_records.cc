#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <deque>

#include "source/api/cell_text.h"
#include "source/api/record_columns_internal.h"

namespace penstock::source {
namespace {

// RFC 4180, with LF as well as CRLF.
class CsvRecords {
 public:
  CsvRecords(std::string_view text, const RecordOptions& options, RecordColumns& columns)
      : rest_(text), options_(options), columns_(columns) {}

  Status Read();

 private:
  // Takes the cells of one record off the text. Blank lines are none.
  Status NextRecord();
  Status QuotedCell(std::string_view* cell);
  void ReadHeader();
  void AddCell(RecordColumn& column, std::string_view cell);
  Status Invalid(std::string_view what) const {
    return MakeError(ErrorCode::kInvalidData, fmt::format("broken CSV: line {}: {}", line_, what),
                     "fetch it again");
  }

  std::string_view rest_;
  const RecordOptions& options_;
  RecordColumns& columns_;
  std::vector<std::string_view> cells_;
  std::deque<std::string> unescaped_;  // cells with a "" in them, of one record
  std::vector<std::string> names_;
  size_t line_ = 1;  // where the record began
  size_t next_line_ = 1;
};

Status CsvRecords::QuotedCell(std::string_view* cell) {
  bool escaped = false;
  size_t at = 1;
  while (true) {
    at = rest_.find('"', at);
    if (at == std::string_view::npos) return Invalid("a quoted cell has no end");
    if (at + 1 == rest_.size() || rest_[at + 1] != '"') break;
    escaped = true;
    at += 2;
  }
  *cell = rest_.substr(1, at - 1);
  next_line_ += static_cast<size_t>(std::count(cell->begin(), cell->end(), '\n'));
  if (escaped) {
    std::string plain;
    for (size_t i = 0; i < cell->size(); ++i) {
      plain += (*cell)[i];
      if ((*cell)[i] == '"') ++i;
    }
    unescaped_.push_back(std::move(plain));
    *cell = unescaped_.back();
  }
  rest_.remove_prefix(at + 1);
  if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
  if (!rest_.empty() && rest_.front() != options_.delimiter && rest_.front() != '\n') {
    return Invalid("something stands behind a quoted cell");
  }
  return Status::OK();
}

Status CsvRecords::NextRecord() {
  cells_.clear();
  unescaped_.clear();
  const char stops[] = {options_.delimiter, '\n'};
  while (true) {
    std::string_view cell;
    if (rest_.starts_with('"')) {
      RETURN_IF_ERROR(QuotedCell(&cell));
    } else {
      const size_t end = std::min(rest_.find_first_of(std::string_view(stops, 2)), rest_.size());
      cell = rest_.substr(0, end);
      rest_.remove_prefix(end);
      if (cell.ends_with('\r') && (rest_.empty() || rest_.front() == '\n')) cell.remove_suffix(1);
    }
    cells_.push_back(cell);
    if (rest_.empty()) return Status::OK();
    const bool ends = rest_.front() == '\n';
    rest_.remove_prefix(1);
    if (ends) {
      ++next_line_;
      return Status::OK();
    }
    if (rest_.empty()) {  // a delimiter at the very end
      cells_.emplace_back();
      return Status::OK();
    }
  }
}

void CsvRecords::ReadHeader() {
  for (size_t i = 0; i < cells_.size(); ++i) {
    const std::string name = cells_[i].empty() ? fmt::format("column_{}", i + 1) : std::string(cells_[i]);
    std::string unique = name;
    for (int number = 2; std::find(names_.begin(), names_.end(), unique) != names_.end(); ++number) {
      unique = fmt::format("{}_{}", name, number);
    }
    names_.push_back(std::move(unique));
  }
  for (const std::string& name : names_) columns_.At(name);
}

void CsvRecords::AddCell(RecordColumn& column, std::string_view cell) {
  const size_t row = columns_.row();
  const auto& nulls = options_.nulls;
  if (cell.empty() || std::find(nulls.begin(), nulls.end(), cell) != nulls.end()) return column.AddNull(row);
  if (column.as_text()) return column.AddText(row, cell);
  if (const auto whole = CellAsInt(cell)) return column.AddInt(row, *whole, cell);
  if (const auto number = CellAsDouble(cell)) {
    // A whole number beyond int64 stays what it is.
    const bool whole = cell.find_first_of(".eE") == std::string_view::npos && cell != "-0";
    return whole ? column.AddText(row, cell) : column.AddDouble(row, *number, cell);
  }
  const bool yes = cell == "true" || cell == "True" || cell == "TRUE";
  if (yes || cell == "false" || cell == "False" || cell == "FALSE") return column.AddBool(row, yes, cell);
  column.AddText(row, cell);
}

Status CsvRecords::Read() {
  constexpr size_t kMaxNames = 10'000;
  if (!simdjson::validate_utf8(rest_.data(), rest_.size())) {
    return MakeError(ErrorCode::kInvalidData, "broken CSV: it is not UTF-8", "ask the provider for UTF-8");
  }
  RETURN_IF_ERROR(NextRecord());
  if (cells_.size() > kMaxNames) {
    return MakeError(ErrorCode::kTooLarge, fmt::format("a CSV header of {} columns", cells_.size()));
  }
  ReadHeader();
  while (!rest_.empty()) {
    line_ = next_line_;
    RETURN_IF_ERROR(NextRecord());
    const bool blank = cells_.size() == 1 && cells_[0].empty();
    if (blank) continue;
    if (cells_.size() != names_.size()) {
      return Invalid(fmt::format("{} cells, the header has {}", cells_.size(), names_.size()));
    }
    RETURN_IF_ERROR(columns_.BeginRow());
    for (size_t i = 0; i < cells_.size(); ++i) AddCell(columns_.Next(names_[i]), cells_[i]);
  }
  return Status::OK();
}

}  // namespace

Status ReadCsvRecords(std::string_view text, const RecordOptions& options, RecordColumns* columns) {
  return CsvRecords(text, options, *columns).Read();
}

}  // namespace penstock::source
