#include "lake/daily_bars.h"

#include <arrow/type.h>

namespace penstock::lake {
namespace {

using arrow::field;

std::shared_ptr<arrow::DataType> Milliseconds() { return arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"); }

}  // namespace

TableSpec DailyBarsTable(std::string name) {
  TableSpec spec;
  spec.name = std::move(name);
  spec.schema = arrow::schema({
      field("symbol", arrow::utf8(), false),
      field("date", arrow::date32(), false),
      field("open", arrow::float64()),
      field("high", arrow::float64()),
      field("low", arrow::float64()),
      field("close", arrow::float64()),
      field("adj_close", arrow::float64()),
      field("volume", arrow::int64()),
      field("currency", arrow::utf8()),
      field("source", arrow::utf8()),
      field("fetched_at", Milliseconds()),
  });
  spec.key_columns = {"symbol", "date"};
  spec.partition_column = "date";
  spec.version_column = "fetched_at";
  spec.repeating_columns = {"date", "currency", "source", "fetched_at"};
  return spec;
}

TableSpec ActionsTable(std::string name) {
  TableSpec spec;
  spec.name = std::move(name);
  spec.schema = arrow::schema({
      field("symbol", arrow::utf8(), false),
      field("date", arrow::date32(), false),
      field("kind", arrow::utf8(), false),
      field("amount", arrow::float64()),
      field("numerator", arrow::float64()),
      field("denominator", arrow::float64()),
      field("currency", arrow::utf8()),
      field("source", arrow::utf8()),
      field("fetched_at", Milliseconds()),
  });
  spec.key_columns = {"symbol", "date", "kind"};
  spec.partition_column = "date";
  spec.version_column = "fetched_at";
  spec.repeating_columns = {"date", "currency", "source", "fetched_at"};
  return spec;
}

std::vector<RuleSpec> DefaultBarRules() {
  return {
      {"not_null", "not_null", {{"columns", {"symbol", "date", "open", "high", "low", "close", "volume"}}}},
      {"bounds", "bounds", {}},
      {"volume", "non_negative", {{"columns", {"volume"}}}},
      {"session", "session", {}},
      {"complete", "complete_session", {}},
      {"unique", "unique", {}},
      {"jump", "jump", {{"max_ratio", 1.5}}, Severity::kWarn},
      {"stale", "stale", {{"sessions", 5}}, Severity::kWarn},
  };
}

}  // namespace penstock::lake
