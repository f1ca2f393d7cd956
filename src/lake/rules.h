// Judges candidate rows by the rules of a table: what goes to clean, what to rejected and why, what is only
// remarked.
//
// Kinds of rules and their parameters (all optional but where said; columns default to those of daily bars):
//   not_null          columns (required)          none of them is null
//   bounds            open high low close         high >= open, close, low; low <= open, close; each finite
//   and > 0;
//                     tolerance = 1e-6            relative slack: providers round to 32-bit floats
//   non_negative      columns (required)          >= 0 and finite
//   session           -                           the date is a session of the exchange, and inside the range
//   asked for complete_session  -                           its session had closed when it was fetched
//   (column `incomplete`) unique            -                           one row a key: equal ones collapse,
//   of others the last one stays jump              max_ratio (required) column series    value / previous
//   value, either way up stale             sessions (required) columns series    that many rows in a row with
//   the same values
// A null cell passes every rule but not_null.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/series_history.h"
#include "lake/table_spec.h"

namespace penstock::calendar {
class ExchangeCalendar;
}

namespace penstock::lake {

class Rule;

struct ValidationContext {
  const calendar::ExchangeCalendar* calendar = nullptr;  // for `session`
  SeriesHistory* history = nullptr;  // what came before the batch; nullptr: nothing is known
  std::optional<Date> from, to;      // the range that was asked for, both inclusive
  std::string raw_key;               // of the raw answer that the rows are from
};

struct RuleWarning {
  std::string rule;
  std::string key;  // "AAPL/2017-08-11"
  std::string reason;
};

struct RuleCount {
  std::string rule;
  int64_t rejected = 0;
  int64_t warned = 0;
};

struct Validated {
  std::shared_ptr<arrow::RecordBatch> accepted;  // the table's columns, in the order given
  std::shared_ptr<arrow::RecordBatch>
      rejected;  // RejectedSchema(): whole rows, the first rule that failed, the reason
  std::vector<RuleWarning> warnings;
  std::vector<RuleCount> counts;  // one a rule, in the order of the table's
  int64_t collapsed = 0;          // rows that equal another one
};

// Immutable, thread-safe.
class Validator {
 public:
  ~Validator();
  // Configuration: an unknown kind, parameter or column; the message names the rule and what is known.
  static Result<std::shared_ptr<const Validator>> Make(const TableSpec& spec);

  // `candidates`: the table's columns, by name, in any order, all may be null; and if wanted `incomplete`
  // (bool) and `raw_key` (utf8, instead of the context's), which are dropped. InvalidData: a column is
  // missing or of another type. Configuration: the rule `session` without a calendar. Fails as `history`
  // does.
  Result<Validated> Validate(const std::shared_ptr<arrow::RecordBatch>& candidates,
                             const ValidationContext& context) const;

  const TableSpec& spec() const { return spec_; }

 private:
  explicit Validator(const TableSpec& spec);
  const TableSpec spec_;
  std::vector<std::unique_ptr<const Rule>> rules_;
};

// The kinds that RuleSpec::kind may name, ascending.
std::vector<std::string> KnownRuleKinds();

}  // namespace penstock::lake
