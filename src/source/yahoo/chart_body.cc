#include "source/yahoo/chart_body.h"

#include <fmt/format.h>

#include <optional>

#include "source/json_reader_internal.h"
#include "source/yahoo/body.h"
#include "source/yahoo/spelling.h"

namespace penstock::source::yahoo {
namespace {

namespace od = simdjson::ondemand;
using simdjson::error_code;

constexpr int64_t kYear10000 = 253402300800;  // Unix seconds of its beginning
constexpr size_t kMaxBars = 1 << 20;          // 4,000 years of sessions

class ChartReader : private JsonReader {
 public:
  ChartReader(const ParseContext& context, std::string_view granularity, ChartBody* body, Series* series)
      : context_(context), granularity_(granularity), body_(*body), meta_(body->meta), series_(*series) {}

  Status Read(std::string_view bytes);

 private:
  bool ReadEnvelope(od::value value);
  bool ReadError(od::value value);
  bool ReadResult(od::value value);
  bool ReadMeta(od::value value);
  bool ReadEvents(od::value value);
  bool ReadAction(od::value value, std::string_view key, bool split);
  bool ReadPrices(od::value value, Column<double>* column, bool* present);
  bool ReadVolumes(od::value value);
  bool ReadInteger(od::value value, std::optional<int64_t>* out);

  Status Finish();
  Status FinishColumns();
  Status Invalid(std::string_view what) const {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{} in {}", what, context_.raw_key),
                     "fetch this symbol and day again");
  }

