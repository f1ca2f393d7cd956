// A pass over the JSON of a provider, on simdjson: values are read in the order in which they stand; every
// member is visited, so that a body cut short or followed by something does not pass. For .cc files only.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace penstock::source {

// A reader of one format derives from this. Its functions return false when what() says what is wrong; the
// first trouble stays.
class JsonReader {
 protected:
  using Value = simdjson::ondemand::value;
  using Document = simdjson::ondemand::document;

  // Begins with `bytes`, which are copied; one body a thread at a time. False: not even the beginning of
  // JSON.
  bool Open(std::string_view bytes, Document* document);
  // Nothing but white space may follow.
  bool Close(Document& document) { return document.at_end() || Odd("something behind the end"); }

  bool Json(simdjson::error_code code) {
    if (code == simdjson::SUCCESS) return true;
    if (what_.empty()) what_ = simdjson::error_message(code);
    return false;
  }
  bool Odd(std::string what) {
    if (what_.empty()) what_ = std::move(what);
    return false;
  }
  const std::string& what() const { return what_; }

  // Calls visit(key, value) for each member; a null is an object without members.
  template <typename Visit>
  bool EachMember(Value value, Visit visit);
  template <typename Visit>
  bool EachMember(simdjson::ondemand::object object, Visit visit);
  template <typename Visit>
  bool EachElement(Value value, Visit visit);
  template <typename Visit>
  bool EachElement(simdjson::ondemand::array array, Visit visit);

  // A null leaves `out` as it is.
  bool ReadText(Value value, std::string* out);
  bool ReadNumber(Value value, double* out);

 private:
  std::string what_;
};

template <typename Visit>
bool JsonReader::EachMember(simdjson::ondemand::object object, Visit visit) {
  for (auto member : object) {
    simdjson::ondemand::field field;
    if (!Json(std::move(member).get(field))) return false;
    std::string_view key;
    if (!Json(field.unescaped_key(true).get(key))) return false;
    if (!visit(key, field.value())) return false;
  }
  return true;
}

template <typename Visit>
bool JsonReader::EachMember(Value value, Visit visit) {
  bool null = false;
  if (!Json(value.is_null().get(null))) return false;
  if (null) return true;
  simdjson::ondemand::object object;
  return Json(value.get_object().get(object)) && EachMember(object, visit);
}

template <typename Visit>
bool JsonReader::EachElement(simdjson::ondemand::array array, Visit visit) {
  for (auto element : array) {
    Value item;
    if (!Json(std::move(element).get(item))) return false;
    if (!visit(item)) return false;
  }
  return true;
}

template <typename Visit>
bool JsonReader::EachElement(Value value, Visit visit) {
  bool null = false;
  if (!Json(value.is_null().get(null))) return false;
  if (null) return true;
  simdjson::ondemand::array array;
  return Json(value.get_array().get(array)) && EachElement(array, visit);
}

}  // namespace penstock::source
