// project, rename, redact: which fields a record has.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/json_text.h"
#include "base/sha256.h"
#include "stream/record_field.h"
#include "stream/record_step.h"
#include "stream/transform_settings.h"

namespace penstock::stream {
namespace {

Result<RecordField> FieldAt(std::string_view path, const std::string& where) {
  auto field = RecordField::Parse(path);
  if (field.ok()) return field;
  return MakeError(ErrorCode::kConfiguration, fmt::format("{}: {}", where, field.status().message()));
}

// {NEW: PATH, …}, or [PATH, …] where the new name is the field's own.
class Project : public RecordStep {
 public:
  Status Add(std::string name, std::string_view path, const std::string& where) {
    ASSIGN_OR_RETURN(RecordField field, FieldAt(path, where));
    if (name.empty()) name = field.name();
    for (const auto& [other, unused] : fields_) {
      if (other == name) {
        return MakeError(ErrorCode::kConfiguration,
                         fmt::format("{}: two fields of the name '{}'", where, name));
      }
    }
    if (name.empty()) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("{}: a place in a list has no name; write NAME: {}", where, path));
    }
    fields_.emplace_back(std::move(name), std::move(field));
    return Status::OK();
  }

  Result<bool> Apply(json::value& record) const override {
    json::object out(record.storage());
    out.reserve(fields_.size());
    for (const auto& [name, field] : fields_) {
      // Not moved: a field may be asked for twice.
      if (const auto* value = field.Find(std::as_const(record))) out.emplace(name, *value);
    }
    record = std::move(out);
    return true;
  }

 private:
  std::vector<std::pair<std::string, RecordField>> fields_;
};

// {NEW: OLD, …} of the record's own members; the others stay.
class Rename : public RecordStep {
 public:
  explicit Rename(std::vector<std::pair<std::string, std::string>> names) : names_(std::move(names)) {}

  Result<bool> Apply(json::value& record) const override {
    json::object out(record.storage());
    for (auto& [key, value] : record.get_object()) {
      std::string_view name = key;
      for (const auto& [renamed, old] : names_) {
        if (old == name) {
          name = renamed;
          break;
        }
      }
      if (!out.emplace(name, std::move(value)).second) {
        return MakeError(ErrorCode::kInvalidData,
                         fmt::format("the record has a field '{}' already; project chooses one", name));
      }
    }
    record = std::move(out);
    return true;
  }

 private:
  const std::vector<std::pair<std::string, std::string>> names_;
};

class Redact : public RecordStep {
 public:
  enum class How { kMask, kRemove, kHash };
  Redact(std::vector<RecordField> fields, How how, std::string mask, std::string key)
      : fields_(std::move(fields)), how_(how), mask_(std::move(mask)), key_(std::move(key)) {}

  Result<bool> Apply(json::value& record) const override {
    for (const RecordField& field : fields_) {
      json::value* value = field.Find(record);
      if (value == nullptr) continue;
      switch (how_) {
        case How::kRemove: field.Remove(record); break;
        case How::kMask:
          if (!value->is_null()) *value = mask_;
          break;
        case How::kHash:
          if (!value->is_null()) {
            *value =
                HmacSha256Hex(key_, value->is_string() ? std::string(value->get_string()) : JsonText(*value));
          }
          break;
      }
    }
    return true;
  }

 private:
  const std::vector<RecordField> fields_;
  const How how_;
  const std::string mask_, key_;
};

Status NotAMapping(const std::string& where, std::string_view example, const json::value& got) {
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("{}: expected {}, got {}", where, example, DescribeValue(&got)));
}

}  // namespace

Result<std::unique_ptr<RecordStep>> MakeProject(const json::value& settings, const std::string& where,
                                                const StepContext&) {
  constexpr std::string_view kExample = "fields, as [name, high] or {NEW: name, …}";
  auto step = std::make_unique<Project>();
  if (const auto* list = settings.if_array(); list != nullptr && !list->empty()) {
    for (const auto& item : *list) {
      if (!item.is_string()) return NotAMapping(where, kExample, item);
      RETURN_IF_ERROR(step->Add("", std::string_view(item.get_string()), where));
    }
    return step;
  }
  const auto* object = settings.if_object();
  if (object == nullptr || object->empty()) return NotAMapping(where, kExample, settings);
  for (const auto& [name, path] : *object) {
    const std::string at = fmt::format("{}.{}", where, std::string_view(name));
    if (!path.is_string()) return NotAMapping(at, "the path of a field", path);
    RETURN_IF_ERROR(step->Add(std::string(name), std::string_view(path.get_string()), at));
  }
  return step;
}

Result<std::unique_ptr<RecordStep>> MakeRename(const json::value& settings, const std::string& where,
                                               const StepContext&) {
  const auto* object = settings.if_object();
  if (object == nullptr || object->empty()) return NotAMapping(where, "{NEW: OLD, …}", settings);
  std::vector<std::pair<std::string, std::string>> names;
  std::set<std::string> olds;
  for (const auto& [name, old] : *object) {
    const std::string at = fmt::format("{}.{}", where, std::string_view(name));
    if (!old.is_string()) return NotAMapping(at, "the old name of a field", old);
    names.emplace_back(name, old.get_string());
    if (!olds.insert(names.back().second).second) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("{}: '{}' is renamed twice; project can copy it", at, names.back().second));
    }
  }
  return std::make_unique<Rename>(std::move(names));
}

Result<std::unique_ptr<RecordStep>> MakeRedact(const json::value& value, const std::string& where,
                                               const StepContext& context) {
  const auto* object = value.if_object();
  if (object == nullptr) return NotAMapping(where, "{fields: [email], how: mask}", value);
  Settings settings(*object, where);
  ASSIGN_OR_RETURN(const auto paths, settings.Texts("fields"));
  ASSIGN_OR_RETURN(const std::string how, settings.Choice("how", {"mask", "remove", "hash"}, "mask"));
  ASSIGN_OR_RETURN(std::string mask, settings.Text("mask", "***"));
  ASSIGN_OR_RETURN(const std::string key_env, settings.Text("key_env", ""));
  RETURN_IF_ERROR(settings.Finish());
  std::vector<RecordField> fields;
  for (const auto& path : paths) {
    ASSIGN_OR_RETURN(RecordField field, FieldAt(path, where + ".fields"));
    fields.push_back(std::move(field));
  }
  std::string key;
  if (how == "hash") {
    // Without a key a hash of an e-mail address is undone by hashing all that there are.
    if (key_env.empty()) {
      return settings.Fault("key_env", "expected the name of the environment variable that holds the key");
    }
    if (context.environment) {
      const auto secret = context.environment(key_env);
      if (!secret || secret->empty()) {
        return settings.Fault("key_env", fmt::format("the environment variable {} is not set", key_env));
      }
      key = *secret;
    }
  }
  return std::make_unique<Redact>(std::move(fields),
                                  how == "hash"     ? Redact::How::kHash
                                  : how == "remove" ? Redact::How::kRemove
                                                    : Redact::How::kMask,
                                  std::move(mask), std::move(key));
}

}  // namespace penstock::stream
