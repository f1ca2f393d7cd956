// Fundamentals of Financial Modeling Prep (US-4): bulk files where the plan holds them, batches of quotes,
// and the endpoints of one symbol; in the legacy shape, lists of symbols for profiles and quotes.
#pragma once

#include <memory>

#include "source/fmp/fmp_api.h"
#include "source/fundamentals.h"

namespace penstock::source::fmp {

Result<std::unique_ptr<FundamentalSource>> MakeFmpFundamentals(const SourceSettings& settings,
                                                               const SourceParts& parts);

// Any of FMP's lists of companies, JSON or CSV, by the names in it (both families of shape). An empty list
// has no rows; an error text is what ProviderError says; broken, or rows without symbol: InvalidData.
Result<std::shared_ptr<arrow::RecordBatch>> ReadCompanies(std::string_view bytes,
                                                          const FundamentalContext& context);

}  // namespace penstock::source::fmp
