#include "stream/record_lines.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/json_text.h"
#include "base/utf8.h"
#include "stream/put_request.h"

namespace penstock::stream {
namespace {

constexpr size_t kMostCells = 10'000;  // of a row of CSV

Status BadLine(size_t number, std::string_view what) {
  return MakeError(ErrorCode::kInvalidData, fmt::format("line {}: {}", number, what),
                   "nothing of this request was stored; correct the line, and send all of it again");
}

Status TooLarge(size_t number, const std::string& what, const char* advice) {
  return MakeError(ErrorCode::kTooLarge, fmt::format("line {}: {}", number, what),
                   fmt::format("nothing of this request was stored; {}", advice));
}

// Takes the records of one body.
class LineSink {
 public:
  LineSink(RecordGroup* group, const LineLimits& limits) : group_(group), limits_(limits) {}

  // `line` counts from 1 within the body.
  size_t Number(size_t line) const { return line + limits_.first_line - 1; }
  Status CheckSize(std::string_view data, size_t line) const {
    if (data.size() + 1 <= kMostDataBytes) return Status::OK();
    return TooLarge(Number(line),
                    fmt::format("{} bytes; a record has at most {}", data.size() + 1, kMostDataBytes),
                    "split the record");
  }
  Status Add(std::string_view data, size_t line) {
    RETURN_IF_ERROR(CheckSize(data, line));
    if (group_->sizes.size() >= limits_.records) {
      return TooLarge(Number(line), fmt::format("one request has at most {} records", limits_.records),
                      "split it");
    }
    if (group_->bytes.size() + data.size() + 1 > limits_.bytes) {
      return TooLarge(
          Number(line),
          fmt::format("the records so far are {} bytes, of {} that one request may come to (a row of CSV has "
                      "each column's name)",
                      group_->bytes.size(), limits_.bytes),
          "split it");
    }
    group_->bytes.append(data).push_back('\n');
    group_->sizes.push_back(static_cast<uint32_t>(data.size() + 1));
    return Status::OK();
  }

 private:
  RecordGroup* const group_;
  const LineLimits limits_;
};

// Whether it is one JSON value and no more.
class JsonCheck {
 public:
  // Empty: it is.
  std::string_view Why(std::string_view line) {
    simdjson::dom::element element;
    const auto error = parser_.parse(line.data(), line.size()).get(element);
    if (error == simdjson::SUCCESS) return {};
    // "TAPE_ERROR: The JSON document has …, etc.  This is a fatal and unrecoverable error."
    std::string_view why = simdjson::error_message(error);
    if (const size_t name = why.find(": "); name != why.npos) why.remove_prefix(name + 2);
    return why.substr(0, why.find("  "));
  }

 private:
  simdjson::dom::parser parser_;
};

Status ReadPlainLines(std::string_view body, bool json, LineSink sink) {
  thread_local JsonCheck check;
  for (size_t number = 1; !body.empty(); ++number) {
    const size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    RETURN_IF_ERROR(sink.CheckSize(line, number));  // before a parser makes room for it
    if (json) {
      const std::string_view why = check.Why(line);
      if (!why.empty()) return BadLine(sink.Number(number), fmt::format("not JSON: {}", why));
    } else if (!IsUtf8(line)) {
      return BadLine(sink.Number(number), "text that is not UTF-8");
    }
    RETURN_IF_ERROR(sink.Add(line, number));
  }
  return Status::OK();
}

struct Cell {
  std::string text;
  bool quoted = false;
};

// Rows one after another.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}
  bool done() const { return at_ >= text_.size(); }
  size_t line() const { return line_; }  // of the row that came last

