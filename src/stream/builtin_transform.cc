#include "stream/builtin_transform.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "base/spelling.h"
#include "stream/transform_event.h"
#include "stream/transform_settings.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kAppendNewline = "append_newline";
constexpr StepKind kKinds[] = {
    {"project", "Transform.Project", MakeProject},       {"rename", "Transform.Rename", MakeRename},
    {"redact", "Transform.Redact", MakeRedact},          {"cast", "Transform.Cast", MakeCast},
    {"timestamp", "Transform.Timestamp", MakeTimestamp}, {"filter", "Transform.Filter", MakeFilter}};

Status NoSuchTransform(const std::string& where, std::string_view name) {
  std::vector<std::string> names{std::string(kAppendNewline)};
  for (const StepKind& kind : kKinds) names.emplace_back(kind.name);
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("{}: no built-in transform '{}'{}; there are {}, and a handler by command",
                               where, name, DidYouMean(name, names), fmt::join(names, ", ")));
}

const StepKind* FindKind(std::string_view name) {
  for (const StepKind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<BuiltinTransform>> BuiltinTransform::Make(const json::array& specs,
                                                                 const StepContext& context) {
  auto transform = std::make_unique<BuiltinTransform>();
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string place = fmt::format("transform.built_in[{}]", i);
    const auto* spec = specs[i].if_object();
    if (spec == nullptr || spec->size() != 1) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("{}: expected one transform, as NAME: SETTINGS, got {}", place,
                      spec == nullptr ? DescribeValue(&specs[i]) : fmt::format("{} names", spec->size())));
    }
    const std::string_view name = spec->begin()->key();
    const json::value& settings = spec->begin()->value();
    const std::string where = fmt::format("{}.{}", place, name);
    if (name == kAppendNewline) {
      const bool none = settings.is_null() || (settings.is_object() && settings.get_object().empty());
      if (!none) return MakeError(ErrorCode::kConfiguration, where + ": it has no settings");
      transform->append_newline_ = true;
      continue;
    }
    const StepKind* kind = FindKind(name);
    if (kind == nullptr) return NoSuchTransform(place, name);
    ASSIGN_OR_RETURN(auto step, kind->make(settings, where, context));
    transform->steps_.push_back({std::string(kind->code), std::move(step)});
  }
  return transform;
}

Transformed BuiltinTransform::ApplyTo(std::string_view data) const {
  const bool newline = append_newline_ || data.ends_with('\n');
  Transformed out;
  if (steps_.empty()) {
    out.data.reserve(data.size() + 1);
    out.data = data;
  } else {
    auto record = ParseJson(data);
    if (!record.ok()) return FailedRecord("Transform.InvalidJson", record.status().message());
    if (!record->is_object()) {
      return FailedRecord("Transform.InvalidJson",
                          "the record is not a JSON object, but " + DescribeValue(&*record));
    }
    for (const Step& step : steps_) {
      const auto kept = step.step->Apply(*record);
      if (!kept.ok()) return FailedRecord(step.code, kept.status().message());
      if (!*kept) {
        out.result = Transformed::Result::kDropped;
        return out;
      }
    }
    out.data.reserve(data.size() + 1);
    AppendJson(*record, out.data);
  }
  if (newline && !out.data.ends_with('\n')) out.data += '\n';
  return out;
}

Result<std::vector<Transformed>> BuiltinTransform::Apply(std::span<const TransformRecord> records,
                                                         std::stop_token stop) {
  std::vector<Transformed> out;
  out.reserve(records.size());
  for (const TransformRecord& record : records) {
    if (stop.stop_requested())
      return MakeError(ErrorCode::kCancelled, "cancelled while records were transformed");
    out.push_back(ApplyTo(record.data));
  }
  return out;
}

}  // namespace penstock::stream
