#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/json.h"
#include "source/api/record_columns_internal.h"
#include "source/json_reader_internal.h"
#include "source/opened_body.h"

namespace penstock::source {
namespace {

// The column of what is no object.
constexpr std::string_view kValue = "value";

std::string_view WithoutSpaceBehind(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

// As JSON writes it (RFC 8259 section 6), of any length.
bool IsWholeNumber(std::string_view token) {
  const std::string_view digits = token.substr(token.starts_with('-') ? 1 : 0);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
         (digits.front() != '0' || digits.size() == 1);
}

class JsonRecords : private JsonReader {
 public:
  JsonRecords(const RecordOptions& options, RecordColumns& columns) : options_(options), columns_(columns) {
    for (const auto& segment : options.records.segments) {
      if (segment.each && !segment.name.empty()) path_columns_.push_back({segment.name, ""});
    }
  }

  Status Read(std::string_view text);

 private:
  struct PathColumn {
    std::string name, value;
  };
  using Segment = RecordPath::Segment;

  // Goes down from `depth` segments on.
  bool Walk(Value value, size_t depth);
  bool WalkObject(simdjson::ondemand::object object, size_t depth);
  bool WalkArray(simdjson::ondemand::array array, size_t depth);
  void Name(size_t depth, std::string_view text);
  // Whether a member that the path names may be missing: behind one that goes through all.
  bool MayMiss(size_t depth) const;
  bool Rows(Value value);
  bool Row(Value value);
  bool BeginRow();
  bool Member(std::string_view name, Value value);
  bool Cell(RecordColumn& column, Value value);
  bool Number(RecordColumn& column, Value value);
  bool Nested(RecordColumn& column, Value value);
  bool Scalar(Document& document);

  const RecordOptions& options_;
  RecordColumns& columns_;
  std::vector<PathColumn> path_columns_;
  std::string compact_;
  Status failure_ = Status::OK();  // where what() is not enough
};

Status JsonRecords::Read(std::string_view text) {
  Document document;
  simdjson::ondemand::json_type type;
  bool read = Open(text, &document) && Json(document.type().get(type));
  if (read && type != simdjson::ondemand::json_type::object && type != simdjson::ondemand::json_type::array) {
    read = Scalar(document);
  } else if (read) {
    Value root;
    read = Json(document.get_value().get(root)) && Walk(root, 0) && Close(document);
  }
  if (read) return Status::OK();
  RETURN_IF_ERROR(failure_);
  return MakeError(
      ErrorCode::kInvalidData,
      fmt::format("no JSON records (the answer begins with \"{}\"): {}", BeginningOf(text), what()),
      "fetch it again");
}

bool JsonRecords::MayMiss(size_t depth) const {
  const auto& segments = options_.records.segments;
  return std::any_of(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(depth),
                     [](const Segment& segment) { return segment.each; });
}

void JsonRecords::Name(size_t depth, std::string_view text) {
  const Segment& segment = options_.records.segments[depth];
  for (PathColumn& column : path_columns_) {
    if (column.name == segment.name) column.value = text;
  }
}

bool JsonRecords::Walk(Value value, size_t depth) {
  if (depth == options_.records.segments.size()) return Rows(value);
  simdjson::ondemand::json_type type;
  if (!Json(value.type().get(type))) return false;
  if (type == simdjson::ondemand::json_type::object) {
    simdjson::ondemand::object object;
    return Json(value.get_object().get(object)) && WalkObject(object, depth);
  }
  if (type == simdjson::ondemand::json_type::array) {
    simdjson::ondemand::array array;
    return Json(value.get_array().get(array)) && WalkArray(array, depth);
  }
  bool null = false;
  if (!Json(value.is_null().get(null))) return false;
  return null || MayMiss(depth) || Odd("a single value where source.records goes on");
}

bool JsonRecords::WalkObject(simdjson::ondemand::object object, size_t depth) {
  const Segment& segment = options_.records.segments[depth];
  bool found = segment.each || MayMiss(depth);
  const bool walked = EachMember(object, [&](std::string_view key, Value member) {
    if (segment.each) {
      Name(depth, key);
    } else if (key != segment.name) {
      return true;
    }
    found = true;
    return Walk(member, depth + 1);
  });
  return walked &&
         (found || Odd(fmt::format("there is no \"{}\", which source.records names", segment.name)));
}

bool JsonRecords::WalkArray(simdjson::ondemand::array array, size_t depth) {
  const Segment& segment = options_.records.segments[depth];
  size_t wanted = 0, index = 0;
  if (!segment.each) {
    const char* end = segment.name.data() + segment.name.size();
    const auto [at, error] = std::from_chars(segment.name.data(), end, wanted);
    if (error != std::errc() || at != end) {
      return Odd(
          fmt::format("a list where source.records has \"{}\": use a number, * or {{name}}", segment.name));
    }
  }
  return EachElement(array, [&](Value element) {
    const size_t number = index++;
    if (!segment.each && number != wanted) return true;
    if (segment.each) Name(depth, std::to_string(number));
    return Walk(element, depth + 1);
  });
}

bool JsonRecords::Rows(Value value) {
  simdjson::ondemand::json_type type;
  if (!Json(value.type().get(type))) return false;
  if (type == simdjson::ondemand::json_type::array) {
    // As an array: the other way asks first whether it is null, which a whole document must not be.
    simdjson::ondemand::array array;
    return Json(value.get_array().get(array)) &&
           EachElement(array, [&](Value element) { return Row(element); });
  }
  if (type == simdjson::ondemand::json_type::null) {
    bool null = false;
    return Json(value.is_null().get(null));
  }
  return Row(value);
}

bool JsonRecords::BeginRow() {
  failure_ = columns_.BeginRow();
  if (!failure_.ok()) return false;
  for (const PathColumn& column : path_columns_)
    columns_.Next(column.name).AddText(columns_.row(), column.value);
  return true;
}

bool JsonRecords::Row(Value value) {
  if (!BeginRow()) return false;
  simdjson::ondemand::json_type type;
  if (!Json(value.type().get(type))) return false;
  if (type != simdjson::ondemand::json_type::object) return Member(kValue, value);
  simdjson::ondemand::object object;
  if (!Json(value.get_object().get(object))) return false;
  return EachMember(object, [&](std::string_view name, Value member) { return Member(name, member); });
}

bool JsonRecords::Member(std::string_view name, Value value) {
  for (const PathColumn& column : path_columns_) {
    if (column.name != name) continue;
    const std::string token(WithoutSpaceBehind(value.raw_json_token()));
    if (token == ToJson(json::value(column.value))) return true;
    return Cell(columns_.At(column.name + "_2"), value);
  }
  RecordColumn& column = columns_.Next(name);
  if (column.has(columns_.row())) {
    return Odd(fmt::format("\"{}\" stands twice in row {}", name, columns_.row() + 1));
  }
  return Cell(column, value);
}

bool JsonRecords::Cell(RecordColumn& column, Value value) {
  using simdjson::ondemand::json_type;
  json_type type;
  if (!Json(value.type().get(type))) return false;
  switch (type) {
    case json_type::number: return Number(column, value);
    case json_type::string: {
      std::string_view text;
      if (!Json(value.get_string(true).get(text))) return false;
      column.AddText(columns_.row(), text);
      return true;
    }
    case json_type::boolean: {
      bool is = false;
      if (!Json(value.get_bool().get(is))) return false;
      column.AddBool(columns_.row(), is, is ? "true" : "false");
      return true;
    }
    case json_type::null: {
      bool null = false;
      if (!Json(value.is_null().get(null))) return false;
      column.AddNull(columns_.row());
      return true;
    }
    default: return Nested(column, value);
  }
}

bool JsonRecords::Number(RecordColumn& column, Value value) {
  const std::string_view token = WithoutSpaceBehind(value.raw_json_token());
  simdjson::ondemand::number number;
  const simdjson::error_code code = value.get_number().get(number);
  const size_t row = columns_.row();
  if (code == simdjson::SUCCESS && number.is_int64()) {
    column.AddInt(row, number.get_int64(), token);
  } else if (code == simdjson::SUCCESS && number.is_double()) {
    column.AddDouble(row, number.get_double(), token);
  } else if (IsWholeNumber(token)) {
    column.AddText(row, token);  // beyond int64
  } else {
    return Json(code);
  }
  return true;
}

bool JsonRecords::Nested(RecordColumn& column, Value value) {
  std::string_view raw;
  if (!Json(value.raw_json().get(raw))) return false;
  raw = WithoutSpaceBehind(raw);
  // simdjson passes over it without a look; what is kept as JSON has to be some.
  const auto sound = ParseJson(raw);
  if (!sound.ok()) return Odd(sound.status().message());
  compact_.resize(raw.size());
  size_t length = 0;
  if (!Json(simdjson::minify(raw.data(), raw.size(), compact_.data(), length))) return false;
  column.AddText(columns_.row(), std::string_view(compact_).substr(0, length));
  return true;
}

// A document that is one value: simdjson reads those by functions of their own.
bool JsonRecords::Scalar(Document& document) {
  std::string_view raw;
  if (!Json(document.raw_json_token().get(raw))) return false;
  const std::string_view token = WithoutSpaceBehind(raw);
  const auto value = ParseJson(token);
  if (!value.ok()) return Odd(value.status().message());
  if (value->is_null()) return true;
  if (!options_.records.segments.empty()) return Odd("a single value where source.records goes on");
  if (!BeginRow()) return false;
  RecordColumn& column = columns_.Next(kValue);
  if (value->is_int64()) {
    column.AddInt(0, value->get_int64(), token);
  } else if (value->is_double()) {
    column.AddDouble(0, value->get_double(), token);
  } else if (value->is_bool()) {
    column.AddBool(0, value->get_bool(), token);
  } else if (value->is_string()) {
    column.AddText(0, std::string_view(value->get_string()));
  } else {
    column.AddText(0, token);  // beyond int64
  }
  return true;
}

}  // namespace

Status ReadJsonRecords(std::string_view text, const RecordOptions& options, RecordColumns* columns) {
  return JsonRecords(options, *columns).Read(text);
}

}  // namespace penstock::source
