// For tests of lake: batches of daily bars from plain structs.
#pragma once

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "lake/daily_bars.h"

namespace penstock::lake {

struct TestBar {
  std::optional<std::string> symbol = "AAPL";
  std::optional<Date> date = MakeDate(2017, 8, 11);
  std::optional<double> open = 10, high = 12, low = 9, close = 11, adj_close = 11;
  std::optional<int64_t> volume = 1000;
  std::optional<int64_t> fetched_at = 1'502'500'000'000;  // ms
  std::optional<bool> incomplete;
  std::string rule = "bounds", reason = "high 1 is below low 2", raw_key = "raw/dt=2017-08-12/AAPL.json";
};

template <typename Builder, typename T>
void AppendTo(Builder& builder, const std::optional<T>& value) {
  if (!(value ? builder.Append(*value) : builder.AppendNull()).ok()) std::abort();
}

// The columns of DailyBarsTable(); with `rejected` those of its RejectedSchema(); with `incomplete` that
// column too.
inline std::shared_ptr<arrow::RecordBatch> BarBatch(const std::vector<TestBar>& bars, bool rejected = false,
                                                    bool incomplete = false) {
  const auto spec = DailyBarsTable();
  arrow::StringBuilder symbol, currency, source, rule, reason, raw_key;
  arrow::Date32Builder date;
  arrow::DoubleBuilder prices[5];
  arrow::Int64Builder volume;
  arrow::TimestampBuilder fetched_at(spec.schema->GetFieldByName("fetched_at")->type(),
                                     arrow::default_memory_pool());
  arrow::BooleanBuilder flag;
  for (const auto& bar : bars) {
    AppendTo(symbol, bar.symbol);
    AppendTo(date, bar.date ? std::optional<int32_t>(DaysSinceEpoch(*bar.date)) : std::nullopt);
    const std::optional<double>* cells[5] = {&bar.open, &bar.high, &bar.low, &bar.close, &bar.adj_close};
    for (int i = 0; i < 5; ++i) AppendTo(prices[i], *cells[i]);
    AppendTo(volume, bar.volume);
    if (!(currency.Append("USD")).ok()) std::abort();
    if (!(source.Append("test")).ok()) std::abort();
    AppendTo(fetched_at, bar.fetched_at);
    AppendTo(flag, bar.incomplete);
    if (!(rule.Append(bar.rule)).ok()) std::abort();
    if (!(reason.Append(bar.reason)).ok()) std::abort();
    if (!(raw_key.Append(bar.raw_key)).ok()) std::abort();
  }
  arrow::ArrayVector columns;
  const auto add = [&](arrow::ArrayBuilder& builder) { columns.push_back(builder.Finish().ValueOrDie()); };
  add(symbol);
  add(date);
  for (auto& builder : prices) add(builder);
  add(volume);
  add(currency);
  add(source);
  add(fetched_at);
  auto schema = rejected ? RejectedSchema(spec) : spec.schema;
  if (rejected) {
    add(rule);
    add(reason);
    add(raw_key);
  } else if (incomplete) {
    add(flag);
    schema =
        schema->AddField(schema->num_fields(), arrow::field("incomplete", arrow::boolean())).ValueOrDie();
  }
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(bars.size()), columns);
}

}  // namespace penstock::lake
