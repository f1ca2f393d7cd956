// The bytes of Yahoo Finance's answers. Source: recordings in tests/data/yahoo (Yahoo publishes no
// description).
#pragma once

#include <string_view>

#include "source/series.h"

namespace penstock::source::yahoo {

// Any body: inflates gzip, tells chart JSON from CSV, and names what is neither (a page of HTML, an error
// text, nothing).
Result<ParsedAnswer> ParseBody(std::string_view bytes, const ParseContext& context);

// v8 chart JSON (/v8/finance/chart/SYMBOL with interval=1d). The date of a bar is the local date of its
// timestamp in meta.exchangeTimezoneName. The bar of the day of meta.regularMarketTime is incomplete when
// that moment lies before the session's end (meta.currentTradingPeriod.regular.end where it is of the same
// day, else the calendar's close). An `error` becomes its code: Not Found → NotFound, Unauthorized →
// Unauthenticated, "Data doesn't exist for startDate" → no rows, others → RejectedByProvider.
Status ReadChart(std::string_view bytes, const ParseContext& context, Series* series);

// v7 download CSV, by the names in its header: Date,Open,High,Low,Close,Adj Close,Volume (history; the order
// of 2016 as well), Date,Dividends and Date,Stock Splits. `null` and N/A are nulls. A row with another number
// of cells than the header makes the whole file InvalidData, for then nobody knows which cell is missing. The
// format says no currency: prices of a London symbol (.L) count as pence, as Yahoo quotes them, all others as
// the context's. "400 Bad Request: Data doesn't exist for startDate" is a CSV without rows.
Status ReadCsv(std::string_view text, const ParseContext& context, Series* series);

// What Yahoo's error object means.
Status ProviderError(std::string_view code, std::string_view description, std::string_view raw_key);
// Whether it only says that the range holds no bars.
bool IsEmptyRange(std::string_view description);

}  // namespace penstock::source::yahoo
