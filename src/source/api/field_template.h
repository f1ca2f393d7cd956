// Texts with {names} in them: the URL, query values and body of a request, filled in for one series.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock::source {

// Values by name.
using Fields = std::map<std::string, std::string, std::less<>>;

// The members of `query` as text: strings, numbers, true and false. Configuration: another value.
Result<Fields> FieldsOf(const json::object& query);
// With {today} and {yesterday}, days in UTC as YYYY-MM-DD, unless the series has them.
void AddDays(TimePoint now, Fields* fields);

// The {names} of a text, in order. Configuration: a brace without its partner, or with no name between.
Result<std::vector<std::string>> NamesIn(std::string_view text);

// Of a URL: "{name}" is percent-encoded whole (a/b: a%2Fb), "{+name}" keeps what separates parts of a path
// (date/20200514), as RFC 6570 sections 3.2.2 and 3.2.3. Configuration: a name without a value; an empty
// value; one that would be "." or ".." in a path, or add a query or fragment.
Result<std::string> FillUrl(std::string_view text, const Fields& fields);
// As it stands, for what is encoded later. Configuration: a name without a value.
Result<std::string> FillText(std::string_view text, const Fields& fields);
// Of a JSON body: a name that has a value becomes it, escaped for the inside of a string; other braces stay.
std::string FillJson(std::string_view text, const Fields& fields);

}  // namespace penstock::source
