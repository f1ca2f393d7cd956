#include "source/series.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>

#include "source/schema.h"

namespace penstock::source {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

// Quoted in a hundredth of the currency.
struct MinorUnit {
  std::string_view quoted, currency;
};
constexpr MinorUnit kMinorUnits[] = {{"GBp", "GBP"}, {"GBX", "GBP"}, {"ZAc", "ZAR"}, {"ILA", "ILS"}};

template <typename T>
void Permute(const std::vector<uint32_t>& order, std::vector<T>* values) {
  std::vector<T> sorted(values->size());
  for (size_t i = 0; i < order.size(); ++i) sorted[i] = (*values)[order[i]];
  values->swap(sorted);
}

template <typename T>
void Permute(const std::vector<uint32_t>& order, Column<T>* column) {
  Permute(order, &column->values);
  Permute(order, &column->valid);
}

void SortByDay(Series* series) {
  std::stable_sort(series->actions.begin(), series->actions.end(), [](const Action& a, const Action& b) {
    return a.day != b.day ? a.day < b.day : a.split < b.split;
  });
  if (std::is_sorted(series->days.begin(), series->days.end())) return;
  std::vector<uint32_t> order(series->size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return series->days[a] < series->days[b]; });
  Permute(order, &series->days);
  Permute(order, &series->incomplete);
  for (auto* column : {&series->open, &series->high, &series->low, &series->close, &series->adj_close}) {
    Permute(order, column);
  }
  Permute(order, &series->volume);
}

// The last row into the one before it: the live quote of a session belongs to that session's bar.
void MergeLiveRow(Series* series) {
  const size_t last = series->size() - 1, bar = last - 1;
  const auto merge = [&](auto* column, auto choose) {
    if (column->valid[last]) {
      column->values[bar] =
          column->valid[bar] ? choose(column->values[bar], column->values[last]) : column->values[last];
      column->valid[bar] = 1;
    }
    column->PopBack();
  };
  const auto earlier = [](auto a, auto) { return a; };
  const auto later = [](auto, auto b) { return b; };
  const auto larger = [](auto a, auto b) { return std::max(a, b); };
  merge(&series->open, earlier);
  merge(&series->high, larger);
  merge(&series->low, [](auto a, auto b) { return std::min(a, b); });
  merge(&series->close, later);
  merge(&series->adj_close, later);
  merge(&series->volume, larger);
  series->incomplete[bar] |= series->incomplete[last];
  series->incomplete.pop_back();
  series->days.pop_back();
  series->notes.push_back(fmt::format("the live row of {} merged into its bar",
                                      FormatDate(FromDaysSinceEpoch(series->days[bar]))));
}

void NoteDuplicates(Series* series) {
  const auto twice = std::adjacent_find(series->days.begin(), series->days.end());
  if (twice != series->days.end()) {
    series->notes.push_back(fmt::format("more than one row of {}", FormatDate(FromDaysSinceEpoch(*twice))));
  }
}

// In decimal, as a person moves the point: 280.9 pence are 2.809 pounds, not 2.8089999999999997. Prices are
// quoted in decimal; the double nearest to them is what we were given.
double Hundredth(double price) {
  char text[40];
  const auto written = std::to_chars(text, text + sizeof text - 4, price, std::chars_format::scientific);
  // "2.809e+02": the exponent, less two.
  char* exponent = std::find(text, written.ptr, 'e');
  if (exponent == written.ptr) return price / 100;  // infinite, or no number
  int power = 0;
  std::from_chars(exponent[1] == '+' ? exponent + 2 : exponent + 1, written.ptr, power);
  const auto end = std::to_chars(exponent + 1, text + sizeof text, power - 2).ptr;
  double pounds = 0;
  std::from_chars(text, end, pounds);
  return pounds;
}

