// Inside of lake: what a kind of rule is made of. Users include lake/rules.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lake/columns.h"
#include "lake/rules.h"

namespace penstock::lake {

// The candidate rows, and what was found about them so far. One Validate call, one thread.
class Candidates {
 public:
  Candidates(const TableSpec& spec, std::shared_ptr<const BatchView> view, int incomplete, int raw_key)
      : spec_(spec),
        view_(std::move(view)),
        incomplete_(incomplete),
        raw_key_(raw_key),
        keys_(KeyIndexes(spec)),
        partition_(ColumnIndex(*spec.schema, spec.partition_column)),
        failed_(static_cast<size_t>(view_->rows()), 0) {}

  struct Failure {
    int64_t row;
    int rule;
    std::string reason;
  };

  const TableSpec& spec() const { return spec_; }
  int64_t rows() const { return view_->rows(); }
  const CellColumn& column(int index) const { return view_->column(index); }
  const CellColumn& dates() const { return column(partition_); }
  // nullptr when the batch has no such column.
  const CellColumn* incomplete() const { return incomplete_ < 0 ? nullptr : &column(incomplete_); }
  const CellColumn* raw_keys() const { return raw_key_ < 0 ? nullptr : &column(raw_key_); }
  RowRef row(int64_t row) const { return {view_.get(), row}; }
  const std::vector<int>& keys() const { return keys_; }

  // Whether an earlier rule has taken the row out.
  bool IsOut(int64_t row) const { return failed_[static_cast<size_t>(row)] != 0; }
  // The current rule fails the row: it is out, or only remarked, by the rule's severity.
  void Fail(int64_t row, std::string reason) {
    auto& list = severity_ == Severity::kReject ? failures_ : warnings_;
    if (severity_ == Severity::kReject) failed_[static_cast<size_t>(row)] = 1;
    list.push_back({row, rule_, std::move(reason)});
  }
  // The row equals one that stays.
  void Collapse(int64_t row) {
    failed_[static_cast<size_t>(row)] = 1;
    ++collapsed_;
  }
  void BeginRule(int rule, Severity severity) {
    rule_ = rule;
    severity_ = severity;
  }

  std::vector<Failure>& failures() { return failures_; }
  const std::vector<Failure>& warnings() const { return warnings_; }
  int64_t collapsed() const { return collapsed_; }

 private:
  const TableSpec& spec_;
  const std::shared_ptr<const BatchView> view_;
  const int incomplete_;
  const int raw_key_;
  const std::vector<int> keys_;
  const int partition_;
  std::vector<uint8_t> failed_;
  std::vector<Failure> failures_;
  std::vector<Failure> warnings_;
  int64_t collapsed_ = 0;
  int rule_ = 0;
  Severity severity_ = Severity::kReject;
};

// Immutable, thread-safe.
class Rule {
 public:
  virtual ~Rule() = default;
  virtual Status Check(Candidates& rows, const ValidationContext& context) const = 0;
};

// Reads a rule's parameters; the first error is kept until Done().
class RuleParams {
 public:
  RuleParams(const TableSpec& table, const RuleSpec& rule) : table_(table), rule_(rule) {}
  // A column of the table by its name; -1 and an error when it has none. `numeric`: must be a number.
  int Column(const std::string& param, const std::string& fallback, bool numeric);
  // A list of columns (or one name); an empty fallback means that the parameter is required.
  std::vector<int> Columns(const std::string& param, const std::vector<std::string>& fallback, bool numeric);
  // Without a fallback the parameter is required.
  double Number(const std::string& param, std::optional<double> fallback, double minimum);
  // The first error; also Configuration for parameters that nobody asked for.
  Status Done() const;

 private:
  const json::value* Find(const std::string& param);
  int Resolve(const std::string& param, const std::string& name, bool numeric);
  void Fail(const std::string& what);
  const TableSpec& table_;
  const RuleSpec& rule_;
  std::vector<std::string> known_;
  Status status_;
};

// The list of kinds: a name, and what makes a rule of its parameters.
struct RuleKind {
  std::string_view name;
  std::unique_ptr<const Rule> (*make)(RuleParams& params, const TableSpec& table);
};
const std::vector<RuleKind>& RuleKinds();

// Rules that look at a row and those before it (lake/series_rules.cc).
std::unique_ptr<const Rule> MakeJumpRule(RuleParams& params, const TableSpec& table);
std::unique_ptr<const Rule> MakeStaleRule(RuleParams& params, const TableSpec& table);

}  // namespace penstock::lake
