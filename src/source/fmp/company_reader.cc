#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "base/utf8.h"
#include "source/fmp/body.h"
#include "source/fmp/cell_reader_internal.h"
#include "source/fmp/fmp_fundamentals.h"
#include "source/fmp/spelling.h"
#include "source/opened_body.h"

namespace penstock::source::fmp {
namespace {

constexpr size_t kMaxRows = 1 << 20;

// FMP's names (stable, then legacy) to ours.
const std::unordered_map<std::string_view, std::string_view>& Names() {
  static const std::unordered_map<std::string_view, std::string_view> names = {
      {"symbol", "symbol"},
      {"oldSymbol", "symbol"},
      {"newSymbol", "renamed_to"},
      {"companyName", "name"},
      {"name", "name"},
      {"exchange", "exchange"},
      {"exchangeShortName", "exchange"},
      {"sector", "sector"},
      {"industry", "industry"},
      {"country", "country"},
      {"currency", "currency"},
      {"marketCap", "market_cap"},
      {"mktCap", "market_cap"},
      {"beta", "beta"},
      {"price", "price"},
      {"averageVolume", "volume_avg"},
      {"volAvg", "volume_avg"},
      {"avgVolume", "volume_avg"},
      {"priceToEarningsRatioTTM", "pe"},
      {"priceToEarningsRatio", "pe"},
      {"peRatioTTM", "pe"},
      {"pe", "pe"},
      {"priceToBookRatioTTM", "pb"},
      {"priceToBookRatio", "pb"},
      {"dividendYieldTTM", "dividend_yield"},
      {"dividendYield", "dividend_yield"},
      {"dividendYielTTM", "dividend_yield"},
      {"netIncomePerShareTTM", "eps"},
      {"eps", "eps"},
      {"revenue", "revenue"},
      {"netIncome", "net_income"},
      {"returnOnEquityTTM", "roe"},
      {"returnOnEquity", "roe"},
      {"debtToEquityRatioTTM", "debt_to_equity"},
      {"debtToEquityRatio", "debt_to_equity"},
      {"debtEquityRatioTTM", "debt_to_equity"},
      {"isEtf", "is_etf"},
      {"isActivelyTrading", "is_actively_trading"},
      {"ipoDate", "ipo_date"},
      {"delistedDate", "delisted"}};
  return names;
}

// Takes rows cell by cell and makes the batch.
class Companies : private CellReader {
 public:
  explicit Companies(const FundamentalContext& context) : context_(context), schema_(FundamentalsSchema()) {
    for (const std::string& symbol : context.symbols) spelled_.emplace(FmpSpelling(symbol), symbol);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Read(std::string_view bytes) {
    for (const auto& field : schema_->fields()) {
      ASSIGN_OR_RETURN(auto builder, arrow::MakeBuilder(field->type()));
      builders_.push_back(std::move(builder));
    }
    const bool read = bytes.front() == '[' ? ReadJson(bytes) : ReadCsv(bytes);
    if (!read) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("broken companies: {} in {}", what(), context_.raw_key),
                       "fetch them again");
    }
    arrow::ArrayVector columns;
    for (const auto& builder : builders_) {
      ASSIGN_OR_RETURN(auto column, builder->Finish());
      columns.push_back(std::move(column));
    }
    const int64_t rows = columns[0]->length();
    return arrow::RecordBatch::Make(schema_, rows, std::move(columns));
  }

 private:
  struct Cell {
    bool valid = false;
    std::string text;
    double number = 0;  // also a day, and 1 for true
  };

  int ColumnOf(std::string_view name) const {
    const auto found = Names().find(name);
    return found == Names().end() ? -1 : schema_->GetFieldIndex(std::string(found->second));
  }
  arrow::Type::type TypeOf(int column) const { return schema_->field(column)->type()->id(); }

  // `text` as the column wants it; none stays none.
  bool Take(int column, std::string_view text, Cell* cell) {
    *cell = {};
    if (text.empty()) return true;
    const auto type = TypeOf(column);
    if (type == arrow::Type::STRING) {
      cell->text = ReplaceInvalidUtf8(text);  // CSV may be anything
      cell->valid = true;
    } else if (type == arrow::Type::DOUBLE) {
      std::optional<double> number;
      if (!ReadNumberText(text, &number)) return Odd(fmt::format("no number: \"{}\"", text.substr(0, 20)));
      cell->valid = number.has_value();
      cell->number = number.value_or(0);
    } else if (type == arrow::Type::BOOL) {
      if (text != "true" && text != "false") return Odd("neither true nor false");
      cell->valid = true;
      cell->number = text == "true";
    } else {
      const auto day = ReadDay(text);  // "N/A", "0000-00-00": FMP's ways to say none
      cell->valid = day.has_value();
      if (day) cell->number = DaysSinceEpoch(*day);
    }
    return true;
  }

  bool ReadJson(std::string_view bytes) {
    Document document;
    simdjson::ondemand::array rows;
    return Open(bytes, &document) && Json(document.get_array().get(rows)) &&
           EachElement(rows,
                       [&](Value row) {
                         row_.fill({});
                         return EachMember(row,
                                           [&](std::string_view key, Value value) {
                                             const int column = ColumnOf(key);
                                             return column < 0 || TakeJson(column, value);
                                           }) &&
                                Finish();
                       }) &&
           Close(document);
  }