void ToWantedCurrency(const ParseContext& context, Series* series) {
  if (series->currency.empty()) {
    if (series->size() > 0)
      series->notes.push_back(fmt::format("no currency given: taken as {}", context.currency));
    series->currency = context.currency;
  }
  const auto unit = std::find_if(std::begin(kMinorUnits), std::end(kMinorUnits),
                                 [&](const MinorUnit& u) { return u.quoted == series->currency; });
  if (unit == std::end(kMinorUnits) || unit->currency != context.currency) return;
  for (auto* column : {&series->open, &series->high, &series->low, &series->close, &series->adj_close}) {
    for (double& price : column->values) price = Hundredth(price);
  }
  for (Action& action : series->actions) action.amount = Hundredth(action.amount);
  series->notes.push_back(fmt::format("prices in {} divided by 100", series->currency));
  series->currency = context.currency;
}

template <typename T>
Result<std::shared_ptr<arrow::Buffer>> BufferOf(const std::vector<T>& values) {
  ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> buffer,
                   arrow::AllocateBuffer(static_cast<int64_t>(values.size() * sizeof(T))));
  if (!values.empty()) std::memcpy(buffer->mutable_data(), values.data(), values.size() * sizeof(T));
  return buffer;
}

// One bit a row, least significant first (Arrow columnar format, "Validity bitmaps").
Result<std::shared_ptr<arrow::Buffer>> BitsOf(const std::vector<uint8_t>& flags) {
  ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> buffer,
                   arrow::AllocateBuffer(static_cast<int64_t>((flags.size() + 7) / 8)));
  uint8_t* const bits = buffer->mutable_data();
  std::memset(bits, 0, static_cast<size_t>(buffer->size()));
  for (size_t i = 0; i < flags.size(); ++i) bits[i / 8] |= static_cast<uint8_t>((flags[i] != 0) << (i % 8));
  return buffer;
}

template <typename T>
Result<std::shared_ptr<arrow::Array>> ArrayOf(const Column<T>& column,
                                              const std::shared_ptr<arrow::DataType>& type) {
  const auto rows = static_cast<int64_t>(column.size());
  const int64_t nulls = std::count(column.valid.begin(), column.valid.end(), 0);
  ASSIGN_OR_RETURN(auto values, BufferOf(column.values));
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls > 0) {
    ASSIGN_OR_RETURN(validity, BitsOf(column.valid));
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(values)}, nulls));
}

template <typename T>
Result<std::shared_ptr<arrow::Array>> ArrayOf(const std::vector<T>& values,
                                              const std::shared_ptr<arrow::DataType>& type) {
  ASSIGN_OR_RETURN(auto buffer, BufferOf(values));
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, static_cast<int64_t>(values.size()), {nullptr, std::move(buffer)}, 0));
}

Result<std::shared_ptr<arrow::Array>> Same(const std::string& text, size_t rows) {
  return arrow::MakeArrayFromScalar(arrow::StringScalar(text), static_cast<int64_t>(rows));
}

Result<std::shared_ptr<arrow::Array>> SameTime(TimePoint time, size_t rows,
                                               const std::shared_ptr<arrow::DataType>& type) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  return ArrayOf(std::vector<int64_t>(rows, milliseconds), type);
}