  // The next row; no cells for an empty line.
  Status Next(std::vector<Cell>* row) {
    row->clear();
    line_ = next_line_;
    while (true) {
      if (row->size() == kMostCells) {
        return BadLine(line_, fmt::format("more than {} cells", kMostCells));
      }
      Cell& cell = row->emplace_back();
      if (at_ < text_.size() && text_[at_] == '"') RETURN_IF_ERROR(Quoted(&cell));
      const size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
      if (cell.quoted && end > at_) return BadLine(line_, "letters behind a closing quotation mark");
      cell.text.append(text_.substr(at_, end - at_));
      at_ = end;
      if (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      if (at_ < text_.size() && text_[at_] == '\r') ++at_;
      if (at_ < text_.size() && text_[at_] == '\n') {
        ++at_;
        ++next_line_;
      }
      if (row->size() == 1 && row->front().text.empty() && !row->front().quoted) row->clear();
      return Status::OK();
    }
  }

 private:
  Status Quoted(Cell* cell) {
    cell->quoted = true;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++next_line_;
      if (text_[at_] != '"') {
        cell->text += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        cell->text += text_[++at_];
      } else {
        ++at_;
        return Status::OK();
      }
    }
    return BadLine(line_, "a quotation mark that is not closed");
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1, next_line_ = 1;
};

// -?(0|[1-9][0-9]*)(\.[0-9]+)?
bool IsPlainNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto digits = [&] {
    const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view run = text.substr(0, count);
    text.remove_prefix(count);
    return run;
  };
  const std::string_view whole = digits();
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
  if (text.empty()) return true;
  if (text.front() != '.') return false;
  text.remove_prefix(1);
  return !digits().empty() && text.empty();
}

void AppendCell(const Cell& cell, std::string& out) {
  if (!cell.quoted) {
    if (cell.text.empty()) {
      out += "null";
      return;
    }
    // As it is written: no digit of a price is lost on the way.
    if (IsPlainNumber(cell.text) || cell.text == "true" || cell.text == "false") {
      out += cell.text;
      return;
    }
  }
  AppendJson(json::value(cell.text), out);
}

Status ReadCsv(std::string_view body, LineSink sink) {
  if (!IsUtf8(body)) return MakeError(ErrorCode::kInvalidData, "the CSV is not UTF-8");
  CsvReader reader(body);
  std::vector<Cell> row;
  while (row.empty() && !reader.done()) RETURN_IF_ERROR(reader.Next(&row));
  if (row.empty())
    return MakeError(ErrorCode::kInvalidData, "no header: the first line of CSV names the columns");
  std::vector<std::string> keys;
  std::set<std::string> names;
  for (const Cell& cell : row) {
    if (cell.text.empty() || !names.insert(cell.text).second) {
      return BadLine(reader.line(), "a header with an empty name, or with a name twice");
    }
    std::string& key = keys.emplace_back();
    AppendJson(json::value(cell.text), key);
  }
  std::string record;
  while (!reader.done()) {
    RETURN_IF_ERROR(reader.Next(&row));
    if (row.empty()) continue;
    if (row.size() != keys.size()) {
      return BadLine(reader.line(), fmt::format("{} cells, the header has {}", row.size(), keys.size()));
    }
    record = "{";
    for (size_t i = 0; i < keys.size(); ++i) {
      record.append(i == 0 ? "" : ",").append(keys[i]).append(":");
      AppendCell(row[i], record);
    }
    record += '}';
    RETURN_IF_ERROR(sink.Add(record, reader.line()));
  }
  return Status::OK();
}

}  // namespace

Result<LineFormat> LineFormatOf(std::string_view content_type) {
  if (content_type.empty() || content_type == "application/x-ndjson" ||
      content_type == "application/ndjson" || content_type == "application/jsonl" ||
      content_type == "application/json-lines" || content_type == "application/json" ||
      content_type == "application/x-www-form-urlencoded") {
    return LineFormat::kJson;
  }
  if (content_type == "text/csv") return LineFormat::kCsv;
  if (content_type == "text/plain") return LineFormat::kText;
  return MakeError(ErrorCode::kUsage,
                   fmt::format("Content-Type: {} is none that records come in", content_type),
                   "send application/x-ndjson (a JSON object a line), text/csv with a header, or text/plain");
}

Status ReadLines(std::string_view body, LineFormat format, RecordGroup* group, const LineLimits& limits) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  group->bytes.reserve(group->bytes.size() + body.size() + 1);
  const LineSink sink(group, limits);
  return format == LineFormat::kCsv ? ReadCsv(body, sink)
                                    : ReadPlainLines(body, format == LineFormat::kJson, sink);
}

}  // namespace penstock::stream
