#include "source/fundamentals.h"

#include <arrow/api.h>

#include <map>

#include "source/fmp/fmp_fundamentals.h"

namespace penstock::source {

std::shared_ptr<arrow::Schema> FundamentalsSchema() {
  using arrow::field;
  const auto text = arrow::utf8();
  const auto number = arrow::float64();
  return arrow::schema({field("symbol", text, false),
                        field("name", text),
                        field("exchange", text),
                        field("sector", text),
                        field("industry", text),
                        field("country", text),
                        field("currency", text),
                        field("market_cap", number),
                        field("beta", number),
                        field("price", number),
                        field("volume_avg", number),
                        field("pe", number),
                        field("pb", number),
                        field("dividend_yield", number),
                        field("eps", number),
                        field("revenue", number),
                        field("net_income", number),
                        field("roe", number),
                        field("debt_to_equity", number),
                        field("is_etf", arrow::boolean()),
                        field("is_actively_trading", arrow::boolean()),
                        field("ipo_date", arrow::date32()),
                        field("delisted", arrow::date32()),
                        field("renamed_to", text),
                        field("as_of", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"))});
}

Result<std::shared_ptr<arrow::RecordBatch>> MergeFundamentals(
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  const auto schema = FundamentalsSchema();
  // Where each symbol stands, in the order of the batches.
  std::map<std::string_view, std::vector<std::pair<size_t, int64_t>>> places;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (!batches[i]->schema()->Equals(*schema)) {
      return MakeError(ErrorCode::kUsage, "a batch that has not the columns of fundamentals");
    }
    const auto& symbols = static_cast<const arrow::StringArray&>(*batches[i]->column(0));
    for (int64_t row = 0; row < symbols.length(); ++row) places[symbols.GetView(row)].emplace_back(i, row);
  }
  arrow::ArrayVector columns;
  for (int column = 0; column < schema->num_fields(); ++column) {
    ASSIGN_OR_RETURN(auto builder, arrow::MakeBuilder(schema->field(column)->type()));
    for (const auto& [symbol, rows] : places) {
      auto at = rows.rbegin();
      while (at != rows.rend() && batches[at->first]->column(column)->IsNull(at->second)) ++at;
      if (at == rows.rend()) {
        RETURN_IF_ERROR(builder->AppendNull());
      } else {
        RETURN_IF_ERROR(builder->AppendArraySlice(*batches[at->first]->column_data(column), at->second, 1));
      }
    }
    ASSIGN_OR_RETURN(auto array, builder->Finish());
    columns.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(places.size()), std::move(columns));
}

Result<std::unique_ptr<FundamentalSource>> MakeFundamentalSource(std::string_view kind,
                                                                 const SourceSettings& settings,
                                                                 const SourceParts& parts) {
  if (kind == "fmp") return fmp::MakeFmpFundamentals(settings, parts);
  return MakeError(ErrorCode::kConfiguration, "this kind of source has no fundamentals: " + std::string(kind),
                   "known kinds: fmp");
}

}  // namespace penstock::source