Result<std::shared_ptr<arrow::RecordBatch>> Bars(const Series& series, const ParseContext& context,
                                                 const std::string& source) {
  static const std::shared_ptr<arrow::Schema> schema = ParsedBarsSchema();
  const size_t rows = series.size();
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    const std::string& name = field->name();
    std::shared_ptr<arrow::Array> array;
    if (name == "symbol") {
      ASSIGN_OR_RETURN(array, Same(context.symbol, rows));
    } else if (name == "date") {
      ASSIGN_OR_RETURN(array, ArrayOf(series.days, field->type()));
    } else if (name == "open") {
      ASSIGN_OR_RETURN(array, ArrayOf(series.open, field->type()));
    } else if (name == "high") {
      ASSIGN_OR_RETURN(array, ArrayOf(series.high, field->type()));
    } else if (name == "low") {
      ASSIGN_OR_RETURN(array, ArrayOf(series.low, field->type()));
    } else if (name == "close") {
      ASSIGN_OR_RETURN(array, ArrayOf(series.close, field->type()));
    } else if (name == "adj_close") {
      ASSIGN_OR_RETURN(array, ArrayOf(series.adj_close, field->type()));
    } else if (name == "volume") {
      ASSIGN_OR_RETURN(array, ArrayOf(series.volume, field->type()));
    } else if (name == "currency") {
      ASSIGN_OR_RETURN(array, Same(series.currency, rows));
    } else if (name == "source") {
      ASSIGN_OR_RETURN(array, Same(source, rows));
    } else if (name == "fetched_at") {
      ASSIGN_OR_RETURN(array, SameTime(context.fetched_at, rows, field->type()));
    } else if (name == "incomplete") {
      ASSIGN_OR_RETURN(auto bits, BitsOf(series.incomplete));
      array = arrow::MakeArray(
          arrow::ArrayData::Make(field->type(), static_cast<int64_t>(rows), {nullptr, std::move(bits)}, 0));
    } else {
      return MakeError(ErrorCode::kInternal, "no values for the column of daily bars " + name);
    }
    columns.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> Actions(const Series& series, const ParseContext& context,
                                                    const std::string& source) {
  static const std::shared_ptr<arrow::Schema> schema = ActionsSchema();
  const size_t rows = series.actions.size();
  static const std::shared_ptr<arrow::RecordBatch> none =
      arrow::RecordBatch::MakeEmpty(schema).ValueOr(nullptr);
  if (rows == 0 && none != nullptr) return none;
  std::vector<int32_t> days;
  Column<double> amount, numerator, denominator;
  arrow::StringBuilder kinds;
  for (const Action& action : series.actions) {
    days.push_back(action.day);
    RETURN_IF_ERROR(kinds.Append(action.split ? "split" : "dividend"));
    action.split ? amount.AddNull() : amount.Add(action.amount);
    action.split ? numerator.Add(action.numerator) : numerator.AddNull();
    action.split ? denominator.Add(action.denominator) : denominator.AddNull();
  }
  arrow::ArrayVector columns(static_cast<size_t>(schema->num_fields()));
  ASSIGN_OR_RETURN(columns[0], Same(context.symbol, rows));
  ASSIGN_OR_RETURN(columns[1], ArrayOf(days, arrow::date32()));
  ASSIGN_OR_RETURN(columns[2], kinds.Finish());
  ASSIGN_OR_RETURN(columns[3], ArrayOf(amount, arrow::float64()));
  ASSIGN_OR_RETURN(columns[4], ArrayOf(numerator, arrow::float64()));
  ASSIGN_OR_RETURN(columns[5], ArrayOf(denominator, arrow::float64()));
  ASSIGN_OR_RETURN(columns[6], Same(series.currency, rows));
  ASSIGN_OR_RETURN(columns[7], Same(source, rows));
  ASSIGN_OR_RETURN(columns[8], SameTime(context.fetched_at, rows, schema->field(8)->type()));
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows), std::move(columns));
}

}  // namespace

void Series::Clear() {
  currency.clear();
  generated = last_row_is_live = false;
  days.clear();
  incomplete.clear();
  for (auto* column : {&open, &high, &low, &close, &adj_close}) column->Clear();
  volume.Clear();
  actions.clear();
  notes.clear();
}

void Series::AddVolume(double value) {
  const double whole = std::nearbyint(value);
  if (whole >= -kTwoTo63 && whole < kTwoTo63) {
    volume.Add(static_cast<int64_t>(whole));
    return;
  }
  volume.AddNull();
  notes.push_back(fmt::format("a volume beyond 64 bits left out: {}", value));
}

Result<ParsedAnswer> ToBatches(Series& series, const ParseContext& context, std::string_view provider) {
  SortByDay(&series);
  const size_t rows = series.size();
  if (series.last_row_is_live && rows >= 2 && series.days[rows - 1] == series.days[rows - 2])
    MergeLiveRow(&series);
  NoteDuplicates(&series);
  ToWantedCurrency(context, &series);
  const std::string source = std::string(provider) + (series.generated ? " (generated)" : "");
  ParsedAnswer answer;
  ASSIGN_OR_RETURN(answer.bars, Bars(series, context, source));
  ASSIGN_OR_RETURN(answer.actions, Actions(series, context, source));
  answer.generated = series.generated;
  answer.notes = std::move(series.notes);
  return answer;
}

}  // namespace penstock::source
