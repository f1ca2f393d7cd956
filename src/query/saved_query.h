// Queries kept beside a pipeline, queries/NAME.sql, in standard SQL, with parameters.
//
//   -- The N largest gains and losses of a session.
//   -- param: day date = last session     The session to look at.
//   -- param: top integer = 10
//   -- param: symbol text
//   -- chart: bar symbol change
//   select … from bars where dt = :day …
//
// The comment lines at the top are the description; `param:` lines give name, type (text, date, integer,
// number) and a default; a parameter without one must be given. What stands behind two spaces describes it.
// `chart: KIND LABEL[,LABEL…] VALUE` (bar, line) names the columns of the result that a dashboard draws.
// `last session` is the latest dt= partition of the table `bars`, or what the caller says it is.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "query/parameter.h"
#include "query/query_engine.h"

namespace penstock::query {

struct ParameterSpec {
  std::string name;
  ParameterType type = ParameterType::kText;
  std::optional<std::string> fallback;  // a value, or "last session" (of a date)
  std::string description;
};

// How the result is drawn: a bar or a point a row.
struct ChartSpec {
  enum class Kind { kBar, kLine } kind = Kind::kBar;
  std::vector<std::string> labels;  // columns whose values name a row
  std::string value;                // the column that is drawn
};

struct SavedQuery {
  std::string name;
  std::string description;
  std::vector<ParameterSpec> parameters;
  std::optional<ChartSpec> chart;
  std::string sql;  // the whole text
};

inline constexpr std::string_view kLastSession = "last session";

// Configuration, with file and line: a `param:` line that is not one, a parameter declared twice, a `:name`
// that is not declared, a default of another type, a `chart:` line that is not one, a text with no statement
// or several.
Result<SavedQuery> ParseSavedQuery(std::string_view name, std::string_view text);

// Of NAME.sql in the folder. NotFound, with the nearest names.
Result<SavedQuery> LoadSavedQuery(const std::string& folder, std::string_view name);
// All of them, by name; a folder that is not there has none.
Result<std::vector<SavedQuery>> ListSavedQueries(const std::string& folder);

// The day that "last session" stands for, as YYYY-MM-DD.
using LastSession = std::function<Result<std::string>()>;
// As the data says: the greatest dt of `table` (about 60 ms for 1,300 partitions). NotFound: the table is
// empty.
LastSession LastSessionOf(Engine& engine, std::string table = "bars");

// Values for all parameters, typed, given ones before defaults. Usage: one without either, a name that is
// none, a value of another type.
Result<std::vector<Parameter>> ResolveParameters(const SavedQuery& query,
                                                 const std::map<std::string, std::string>& given,
                                                 const LastSession& last_session);

}  // namespace penstock::query