  const ParseContext& context_;
  const std::string_view granularity_;
  ChartBody& body_;
  ChartMeta& meta_;
  Series& series_;
  bool is_chart_ = false, has_result_ = false, has_error_ = false;
  bool open_ = false, high_ = false, low_ = false, close_ = false, volume_ = false, adj_close_ = false;
  int results_ = 0;
  std::string error_code_, error_description_;
};

bool ChartReader::ReadInteger(od::value value, std::optional<int64_t>* out) {
  int64_t number = 0;
  const error_code code = value.get_int64().get(number);
  if (code == simdjson::SUCCESS) {
    if (number <= -kYear10000 || number >= kYear10000) return Odd("a time beyond the year 9999");
    *out = number;
    return true;
  }
  bool null = false;
  if (value.is_null().get(null) == simdjson::SUCCESS && null) return true;
  return Json(code);
}

bool ChartReader::ReadMeta(od::value value) {
  return EachMember(value, [&](std::string_view key, od::value member) {
    if (key == "symbol") return ReadText(member, &meta_.symbol);
    if (key == "currency") return ReadText(member, &meta_.currency);
    if (key == "exchangeTimezoneName") return ReadText(member, &meta_.zone);
    if (key == "dataGranularity") return ReadText(member, &meta_.granularity);
    if (key == "regularMarketTime") return ReadInteger(member, &meta_.regular_market_time);
    if (key == "gmtoffset") return ReadInteger(member, &meta_.gmt_offset);
    if (key == "generated") return Json(member.get_bool().get(series_.generated));
    if (key != "currentTradingPeriod") return true;
    return EachMember(member, [&](std::string_view part, od::value period) {
      if (part != "regular") return true;
      return EachMember(period, [&](std::string_view name, od::value end) {
        return name != "end" || ReadInteger(end, &meta_.regular_end);
      });
    });
  });
}

bool ChartReader::ReadPrices(od::value value, Column<double>* column, bool* present) {
  column->Clear();
  bool null = false;
  if (!Json(value.is_null().get(null))) return false;
  if (null) return true;
  *present = true;
  od::array array;
  if (!Json(value.get_array().get(array))) return false;
  for (auto element : array) {
    double number = 0;
    const error_code code = element.get_double().get(number);
    if (code == simdjson::SUCCESS) {
      column->Add(number);
    } else if (bool nothing = false; element.is_null().get(nothing) == simdjson::SUCCESS && nothing) {
      column->AddNull();
    } else {
      return Json(code);
    }
    if (column->size() > kMaxBars) return Odd("more bars than any exchange had days");
  }
  return true;
}

bool ChartReader::ReadVolumes(od::value value) {
  series_.volume.Clear();
  bool null = false;
  if (!Json(value.is_null().get(null))) return false;
  if (null) return true;
  volume_ = true;
  od::array array;
  if (!Json(value.get_array().get(array))) return false;
  for (auto element : array) {
    int64_t number = 0;
    if (element.get_int64().get(number) == simdjson::SUCCESS) {
      series_.volume.Add(number);
      continue;
    }
    double fraction = 0;
    const error_code code = element.get_double().get(fraction);
    if (code == simdjson::SUCCESS) {
      series_.AddVolume(fraction);
    } else if (bool nothing = false; element.is_null().get(nothing) == simdjson::SUCCESS && nothing) {
      series_.volume.AddNull();
    } else {
      return Json(code);
    }
    if (series_.volume.size() > kMaxBars) return Odd("more bars than any exchange had days");
  }
  return true;
}

bool ChartReader::ReadAction(od::value value, std::string_view key, bool split) {
  Action action;
  action.split = split;
  std::optional<int64_t> date;
  bool amount = false, numerator = false, denominator = false;
  const bool read = EachMember(value, [&](std::string_view name, od::value member) {
    if (name == "date") return ReadInteger(member, &date);
    if (name == "amount") return amount = ReadNumber(member, &action.amount);
    if (name == "numerator") return numerator = ReadNumber(member, &action.numerator);
    if (name == "denominator") return denominator = ReadNumber(member, &action.denominator);
    return true;
  });
  if (!read) return false;
  if (!date) return Odd(fmt::format("an event without date: {}", key));
  if (split ? !(numerator && denominator) : !amount)
    return Odd(fmt::format("an event without its value: {}", key));
  if (series_.actions.size() > kMaxBars) return Odd("more events than any share had days");
  series_.actions.push_back(action);
  body_.action_stamps.push_back(*date);
  return true;
}

bool ChartReader::ReadEvents(od::value value) {
  return EachMember(value, [&](std::string_view kind, od::value events) {
    const bool split = kind == "splits";
    if (!split && kind != "dividends") return true;
    return EachMember(events,
                      [&](std::string_view key, od::value event) { return ReadAction(event, key, split); });
  });
}

bool ChartReader::ReadResult(od::value value) {
  return EachMember(value, [&](std::string_view key, od::value member) {
    if (key == "meta") return ReadMeta(member);
    if (key == "events") return ReadEvents(member);
    if (key == "timestamp") {
      return EachElement(member, [&](od::value stamp) {
        std::optional<int64_t> seconds;
        if (!ReadInteger(stamp, &seconds)) return false;
        if (!seconds) return Odd("a timestamp that is null");
        body_.stamps.push_back(*seconds);
        return body_.stamps.size() <= kMaxBars || Odd("more bars than any exchange had days");
      });
    }
    if (key != "indicators") return true;
    return EachMember(member, [&](std::string_view kind, od::value list) {
      if (kind != "quote" && kind != "adjclose") return true;
      return EachElement(list, [&](od::value columns) {
        return EachMember(columns, [&](std::string_view name, od::value cells) {
          if (name == "open") return ReadPrices(cells, &series_.open, &open_);
          if (name == "high") return ReadPrices(cells, &series_.high, &high_);
          if (name == "low") return ReadPrices(cells, &series_.low, &low_);
          if (name == "close") return ReadPrices(cells, &series_.close, &close_);
          if (name == "adjclose") return ReadPrices(cells, &series_.adj_close, &adj_close_);
          if (name == "volume") return ReadVolumes(cells);
          return true;
        });
      });
    });
  });
}

bool ChartReader::ReadError(od::value value) {
  return EachMember(value, [&](std::string_view key, od::value member) {
    has_error_ = true;
    if (key == "code") return ReadText(member, &error_code_);
    if (key == "description") return ReadText(member, &error_description_);
    return true;
  });
}

bool ChartReader::ReadEnvelope(od::value value) {
  return EachMember(value, [&](std::string_view key, od::value member) {
    if (key == "error") return ReadError(member);
    if (key != "result") return true;
    return EachElement(member, [&](od::value result) {
      has_result_ = true;
      if (results_++ > 0) return true;  // one symbol is asked for
      return !is_chart_ || ReadResult(result);
    });
  });
}

Status ChartReader::Read(std::string_view bytes) {
  od::document document;
  od::object root;
  const bool good = Open(bytes, &document) && Json(document.get_object().get(root)) &&
                    EachMember(root,
                               [&](std::string_view key, od::value value) {
                                 if (key == "chart") is_chart_ = true;
                                 const bool envelope =
                                     key == "chart" || key == "finance" || key == "quoteSummary";
                                 return !envelope || ReadEnvelope(value);
                               }) &&
                    Close(document);
  if (!good) return Invalid(fmt::format("broken chart JSON: {}", what()));
  return Finish();
}

Status ChartReader::Finish() {
  if (has_error_) {
    if (IsEmptyRange(error_description_)) {
      body_.Clear();
      series_.Clear();
      body_.empty_range = true;
      return Status::OK();
    }
    return ProviderError(error_code_, error_description_, context_.raw_key);
  }
  if (!is_chart_) return Invalid("JSON that is not a chart");
  if (!has_result_) return Invalid("a chart without result and without error");
  if (meta_.symbol.empty()) return Invalid("a chart without meta.symbol");
  if (!SameSymbol(meta_.symbol, context_.symbol)) {
    return Invalid(fmt::format("the chart of {} where {} was asked for", meta_.symbol, context_.symbol));
  }
  if (!meta_.granularity.empty() && meta_.granularity != granularity_) {
    return Invalid(fmt::format("bars of {} instead of {}", meta_.granularity, granularity_));
  }
  series_.currency = meta_.currency;
  return FinishColumns();
}

Status ChartReader::FinishColumns() {
  const size_t rows = body_.stamps.size();
  const auto check = [&](auto& column, bool present, std::string_view name) -> Status {
    if (present && column.size() != rows) {
      return Invalid(fmt::format("{} values of {} beside {} timestamps", column.size(), name, rows));
    }
    if (!present && rows > 0) {
      column.Clear();
      for (size_t i = 0; i < rows; ++i) column.AddNull();
      if (name != "adjclose") series_.notes.push_back(fmt::format("no values of {}", name));
    }
    return Status::OK();
  };
  RETURN_IF_ERROR(check(series_.open, open_, "open"));
  RETURN_IF_ERROR(check(series_.high, high_, "high"));
  RETURN_IF_ERROR(check(series_.low, low_, "low"));
  RETURN_IF_ERROR(check(series_.close, close_, "close"));
  RETURN_IF_ERROR(check(series_.volume, volume_, "volume"));
  return check(series_.adj_close, adj_close_, "adjclose");
}

}  // namespace

void ChartBody::Clear() {
  meta = {};
  stamps.clear();
  action_stamps.clear();
  empty_range = false;
}

Status ReadChartBody(std::string_view bytes, const ParseContext& context, std::string_view granularity,
                     ChartBody* body, Series* series) {
  body->Clear();
  return ChartReader(context, granularity, body, series).Read(bytes);
}

}  // namespace penstock::source::yahoo
