#include "series_works.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/date.h"
#include "base/json.h"
#include "base/parallel.h"
#include "lake/daily_bars.h"
#include "lake/parquet_file.h"
#include "lake/rules.h"
#include "lake/series_table.h"
#include "lake/tail_index.h"
#include "store/folder_store.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

// The peers' columns; without versions, as theirs: what is said last holds.
lake::TableSpec TickersLikeThePeers() {
  const auto bars = lake::DailyBarsTable();
  lake::TableSpec spec;
  spec.name = "bars";
  arrow::FieldVector fields;
  for (const char* column : {"symbol", "date", "open", "high", "low", "close", "adj_close", "volume"})
    fields.push_back(bars.schema->GetFieldByName(column)->WithNullable(true));
  spec.schema = arrow::schema(fields);
  spec.key_columns = {"symbol", "date"};
  spec.partition_column = "date";
  spec.rules = {{"not_null", "not_null", {{"columns", {"open", "high", "low", "close", "volume"}}}},
                {"bounds", "bounds", {}},
                {"volume", "non_negative", {{"columns", {"volume"}}}},
                {"unique", "unique", {}}};
  return spec;
}

Result<std::string> ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return MakeError(ErrorCode::kIo, "cannot read " + path.string());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

double Number(const json::object& row, std::string_view name) {
  const auto* value = row.if_contains(name);
  return value == nullptr ? 0 : value->to_number<double>();
}

// FMP's shape: {"symbol": ..., "historical": [{"date", "open", ...}]}.
Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(std::string_view body, const lake::TableSpec& spec) {
  ASSIGN_OR_RETURN(const auto value, ParseJson(body));
  const auto& answer = value.as_object();
  const auto& symbol = answer.at("symbol").as_string();
  arrow::StringBuilder symbols;
  arrow::Date32Builder dates;
  arrow::DoubleBuilder prices[5];
  arrow::Int64Builder volumes;
  for (const auto& item : answer.at("historical").as_array()) {
    const auto& row = item.as_object();
    RETURN_IF_ERROR(symbols.Append(std::string_view(symbol)));
    ASSIGN_OR_RETURN(const auto date, ParseDate(std::string_view(row.at("date").as_string())));
    RETURN_IF_ERROR(dates.Append(static_cast<int32_t>(DaysSinceEpoch(date))));
    static constexpr const char* kPrices[] = {"open", "high", "low", "close", "adjClose"};
    for (int i = 0; i < 5; ++i) RETURN_IF_ERROR(prices[i].Append(Number(row, kPrices[i])));
    RETURN_IF_ERROR(volumes.Append(static_cast<int64_t>(Number(row, "volume"))));
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
           &symbols, &dates, &prices[0], &prices[1], &prices[2], &prices[3], &prices[4], &volumes}) {
    ASSIGN_OR_RETURN(auto array, builder->Finish());
    columns.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(spec.schema, columns[0]->length(), columns);
}

}  // namespace

Status UpdateTickers(const std::string& eod, const std::string& out) {
  ASSIGN_OR_RETURN(const auto store, store::FolderStore::Open(out));
  lake::HiveTableFormat format(*store);
  const auto spec = TickersLikeThePeers();
  ASSIGN_OR_RETURN(const auto validator, lake::Validator::Make(spec));
  ASSIGN_OR_RETURN(const auto table, lake::SeriesTable::Make(*store, format, spec));
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(eod)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return ParallelFor(files.size(), 4 * HardwareThreads(), [&](size_t i) -> Status {
    ASSIGN_OR_RETURN(const std::string body, ReadFile(files[i]));
    ASSIGN_OR_RETURN(const auto rows, RowsOf(body, spec));
    ASSIGN_OR_RETURN(const auto judged, validator->Validate(rows, {}));
    return table->Upsert({files[i].stem().string(), {judged.accepted}, {judged.rejected}}).status;
  });
}

Status LatestOfTickers(const std::string& bucket, const std::string& out, bool from_index) {
  ASSIGN_OR_RETURN(const auto store, store::FolderStore::Open(bucket, {.create = false}));
  lake::HiveTableFormat format(*store);
  const auto spec = TickersLikeThePeers();
  ASSIGN_OR_RETURN(const auto table, lake::SeriesTable::Make(*store, format, spec));
  lake::LatestRows latest;
  if (from_index) {
    ASSIGN_OR_RETURN(auto answer, lake::TailIndex(*table).Refresh());
    latest = std::move(answer.latest);
  } else {
    ASSIGN_OR_RETURN(latest, lake::ReadLatestRows(*table));
  }
  if (!latest.failures.empty()) return latest.failures[0].status;
  lake::ParquetOptions options;
  options.sorted_by = {"symbol"};
  ASSIGN_OR_RETURN(const std::string file, lake::ParquetEncoder(spec.schema, options).Encode(*latest.rows));
  const fs::path path = fs::absolute(out);
  ASSIGN_OR_RETURN(const auto target, store::FolderStore::Open(path.parent_path().string()));
  return target->Put(path.filename().string(), file).status();
}

}  // namespace penstock
