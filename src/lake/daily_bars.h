// The tables of daily prices: bars and the corporate actions that came with them.
#pragma once

#include "lake/table_spec.h"

namespace penstock::lake {

// symbol, date (the session's day at the exchange), open, high, low, close, adj_close (float64, in
// `currency`), volume (shares), currency (ISO 4217; GBp is pence), source, fetched_at. Key: symbol, date. No
// rules.
TableSpec DailyBarsTable(std::string name = "bars");

// symbol, date, kind ("dividend" or "split"), amount (of a dividend, in `currency`, a share), numerator and
// denominator (of a split: 4 and 1 for four new shares for one), currency, source, fetched_at. Key: symbol,
// date, kind. No rules.
TableSpec ActionsTable(std::string name = "actions");

// What a pipeline gets that names none: not_null, bounds, volume, session, unique, complete, jump (warn),
// stale (warn).
std::vector<RuleSpec> DefaultBarRules();

}  // namespace penstock::lake
