#include "lake/rules.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/spelling.h"
#include "lake/rule.h"

namespace penstock::lake {
namespace {

constexpr const char* kIncompleteColumn = "incomplete";

// The candidates with the table's columns in the table's order, then `incomplete` and raw_key as far as they
// are there.
struct Ordered {
  std::shared_ptr<arrow::RecordBatch> batch;
  int incomplete = -1;
  int raw_key = -1;
};

Result<Ordered> InOrder(const TableSpec& spec, const arrow::RecordBatch& candidates) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& field : spec.schema->fields()) {
    const int at = candidates.schema()->GetFieldIndex(field->name());
    if (at < 0 || !candidates.column(at)->type()->Equals(*field->type())) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("rows for table {}: expected a column {} of {}, got {}", spec.name,
                                   field->name(), field->type()->ToString(),
                                   at < 0 ? "none" : candidates.column(at)->type()->ToString()));
    }
    fields.push_back(field->WithNullable(true));
    columns.push_back(candidates.column(at));
  }
  Ordered ordered;
  const auto add = [&](const char* name, arrow::Type::type type, int& index) -> Status {
    const int at = candidates.schema()->GetFieldIndex(name);
    if (at < 0 || spec.schema->GetFieldIndex(name) >= 0) return Status::OK();
    if (candidates.column(at)->type_id() != type) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("rows for table {}: the column {} is of type {}", spec.name, name,
                                   candidates.column(at)->type()->ToString()));
    }
    index = static_cast<int>(columns.size());
    fields.push_back(candidates.schema()->field(at));
    columns.push_back(candidates.column(at));
    return Status::OK();
  };
  RETURN_IF_ERROR(add(kIncompleteColumn, arrow::Type::BOOL, ordered.incomplete));
  RETURN_IF_ERROR(add(kRawKeyColumn, arrow::Type::STRING, ordered.raw_key));
  ordered.batch =
      arrow::RecordBatch::Make(arrow::schema(std::move(fields)), candidates.num_rows(), std::move(columns));
  return ordered;
}

Result<std::shared_ptr<arrow::RecordBatch>> RejectedBatch(const TableSpec& spec, Candidates& rows,
                                                          const ValidationContext& context) {
  auto& failures = rows.failures();
  std::sort(failures.begin(), failures.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  std::vector<RowRef> refs;
  arrow::StringBuilder rule;
  arrow::StringBuilder reason;
  arrow::StringBuilder raw_key;
  for (const auto& failure : failures) {
    refs.push_back(rows.row(failure.row));
    RETURN_IF_ERROR(rule.Append(spec.rules[static_cast<size_t>(failure.rule)].name));
    RETURN_IF_ERROR(reason.Append(failure.reason));
    const auto* keys = rows.raw_keys();
    const bool own = keys != nullptr && !keys->IsNull(failure.row);
    RETURN_IF_ERROR(raw_key.Append(own ? keys->Bytes(failure.row) : std::string_view(context.raw_key)));
  }
  const auto schema = RejectedSchema(spec);
  arrow::FieldVector fields(schema->fields().begin(), schema->fields().end() - 3);
  ASSIGN_OR_RETURN(const auto batch, GatherRows(arrow::schema(std::move(fields)), refs));
  auto columns = batch->columns();
  for (auto* builder : {&rule, &reason, &raw_key}) {
    ASSIGN_OR_RETURN(auto array, builder->Finish());
    columns.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> AcceptedBatch(const TableSpec& spec, const Candidates& rows,
                                                          const arrow::RecordBatch& batch) {
  std::vector<RowRef> refs;
  for (int64_t row = 0; row < rows.rows(); ++row) {
    if (!rows.IsOut(row)) refs.push_back(rows.row(row));
  }
  if (static_cast<int64_t>(refs.size()) < rows.rows()) return GatherRows(spec.schema, refs);
  for (int i = 0; i < spec.schema->num_fields(); ++i) {
    if (!spec.schema->field(i)->nullable() && batch.column(i)->null_count() > 0)
      return GatherRows(spec.schema, refs);
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < spec.schema->num_fields(); ++i) columns.push_back(batch.column(i));
  return arrow::RecordBatch::Make(spec.schema, batch.num_rows(), std::move(columns));
}

}  // namespace

Validator::Validator(const TableSpec& spec) : spec_(spec) {}
Validator::~Validator() = default;

Result<std::shared_ptr<const Validator>> Validator::Make(const TableSpec& spec) {
  RETURN_IF_ERROR(CheckSpec(spec));
  std::shared_ptr<Validator> validator(new Validator(spec));
  std::set<std::string> names;
  for (const auto& rule : validator->spec_.rules) {
    if (!names.insert(rule.name).second) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("table {}: two rules are called {}", spec.name, rule.name));
    }
    const auto& kinds = RuleKinds();
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.name == rule.kind; });
    if (kind == kinds.end()) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("table {}, rule {}: unknown kind{}; known: {}; got {}", spec.name, rule.name,
                      DidYouMean(rule.kind, KnownRuleKinds()), fmt::join(KnownRuleKinds(), ", "), rule.kind));
    }
    RuleParams params(validator->spec_, rule);
    auto made = kind->make(params, validator->spec_);
    RETURN_IF_ERROR(params.Done());
    validator->rules_.push_back(std::move(made));
  }
  return std::shared_ptr<const Validator>(std::move(validator));
}

Result<Validated> Validator::Validate(const std::shared_ptr<arrow::RecordBatch>& candidates,
                                      const ValidationContext& context) const {
  ASSIGN_OR_RETURN(const auto ordered, InOrder(spec_, *candidates));
  ASSIGN_OR_RETURN(auto view, BatchView::Make(ordered.batch));
  Candidates rows(spec_, std::move(view), ordered.incomplete, ordered.raw_key);
  for (size_t i = 0; i < rules_.size(); ++i) {
    rows.BeginRule(static_cast<int>(i), spec_.rules[i].severity);
    RETURN_IF_ERROR(rules_[i]->Check(rows, context));
  }
  Validated result;
  for (const auto& rule : spec_.rules) result.counts.push_back({rule.name});
  for (const auto& failure : rows.failures()) ++result.counts[static_cast<size_t>(failure.rule)].rejected;
  for (const auto& warning : rows.warnings()) {
    if (rows.IsOut(warning.row)) continue;  // a later rule rejected it
    ++result.counts[static_cast<size_t>(warning.rule)].warned;
    result.warnings.push_back({spec_.rules[static_cast<size_t>(warning.rule)].name,
                               DescribeKey(rows.row(warning.row), rows.keys()), warning.reason});
  }
  result.collapsed = rows.collapsed();
  ASSIGN_OR_RETURN(result.accepted, AcceptedBatch(spec_, rows, *ordered.batch));
  ASSIGN_OR_RETURN(result.rejected, RejectedBatch(spec_, rows, context));
  return result;
}

std::vector<std::string> KnownRuleKinds() {
  std::vector<std::string> names;
  for (const auto& kind : RuleKinds()) names.emplace_back(kind.name);
  return names;
}

}  // namespace penstock::lake
