// What the stand-in for FMP says of one company beside its prices. Made up.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/replay/us_market.h"

namespace penstock::source {

// Names and JSON values ("1.5", "\"USD\"", "true"), in FMP's order.
using CompanyFields = std::vector<std::pair<std::string_view, std::string>>;

// `endpoint`: profile, quote, key-metrics-ttm, ratios-ttm or income-statement. Empty: another one.
CompanyFields FieldsOf(std::string_view endpoint, const UsMarket& market, const Company& company);

std::string JsonText(std::string_view text);
void AppendObject(const CompanyFields& fields, std::string* out);
// The header is written where `out` is empty.
void AppendCsv(const CompanyFields& fields, std::string* out);

}  // namespace penstock::source
