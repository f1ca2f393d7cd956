#include <cmath>
#include <cstring>
#include <vector>

#include "source/json_reader_internal.h"

namespace penstock::source {

bool JsonReader::Open(std::string_view bytes, Document* document) {
  // Reused by all bodies of the thread: simdjson reads up to SIMDJSON_PADDING bytes behind the end.
  thread_local simdjson::ondemand::parser parser;
  thread_local std::vector<char> padded;
  if (padded.size() < bytes.size() + simdjson::SIMDJSON_PADDING) {
    padded.resize(bytes.size() + simdjson::SIMDJSON_PADDING);
  }
  std::memcpy(padded.data(), bytes.data(), bytes.size());
  std::memset(padded.data() + bytes.size(), 0, simdjson::SIMDJSON_PADDING);
  return Json(parser.iterate(padded.data(), bytes.size(), padded.size()).get(*document));
}

bool JsonReader::ReadText(Value value, std::string* out) {
  std::string_view text;
  const simdjson::error_code code = value.get_string().get(text);
  if (code == simdjson::SUCCESS) {
    *out = text;
    return true;
  }
  bool null = false;
  if (code == simdjson::INCORRECT_TYPE && value.is_null().get(null) == simdjson::SUCCESS && null) return true;
  return Json(code);
}

bool JsonReader::ReadNumber(Value value, double* out) {
  if (!Json(value.get_double().get(*out))) return false;
  return std::isfinite(*out) || Odd("a number beyond all bounds");
}

}  // namespace penstock::source
