// Records as IEX writes them, of made-up prices; and what can be done to any of its records.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "source/replay/us_market.h"

namespace penstock::source {

// Daily bars of [from, to], ascending, as they read on the market's today.
json::array DailyRecords(const UsMarket& market, const Company& company, Date from, Date to);
// Bars of `step` minutes of the last `days` sessions up to `day`; of one session that is none: empty.
json::array MinuteRecords(const UsMarket& market, const Company& company, Date day, int days, int step);
// The quote of the market's today.
json::object QuoteRecord(const UsMarket& market, const Company& company);

// What IexReplayOptions::changing does to the records of the `number`-th request.
void ChangeRecords(int64_t number, json::array* records);

// RFC 4180: the union of the members as columns, in order of appearance; null and what is not there are
// empty.
std::string ToCsv(const json::array& records);

}  // namespace penstock::source
