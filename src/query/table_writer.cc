// Results for people: an aligned table, and Markdown.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "query/cell_text.h"
#include "query/display_width.h"
#include "query/result_writer.h"

namespace penstock::query {
namespace {

constexpr size_t kBufferedRows = 10'000;
constexpr size_t kGap = 2;        // columns between two cells
constexpr size_t kNarrowest = 6;  // a text is cut down to this before columns are left out

struct Column {
  std::string name;
  bool numeric = false;
  size_t width = 0;
  bool shown = true;
};

using Row = std::vector<std::string>;

std::string Cell(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return "NULL";
  std::string text;
  AppendText(column, row, &text);
  return WithoutControls(text);
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  for (;;) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

size_t WidestLine(std::string_view text) {
  size_t width = 0;
  for (const auto line : Lines(text)) width = std::max(width, DisplayWidth(line));
  return width;
}

class Table {
 public:
  Table(const arrow::Schema& schema, const ByteSink& sink) : sink_(sink) {
    for (const auto& field : schema.fields()) {
      columns_.push_back({WithoutControls(field->name()), IsNumeric(*field->type())});
      columns_.back().width = std::max<size_t>(1, WidestLine(columns_.back().name));
    }
  }

  void Add(Row row) {
    for (size_t i = 0; i < row.size(); ++i)
      columns_[i].width = std::max(columns_[i].width, WidestLine(row[i]));
    rows_.push_back(std::move(row));
  }

  size_t buffered() const { return rows_.size(); }

  // Widths are fixed from here on.
  Status Begin(size_t width) {
    fitted_ = width > 0;
    if (fitted_) Fit(width);
    Row names;
    std::string rule;
    for (const Column& column : columns_) {
      names.push_back(column.name);
      if (!column.shown) continue;
      if (!rule.empty()) rule += "  ";
      for (size_t i = 0; i < column.width; ++i) rule += "─";
    }
    RETURN_IF_ERROR(Print(names));
    RETURN_IF_ERROR(sink_(rule + "\n"));
    for (const Row& row : rows_) RETURN_IF_ERROR(Print(row));
    rows_.clear();
    return Status::OK();
  }

  Status Print(const Row& row) {
    std::vector<std::vector<std::string_view>> cells;
    size_t height = 1;
    for (size_t i = 0; i < row.size(); ++i) {
      cells.push_back(Lines(row[i]));
      if (columns_[i].shown) height = std::max(height, cells.back().size());
    }
    std::string out;
    for (size_t line = 0; line < height; ++line) {
      std::string printed;
      bool first = true;
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (!columns_[i].shown) continue;
        if (!first) printed.append(kGap, ' ');
        first = false;
        const std::string_view whole = line < cells[i].size() ? cells[i][line] : "";
        const std::string text =
            fitted_ && !columns_[i].numeric ? FitToWidth(whole, columns_[i].width) : std::string(whole);
        const size_t padding = columns_[i].width - std::min(columns_[i].width, DisplayWidth(text));
        if (columns_[i].numeric) printed.append(padding, ' ');
        printed += text;
        if (!columns_[i].numeric) printed.append(padding, ' ');
      }
      printed.erase(printed.find_last_not_of(' ') + 1);
      out += printed + "\n";
    }
    return sink_(out);
  }

  std::string HiddenColumns() const {
    std::string names;
    for (const Column& column : columns_) {
      if (!column.shown) names += (names.empty() ? "" : ", ") + column.name;
    }
    return names;
  }

 private:
  size_t Total() const {
    size_t total = 0;
    for (const Column& column : columns_) total += column.shown ? column.width + kGap : 0;
    return total > kGap ? total - kGap : 0;
  }

  void Fit(size_t width) {
    // The widest text gives way first; numbers are never cut, a cut number is a wrong one.
    while (Total() > width) {
      Column* widest = nullptr;
      for (Column& column : columns_) {
        if (!column.numeric && column.width > kNarrowest &&
            (widest == nullptr || column.width > widest->width))
          widest = &column;
      }
      if (widest == nullptr) break;
      --widest->width;
    }
    for (size_t i = columns_.size(); i-- > 1 && Total() > width;) columns_[i].shown = false;
  }

  const ByteSink& sink_;
  std::vector<Column> columns_;
  std::vector<Row> rows_;
  bool fitted_ = false;  // to a terminal: texts wider than their column are cut
};

}  // namespace

Result<int64_t> WriteTable(ResultStream& stream, const WriteOptions& options, const ByteSink& sink) {
  Table table(*stream.schema(), sink);
  const auto width = static_cast<size_t>(std::max(options.width, 0));
  int64_t rows = 0;
  bool begun = false;
  for (;;) {
    ASSIGN_OR_RETURN(const auto batch, stream.Next());
    if (batch == nullptr) break;
    for (int64_t row = 0; row < batch->num_rows(); ++row, ++rows) {
      if (options.shown_rows > 0 && rows >= options.shown_rows) {
        rows += batch->num_rows() - row;
        break;
      }
      Row cells;
      for (const auto& column : batch->columns()) cells.push_back(Cell(*column, row));
      if (begun) {
        RETURN_IF_ERROR(table.Print(cells));
      } else {
        table.Add(std::move(cells));
        if (table.buffered() == kBufferedRows) {
          RETURN_IF_ERROR(table.Begin(width));
          begun = true;
        }
      }
    }
  }
  if (!begun) RETURN_IF_ERROR(table.Begin(width));
  std::string foot;
  if (const int64_t more = options.shown_rows > 0 ? rows - options.shown_rows : 0; more > 0) {
    foot += "… " + std::to_string(more) + (more == 1 ? " more row\n" : " more rows\n");
  } else if (rows == 0) {
    foot += "(no rows)\n";
  }
  if (stream.truncated()) foot += "… and more: the result was cut at its row limit\n";
  if (const std::string hidden = table.HiddenColumns(); !hidden.empty())
    foot += "(not shown for lack of width: " + hidden + ")\n";
  RETURN_IF_ERROR(sink(foot));
  return rows;
}

Result<int64_t> WriteMarkdown(ResultStream& stream, const ByteSink& sink) {
  // GitHub Flavored Markdown, section 4.10: '|' is escaped, a cell is one line.
  const auto escaped = [](std::string_view text) {
    std::string cell;
    for (const char c : WithoutControls(text)) {
      if (c == '\n') {
        cell += "<br>";
      } else {
        if (c == '|' || c == '\\' || c == '<' || c == '`' || c == '*' || c == '_') cell += '\\';
        cell += c;
      }
    }
    return cell;
  };
  std::string head = "|";
  std::string rule = "|";
  for (const auto& field : stream.schema()->fields()) {
    head += " " + escaped(field->name()) + " |";
    rule += IsNumeric(*field->type()) ? " ---: |" : " --- |";
  }
  RETURN_IF_ERROR(sink(head + "\n" + rule + "\n"));
  int64_t rows = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const auto batch, stream.Next());
    if (batch == nullptr) return rows;
    std::string out;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      out += '|';
      for (const auto& column : batch->columns()) {
        std::string text;
        AppendText(*column, row, &text);
        out += column->IsNull(row) ? " NULL |" : " " + escaped(text) + " |";
      }
      out += '\n';
    }
    rows += batch->num_rows();
    RETURN_IF_ERROR(sink(out));
  }
}

}  // namespace penstock::query
