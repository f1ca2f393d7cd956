// CSV, as the items of a distributed Map.
#include <set>

#include "workflow/item_reader.h"
#include "workflow/task.h"

namespace penstock::workflow {
namespace {

Status ReaderFailed(std::string cause) { return MakeTaskError("States.ItemReaderFailed", std::move(cause)); }

// Reads rows one after another.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;  // a byte order mark
  }
  bool done() const { return at_ >= text_.size(); }

  // The next row; empty for an empty line.
  Result<std::vector<std::string>> Next() {
    std::vector<std::string> row;
    bool any = false;
    while (true) {
      std::string cell;
      if (at_ < text_.size() && text_[at_] == '"') {
        any = true;
        RETURN_IF_ERROR(Quoted(cell));
      }
      while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' && text_[at_] != '\r') {
        cell += text_[at_++];
        any = true;
      }
      row.push_back(std::move(cell));
      if (at_ < text_.size() && text_[at_] == delimiter_) {
        ++at_;
        any = true;
        continue;
      }
      if (at_ < text_.size() && text_[at_] == '\r') ++at_;
      if (at_ < text_.size() && text_[at_] == '\n') ++at_;
      if (!any) row.clear();
      return row;
    }
  }

 private:
  Status Quoted(std::string& cell) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '"') {
        cell += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        cell += text_[++at_];
      } else {
        ++at_;
        return Status::OK();
      }
    }
    return ReaderFailed("The CSV file has a quoted field that does not end.");
  }

  const std::string_view text_;
  const char delimiter_;
  size_t at_ = 0;
};

}  // namespace

Result<json::array> ReadCsvItems(std::string_view text, std::vector<std::string> headers, char delimiter,
                                 int64_t max_items) {
  CsvScanner scanner(text, delimiter);
  while (headers.empty() && !scanner.done()) {
    ASSIGN_OR_RETURN(headers, scanner.Next());
  }
  if (headers.empty()) return ReaderFailed("The CSV file has no headers.");
  if (std::set<std::string>(headers.begin(), headers.end()).size() != headers.size()) {
    return ReaderFailed("CSV headers cannot contain duplicates.");
  }
  json::array items;
  while (!scanner.done() && static_cast<int64_t>(items.size()) < max_items) {
    ASSIGN_OR_RETURN(auto row, scanner.Next());
    if (row.empty()) continue;
    row.resize(headers.size());
    json::object item;
    item.reserve(headers.size());
    for (size_t i = 0; i < headers.size(); ++i) item[headers[i]] = std::move(row[i]);
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace penstock::workflow
