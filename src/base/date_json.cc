#include "base/date_json.h"

namespace penstock {
namespace {

Status Wrong(std::string_view key, std::string_view what) {
  return MakeError(ErrorCode::kInvalidData, "\"" + std::string(key) + "\": " + std::string(what));
}

Result<Date> DateOf(const json::value& value, std::string_view key) {
  if (!value.is_string()) return Wrong(key, "expected a day as YYYY-MM-DD");
  auto date = ParseDate(std::string_view(value.get_string()));
  if (!date.ok()) return Wrong(key, date.status().message());
  return date;
}

}  // namespace

json::array DateSetJson(const DateSet& days) {
  json::array out;
  for (const auto& range : days.ranges()) {
    out.push_back(json::array{FormatDate(range.from), FormatDate(range.to)});
  }
  return out;
}

Result<DateSet> ParseDateSet(const json::object& object, std::string_view key) {
  DateSet out;
  const auto* list = object.if_contains(key);
  if (list == nullptr) return out;
  if (!list->is_array()) return Wrong(key, "expected a list of ranges");
  for (const auto& pair : list->get_array()) {
    if (!pair.is_array() || pair.get_array().size() != 2) return Wrong(key, "expected pairs of days");
    ASSIGN_OR_RETURN(const Date from, DateOf(pair.get_array()[0], key));
    ASSIGN_OR_RETURN(const Date to, DateOf(pair.get_array()[1], key));
    if (from > to) return Wrong(key, "a range ends before it begins");
    out.Add({from, to});
  }
  return out;
}

Status ParseDayTexts(const json::object& object, std::string_view key,
                     const std::function<Status(Date day, std::string text)>& each) {
  const auto* days = object.if_contains(key);
  if (days == nullptr) return Status::OK();
  if (!days->is_object()) return Wrong(key, "expected an object of days");
  for (const auto& day : days->get_object()) {
    ASSIGN_OR_RETURN(const Date date, DateOf(json::value(day.key()), key));
    ASSIGN_OR_RETURN(std::string text, GetString(*days, day.key()));
    RETURN_IF_ERROR(each(date, std::move(text)));
  }
  return Status::OK();
}

}  // namespace penstock
