#include "stream/record_field.h"

#include <fmt/format.h>

#include <span>

namespace penstock::stream {
namespace {

using Step = std::variant<std::string, int64_t>;

json::value* Walk(json::value* at, std::span<const Step> steps) {
  for (const Step& step : steps) {
    if (at == nullptr) return nullptr;
    if (const auto* name = std::get_if<std::string>(&step)) {
      auto* object = at->if_object();
      at = object == nullptr ? nullptr : object->if_contains(*name);
    } else {
      auto* array = at->if_array();
      int64_t place = std::get<int64_t>(step);
      if (array != nullptr && place < 0) place += static_cast<int64_t>(array->size());
      at = array == nullptr || place < 0 || place >= static_cast<int64_t>(array->size())
               ? nullptr
               : &(*array)[static_cast<size_t>(place)];
    }
  }
  return at;
}

}  // namespace

Result<RecordField> RecordField::Parse(std::string_view text) {
  RecordField field;
  field.text_ = std::string(text);
  const bool dot = !text.empty() && text.front() == '.';
  const auto path = ParseJqPath(dot ? field.text_ : "." + field.text_);
  if (!path.ok() || path->steps.empty() || !path->calls.empty()) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("not the path of a field: '{}'; one is name, address.city or .lines[0]", text));
  }
  field.path_ = *path;
  return field;
}

json::value* RecordField::Find(json::value& record) const { return Walk(&record, path_.steps); }

const json::value* RecordField::Find(const json::value& record) const {
  return Walk(const_cast<json::value*>(&record), path_.steps);
}

bool RecordField::Remove(json::value& record) const {
  if (Find(record) == nullptr) return false;
  auto* parent = Walk(&record, std::span(path_.steps).first(path_.steps.size() - 1));
  if (const auto* name = std::get_if<std::string>(&path_.steps.back())) {
    auto& object = parent->get_object();
    object.stable_erase(object.find(*name));
  } else {
    *Find(record) = nullptr;
  }
  return true;
}

std::string RecordField::name() const {
  const auto* name = std::get_if<std::string>(&path_.steps.back());
  return name == nullptr ? std::string() : *name;
}

}  // namespace penstock::stream
