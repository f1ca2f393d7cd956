#include "source/fmp/price_reader.h"

#include <fmt/format.h>

#include <optional>

#include "calendar/exchange_calendar.h"
#include "source/fmp/body.h"
#include "source/fmp/cell_reader_internal.h"
#include "source/fmp/spelling.h"

namespace penstock::source::fmp {
namespace {

namespace od = simdjson::ondemand;

constexpr size_t kMaxBars = 1 << 20;  // 4,000 years of sessions

struct Row {
  std::string date, symbol;
  std::optional<double> open, high, low, close, price, adj_close, volume;
  std::optional<bool> generated;
};

void Add(const std::optional<double>& value, Column<double>* column) {
  value ? column->Add(*value) : column->AddNull();
}

class PriceReader : private CellReader {
 public:
  PriceReader(const ParseContext& context, Series* series) : context_(context), series_(*series) {}

  Status Read(std::string_view bytes) {
    Document document;
    bool good = Open(bytes, &document);
    if (good && bytes.front() == '[') {
      od::array rows;
      shaped_ = true;
      good = Json(document.get_array().get(rows)) &&
             EachElement(rows, [&](Value row) { return ReadRow(row, &good_symbol_); });
    } else if (good) {
      od::object root;
      good = Json(document.get_object().get(root)) && ReadRoot(root);
    }
    good = good && Close(document);
    if (good && !error_.empty()) return ProviderError(error_, context_.raw_key);
    if (good && !shaped_ && !bare_) good = Odd("neither rows nor \"historical\"");
    if (good && listed_ && !found_) good = Odd(fmt::format("no list of {} among them", context_.symbol));
    if (good) return Finish();
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("broken price history: {} in {}", what(), context_.raw_key),
                     "fetch this symbol and day again");
  }

 private:
  bool ReadRoot(od::object root) {
    bare_ = true;  // until a member shows
    return EachMember(root, [&](std::string_view key, Value value) {
      bare_ = false;
      if (key == "Error Message" || key == "error" || key == "message") return ReadText(value, &error_);
      if (key == "generated") return ReadGenerated(value);
      if (key == "symbol") return ReadOwner(value);
      if (key == "historical") {
        shaped_ = true;
        return EachElement(value, [&](Value row) { return ReadRow(row, &good_symbol_); });
      }
      if (key != "historicalStockList") return true;
      shaped_ = listed_ = true;
      return EachElement(value, [&](Value one) { return ReadListed(one); });
    });
  }

  // One of several: rows of another symbol are passed over. The symbol stands first.
  bool ReadListed(Value value) {
    bool ours = false;
    return EachMember(value, [&](std::string_view key, Value member) {
      if (key == "symbol") {
        std::string symbol;
        if (!ReadText(member, &symbol)) return false;
        ours = SameSymbol(symbol, context_.symbol);
        found_ = found_ || ours;
        return true;
      }
      if (key == "generated") return ReadGenerated(member);
      if (key != "historical" || !ours) return true;
      return EachElement(member, [&](Value row) { return ReadRow(row, &good_symbol_); });
    });
  }

  bool ReadOwner(Value value) {
    std::string symbol;
    return ReadText(value, &symbol) && Ours(symbol);
  }

  bool Ours(const std::string& symbol) {
    return symbol.empty() || SameSymbol(symbol, context_.symbol) ||
           Odd(fmt::format("the history of {} where {} was asked for", symbol, context_.symbol));
  }

  bool ReadGenerated(Value value) {
    std::optional<bool> flag;
    if (!ReadFlag(value, &flag)) return false;
    series_.generated = series_.generated || flag.value_or(false);
    return true;
  }

  // `good_symbol`: the spelling last found to be ours; rows repeat it.
  bool ReadRow(Value value, std::string* good_symbol) {
    row_.date.clear();
    row_.symbol.clear();
    row_.open = row_.high = row_.low = row_.close = row_.price = row_.adj_close = row_.volume = std::nullopt;
    const bool read = EachMember(value, [&](std::string_view key, Value cell) {
      if (key == "date") return ReadText(cell, &row_.date);
      if (key == "symbol") return ReadText(cell, &row_.symbol);
      if (key == "open") return ReadCell(cell, &row_.open);
      if (key == "high") return ReadCell(cell, &row_.high);
      if (key == "low") return ReadCell(cell, &row_.low);
      if (key == "close") return ReadCell(cell, &row_.close);
      if (key == "price") return ReadCell(cell, &row_.price);
      if (key == "adjClose") return ReadCell(cell, &row_.adj_close);
      if (key == "volume") return ReadCell(cell, &row_.volume);
      if (key == "generated") return ReadGenerated(cell);
      return true;
    });
    if (!read) return false;
    const auto day = ReadDay(row_.date);
    if (!day) return Odd(fmt::format("a row without a date: \"{}\"", row_.date.substr(0, 20)));
    if (row_.symbol != *good_symbol) {
      if (!Ours(row_.symbol)) return false;
      *good_symbol = row_.symbol;
    }
    if (series_.size() >= kMaxBars) return Odd("more bars than any exchange had days");
    series_.days.push_back(DaysSinceEpoch(*day));
    Add(row_.open, &series_.open);
    Add(row_.high, &series_.high);
    Add(row_.low, &series_.low);
    Add(row_.close ? row_.close : row_.price, &series_.close);
    Add(row_.adj_close, &series_.adj_close);
    row_.volume ? series_.AddVolume(*row_.volume) : series_.volume.AddNull();
    return true;
  }

  Status Finish() {
    series_.currency = context_.symbol.ends_with(".L") ? "GBp" : context_.currency;
    series_.incomplete.assign(series_.size(), 0);
    if (context_.calendar == nullptr) return Status::OK();
    // Only the bars of the day of the answer, and of days that it could not know, may be unfinished.
    const Date day_before = std::chrono::floor<std::chrono::days>(context_.fetched_at) - std::chrono::days(1);
    for (size_t i = 0; i < series_.size(); ++i) {
      if (series_.days[i] < DaysSinceEpoch(day_before)) continue;
      const auto session = context_.calendar->SessionOf(FromDaysSinceEpoch(series_.days[i]));
      if (session && context_.fetched_at < session->close) series_.incomplete[i] = 1;
    }
    return Status::OK();
  }

  const ParseContext& context_;
  Series& series_;
  Row row_;
  std::string error_, good_symbol_;
  bool shaped_ = false, bare_ = false, listed_ = false, found_ = false;
};

}  // namespace

Status ReadPrices(std::string_view bytes, const ParseContext& context, Series* series) {
  return PriceReader(context, series).Read(bytes);
}

}  // namespace penstock::source::fmp
