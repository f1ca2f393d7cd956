// The bytes of Financial Modeling Prep's answers. Source: site.financialmodelingprep.com/developer/docs (read
// 2026-11) and recordings in tests/data/fmp.
#pragma once

#include <string>
#include <string_view>

#include "source/series.h"

namespace penstock::source::fmp {

// Any body of a price history:
//
//   full    [{"symbol","date","open","high","low","close","volume",…}]     /stable/historical-price-eod/full
//   light   [{"symbol","date","price","volume"}]: only a close             /stable/historical-price-eod/light
//   legacy  {"symbol","historical":[{"date","open",…,"adjClose",…}]} /api/v3/historical-price-full/SYMBOL
//           {"historicalStockList":[{"symbol","historical"}]} of several
//
// Newest first as sent; ascending here. `[]`, `{}` and an empty "historical" are no rows. A missing adjClose
// is null; so is a number given as null, "", "N/A" or "NaN" (as text; the bare word NaN is not JSON,
// InvalidData). A number given as text is that number. The format says no currency: prices of a London symbol
// (.L) count as pence, all others as the context's. The bar of a session that had not ended at
// context.fetched_at, by the context's calendar, is incomplete. Prices are those after all splits up to the
// day of the answer: a later split changes the whole history (and dividends change adj_close), so a stored
// bar that a new answer contradicts asks for the history anew.
Result<ParsedAnswer> ParseBody(std::string_view bytes, const ParseContext& context);

// What an error text of FMP means, whatever status it came with: "Limit Reach" → Throttled, "Invalid API KEY"
// → Unauthenticated, what the plan does not hold and legacy endpoints → RejectedByProvider, as all else.
Status ProviderError(std::string_view said, std::string_view raw_key);

// The text of {"Error Message": "…"} (or message, error), or of a short plain text that reads like one;
// empty: the body is none.
std::string ErrorTextOf(std::string_view body);

// Whether the body is `[]` or `{}`: FMP says so of an unknown symbol and of a range without bars alike.
bool SaysNothing(std::string_view body);

}  // namespace penstock::source::fmp