  bool TakeJson(int column, Value value) {
    Cell cell;
    if (TypeOf(column) == arrow::Type::DOUBLE) {
      std::optional<double> number;
      if (!ReadCell(value, &number)) return false;
      cell.valid = number.has_value();
      cell.number = number.value_or(0);
    } else if (TypeOf(column) == arrow::Type::BOOL) {
      std::optional<bool> flag;
      if (!ReadFlag(value, &flag)) return false;
      cell.valid = flag.has_value();
      cell.number = flag.value_or(false);
    } else {
      std::string text;
      if (!ReadText(value, &text) || !Take(column, text, &cell)) return false;
    }
    Keep(column, std::move(cell));
    return true;
  }

  // The short name of an exchange ("exchangeShortName") comes behind the long one; a null unsays nothing.
  void Keep(int column, Cell cell) {
    if (cell.valid) row_[static_cast<size_t>(column)] = std::move(cell);
  }

  // One record of RFC 4180: quotes, doubled quotes, line breaks within.
  bool NextRecord(std::string_view* text, std::vector<std::string>* cells) {
    cells->assign(1, "");
    bool quoted = false;
    for (size_t i = 0; i < text->size(); ++i) {
      const char c = (*text)[i];
      if (quoted && c == '"' && i + 1 < text->size() && (*text)[i + 1] == '"') {
        cells->back() += '"';
        ++i;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && c == ',') {
        cells->emplace_back();
      } else if (!quoted && c == '\n') {
        text->remove_prefix(i + 1);
        return true;
      } else if (quoted || c != '\r') {
        cells->back() += c;
      }
    }
    text->remove_prefix(text->size());
    return !quoted || Odd("a quoted cell does not end");
  }

  bool ReadCsv(std::string_view text) {
    std::vector<std::string> cells;
    std::vector<int> columns;
    if (!NextRecord(&text, &cells)) return false;
    for (const std::string& name : cells) columns.push_back(ColumnOf(name));
    if (std::find(columns.begin(), columns.end(), 0) == columns.end()) return Odd("no column symbol");
    while (!text.empty()) {
      if (!NextRecord(&text, &cells)) return false;
      if (cells.size() == 1 && cells[0].empty()) continue;
      // A comma too many at the end of a line is FMP's own.
      const bool trailing = cells.size() == columns.size() + 1 && cells.back().empty();
      if (cells.size() != columns.size() && !trailing) return Odd("a line with another number of cells");
      row_.fill({});
      for (size_t i = 0; i < columns.size(); ++i) {
        Cell cell;
        if (columns[i] < 0) continue;
        if (!Take(columns[i], cells[i], &cell)) return false;
        Keep(columns[i], std::move(cell));
      }
      if (!Finish()) return false;
    }
    return true;
  }

  // The row under way into the builders.
  bool Finish() {
    if (!row_[0].valid) return Odd("a row without symbol");
    if (seen_.size() >= kMaxRows) return Odd("more companies than there are");
    if (!seen_.insert(row_[0].text).second) return true;  // newest first: the others are older
    if (!context_.symbols.empty()) {
      const auto ours = spelled_.find(row_[0].text);
      if (ours == spelled_.end()) return true;
      row_[0].text = ours->second;
    }
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const Status appended = Append(i, row_[static_cast<size_t>(i)]);
      if (!appended.ok()) return Odd(appended.message());
    }
    return true;
  }

  Status Append(int column, const Cell& cell) {
    arrow::ArrayBuilder* const builder = builders_[static_cast<size_t>(column)].get();
    if (TypeOf(column) == arrow::Type::TIMESTAMP) {
      const auto ms =
          std::chrono::floor<std::chrono::milliseconds>(context_.fetched_at).time_since_epoch().count();
      return static_cast<arrow::TimestampBuilder*>(builder)->Append(ms);
    }
    if (!cell.valid) return builder->AppendNull();
    switch (TypeOf(column)) {
      case arrow::Type::STRING: return static_cast<arrow::StringBuilder*>(builder)->Append(cell.text);
      case arrow::Type::BOOL: return static_cast<arrow::BooleanBuilder*>(builder)->Append(cell.number != 0);
      case arrow::Type::DATE32:
        return static_cast<arrow::Date32Builder*>(builder)->Append(static_cast<int32_t>(cell.number));
      default: return static_cast<arrow::DoubleBuilder*>(builder)->Append(cell.number);
    }
  }

  const FundamentalContext& context_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
  std::unordered_map<std::string, std::string> spelled_;  // FMP's to the file's
  std::unordered_set<std::string> seen_;
  std::array<Cell, 32> row_;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> ReadCompanies(std::string_view bytes,
                                                          const FundamentalContext& context) {
  std::string inflated;
  ASSIGN_OR_RETURN(bytes, OpenBody(bytes, context.raw_key, &inflated));
  const std::string said = ErrorTextOf(bytes);
  if (!said.empty()) return ProviderError(said, context.raw_key);
  if (SaysNothing(bytes)) return arrow::RecordBatch::MakeEmpty(FundamentalsSchema());
  return Companies(context).Read(bytes);
}

}  // namespace penstock::source::fmp
