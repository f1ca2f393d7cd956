// Days in JSON documents: ranges as [["2024-01-02","2024-01-31"], …], what is said of single days as
// {"2024-01-02": …}.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/date_set.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock {

json::array DateSetJson(const DateSet& days);
// Empty when `object` has no such member. InvalidData names the member.
Result<DateSet> ParseDateSet(const json::object& object, std::string_view key);

// Calls `each` for every member of the object `key`, whose values are texts; not at all when there is none.
// InvalidData names the member, or is what `each` returned.
Status ParseDayTexts(const json::object& object, std::string_view key,
                     const std::function<Status(Date day, std::string text)>& each);

}  // namespace penstock
