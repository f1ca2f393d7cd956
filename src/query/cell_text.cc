#include "query/cell_text.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "query/sql_text.h"

namespace penstock::query {
namespace {

using arrow::Type;

template <typename Number>
void AppendReal(Number value, std::string* out) {
  if (std::isnan(value)) {
    *out += "NaN";
  } else if (std::isinf(value)) {
    *out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    fmt::format_to(std::back_inserter(*out), "{}", value);
  }
}

// Days since 1970-01-01 of the proleptic Gregorian calendar. Source: H. Hinnant, "chrono-Compatible Low-Level
// Date Algorithms", civil_from_days; std::chrono's years end at 32767, SQL's do not.
void AppendDate(int64_t days, std::string* out) {
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto doe = static_cast<uint64_t>(days - era * 146'097);
  const uint64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const uint64_t mp = (5 * doy + 2) / 153;
  const uint64_t day = doy - (153 * mp + 2) / 5 + 1;
  const uint64_t month = mp < 10 ? mp + 3 : mp - 9;
  const int64_t year = static_cast<int64_t>(yoe) + era * 400 + (month <= 2 ? 1 : 0);
  if (year > 0) {
    fmt::format_to(std::back_inserter(*out), "{:04}-{:02}-{:02}", year, month, day);
  } else {
    fmt::format_to(std::back_inserter(*out), "{:04}-{:02}-{:02} (BC)", 1 - year, month, day);
  }
}

void AppendDay32(int32_t days, std::string* out) {
  if (days == std::numeric_limits<int32_t>::max()) {
    *out += "infinity";
  } else if (days == -std::numeric_limits<int32_t>::max()) {
    *out += "-infinity";
  } else {
    AppendDate(days, out);
  }
}

int64_t PerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return 1;
    case arrow::TimeUnit::MILLI: return 1'000;
    case arrow::TimeUnit::MICRO: return 1'000'000;
    default: return 1'000'000'000;
  }
}

// `ticks` of a day or span, 0 or more.
void AppendClock(int64_t ticks, int64_t per_second, std::string* out) {
  const int64_t seconds = ticks / per_second;
  fmt::format_to(std::back_inserter(*out), "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
  if (int64_t fraction = ticks % per_second; fraction != 0) {
    int digits = static_cast<int>(std::to_string(per_second).size()) - 1;
    for (; fraction % 10 == 0; fraction /= 10) --digits;
    fmt::format_to(std::back_inserter(*out), ".{:0{}}", fraction, digits);
  }
}

void AppendTimestamp(int64_t ticks, const arrow::TimestampType& type, bool iso, std::string* out) {
  if (ticks == std::numeric_limits<int64_t>::max() || ticks == -std::numeric_limits<int64_t>::max()) {
    *out += ticks > 0 ? "infinity" : "-infinity";
    return;
  }
  const int64_t per_second = PerSecond(type.unit());
  const int64_t per_day = 86'400 * per_second;
  int64_t days = ticks / per_day;
  int64_t rest = ticks % per_day;
  if (rest < 0) {
    --days;
    rest += per_day;
  }
  AppendDate(days, out);
  *out += iso ? 'T' : ' ';
  AppendClock(rest, per_second, out);
  if (!type.timezone().empty()) *out += iso ? "Z" : "+00";
}

void AppendInterval(const arrow::MonthDayNanoIntervalType::MonthDayNanos& value, std::string* out) {
  const size_t begin = out->size();
  auto part = [&](int64_t count, std::string_view unit) {
    if (count == 0) return;
    fmt::format_to(std::back_inserter(*out), "{}{} {}{}", out->size() > begin ? " " : "", count, unit,
                   std::abs(count) == 1 ? "" : "s");
  };
  part(value.months / 12, "year");
  part(value.months % 12, "month");
  part(value.days, "day");
  if (value.nanoseconds != 0 || out->size() == begin) {
    if (out->size() > begin) *out += ' ';
    if (value.nanoseconds < 0) *out += '-';
    AppendClock(std::abs(value.nanoseconds), 1'000'000'000, out);
  }
}

void AppendBytes(std::string_view bytes, std::string* out) {
  *out += "\\x";
  for (const char c : bytes)
    fmt::format_to(std::back_inserter(*out), "{:02x}", static_cast<unsigned char>(c));
}

// All digits, never with an exponent: 0.000000001.
template <typename Array, typename Decimal>
void AppendDecimal(const arrow::Array& column, int64_t row, std::string* out) {
  const auto& decimals = static_cast<const Array&>(column);
  std::string digits = Decimal(decimals.GetValue(row)).ToIntegerString();
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const int32_t scale = static_cast<const arrow::DecimalType&>(*column.type()).scale();
  if (scale > 0) {
    const auto places = static_cast<size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, ".");
  }
  *out += (negative ? "-" : "") + digits;
}

bool IsUuid(const arrow::DataType& type) {
  return type.id() == Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(type).extension_name() == "arrow.uuid";
}

void AppendUuid(std::string_view bytes, std::string* out) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out += '-';
    fmt::format_to(std::back_inserter(*out), "{:02x}", static_cast<unsigned char>(bytes[i]));
  }
}

void AppendList(const arrow::Array& values, int64_t begin, int64_t end, std::string* out) {
  *out += '[';
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) *out += ',';
    AppendJson(values, i, out);
  }
  *out += ']';
}

void AppendStruct(const arrow::StructArray& column, int64_t row, std::string* out) {
  *out += '{';
  for (int i = 0; i < column.num_fields(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonString(column.struct_type()->field(i)->name(), out);
    *out += ':';
    AppendJson(*column.field(i), row, out);
  }
  *out += '}';
}

void AppendMap(const arrow::MapArray& column, int64_t row, std::string* out) {
  *out += '{';
  std::string key;
  for (int64_t i = column.value_offset(row); i < column.value_offset(row) + column.value_length(row); ++i) {
    if (i > column.value_offset(row)) *out += ',';
    key.clear();
    AppendText(*column.keys(), i, &key);
    AppendJsonString(key, out);
    *out += ':';
    AppendJson(*column.items(), i, out);
  }
  *out += '}';
}

// A union's member holds the value; its own validity says whether it is NULL.
const arrow::Array& UnionMember(const arrow::Array& column, int64_t row, int64_t* member_row,
                                std::shared_ptr<arrow::Array>* keep) {
  const auto& u = static_cast<const arrow::UnionArray&>(column);
  *keep = u.field(u.child_id(row));
  *member_row = column.type_id() == Type::DENSE_UNION
                    ? static_cast<const arrow::DenseUnionArray&>(column).value_offset(row)
                    : row;
  return **keep;
}

template <typename Array>
auto Get(const arrow::Array& column, int64_t row) {
  return static_cast<const Array&>(column).GetView(row);
}

template <typename Array>
void AppendInteger(const arrow::Array& column, int64_t row, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{}", static_cast<const Array&>(column).Value(row));
}

// True: done. The plain numbers, which look the same in text and JSON but for NaN.
bool AppendNumber(const arrow::Array& column, int64_t row, std::string* out) {
  switch (column.type_id()) {
    case Type::INT8: AppendInteger<arrow::Int8Array>(column, row, out); return true;
    case Type::INT16: AppendInteger<arrow::Int16Array>(column, row, out); return true;
    case Type::INT32: AppendInteger<arrow::Int32Array>(column, row, out); return true;
    case Type::INT64: AppendInteger<arrow::Int64Array>(column, row, out); return true;
    case Type::UINT8: AppendInteger<arrow::UInt8Array>(column, row, out); return true;
    case Type::UINT16: AppendInteger<arrow::UInt16Array>(column, row, out); return true;
    case Type::UINT32: AppendInteger<arrow::UInt32Array>(column, row, out); return true;
    case Type::UINT64: AppendInteger<arrow::UInt64Array>(column, row, out); return true;
    case Type::FLOAT: AppendReal(Get<arrow::FloatArray>(column, row), out); return true;
    case Type::DOUBLE: AppendReal(Get<arrow::DoubleArray>(column, row), out); return true;
    case Type::DECIMAL32:
      AppendDecimal<arrow::Decimal32Array, arrow::Decimal32>(column, row, out);
      return true;
    case Type::DECIMAL64:
      AppendDecimal<arrow::Decimal64Array, arrow::Decimal64>(column, row, out);
      return true;
    case Type::DECIMAL128:
      AppendDecimal<arrow::Decimal128Array, arrow::Decimal128>(column, row, out);
      return true;
    case Type::DECIMAL256:
      AppendDecimal<arrow::Decimal256Array, arrow::Decimal256>(column, row, out);
      return true;
    default: return false;
  }
}

// The types that are text in both; `iso` for JSON.
void AppendPlain(const arrow::Array& column, int64_t row, bool iso, std::string* out) {
  switch (column.type_id()) {
    case Type::STRING: *out += Get<arrow::StringArray>(column, row); return;
    case Type::LARGE_STRING: *out += Get<arrow::LargeStringArray>(column, row); return;
    case Type::STRING_VIEW: *out += Get<arrow::StringViewArray>(column, row); return;
    case Type::BINARY: AppendBytes(Get<arrow::BinaryArray>(column, row), out); return;
    case Type::LARGE_BINARY: AppendBytes(Get<arrow::LargeBinaryArray>(column, row), out); return;
    case Type::BINARY_VIEW: AppendBytes(Get<arrow::BinaryViewArray>(column, row), out); return;
    case Type::FIXED_SIZE_BINARY: AppendBytes(Get<arrow::FixedSizeBinaryArray>(column, row), out); return;
    case Type::DATE32: AppendDay32(Get<arrow::Date32Array>(column, row), out); return;
    case Type::DATE64: AppendDate(Get<arrow::Date64Array>(column, row) / 86'400'000, out); return;
    case Type::TIME32:
      AppendClock(Get<arrow::Time32Array>(column, row),
                  PerSecond(static_cast<const arrow::Time32Type&>(*column.type()).unit()), out);
      return;
    case Type::TIME64:
      AppendClock(Get<arrow::Time64Array>(column, row),
                  PerSecond(static_cast<const arrow::Time64Type&>(*column.type()).unit()), out);
      return;
    case Type::TIMESTAMP:
      AppendTimestamp(Get<arrow::TimestampArray>(column, row),
                      static_cast<const arrow::TimestampType&>(*column.type()), iso, out);
      return;
    case Type::INTERVAL_MONTH_DAY_NANO:
      AppendInterval(Get<arrow::MonthDayNanoIntervalArray>(column, row), out);
      return;
    default: *out += "(" + column.type()->ToString() + ")"; return;
  }
}

}  // namespace

void AppendText(const arrow::Array& column, int64_t row, std::string* out) {
  if (column.IsNull(row)) return;
  if (AppendNumber(column, row, out)) return;
  switch (column.type_id()) {
    case Type::BOOL: *out += Get<arrow::BooleanArray>(column, row) ? "true" : "false"; return;
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(column);
      AppendText(*dictionary.dictionary(), dictionary.GetValueIndex(row), out);
      return;
    }
    case Type::EXTENSION: {
      const auto& storage = *static_cast<const arrow::ExtensionArray&>(column).storage();
      if (IsUuid(*column.type())) return AppendUuid(Get<arrow::FixedSizeBinaryArray>(storage, row), out);
      return AppendText(storage, row, out);
    }
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::STRUCT:
    case Type::MAP:
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION: AppendJson(column, row, out); return;
    default: AppendPlain(column, row, false, out); return;
  }
}

void AppendJson(const arrow::Array& column, int64_t row, std::string* out) {
  if (column.IsNull(row)) {
    *out += "null";
    return;
  }
  switch (column.type_id()) {
    case Type::BOOL: AppendText(column, row, out); return;
    case Type::FLOAT:
    case Type::DOUBLE: {
      const double value = column.type_id() == Type::FLOAT ? Get<arrow::FloatArray>(column, row)
                                                           : Get<arrow::DoubleArray>(column, row);
      if (std::isfinite(value)) return AppendText(column, row, out);
      *out += "null";
      return;
    }
    case Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(column);
      return AppendList(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
    }
    case Type::LARGE_LIST: {
      const auto& list = static_cast<const arrow::LargeListArray&>(column);
      return AppendList(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
    }
    case Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListArray&>(column);
      return AppendList(*list.values(), list.value_offset(row),
                        list.value_offset(row) + list.value_length(row), out);
    }
    case Type::STRUCT: return AppendStruct(static_cast<const arrow::StructArray&>(column), row, out);
    case Type::MAP: return AppendMap(static_cast<const arrow::MapArray&>(column), row, out);
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION: {
      int64_t member_row = 0;
      std::shared_ptr<arrow::Array> keep;
      const arrow::Array& member = UnionMember(column, row, &member_row, &keep);
      return AppendJson(member, member_row, out);
    }
    case Type::EXTENSION:
      if (!IsUuid(*column.type()))
        return AppendJson(*static_cast<const arrow::ExtensionArray&>(column).storage(), row, out);
      break;
    default:
      if (AppendNumber(column, row, out)) return;
      break;
  }
  std::string text;
  const bool plain = column.type_id() != Type::DICTIONARY && column.type_id() != Type::EXTENSION;
  plain ? AppendPlain(column, row, true, &text) : AppendText(column, row, &text);
  AppendJsonString(text, out);
}

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
      case '"': *out += "\\\""; continue;
      case '\\': *out += "\\\\"; continue;
      case '\n': *out += "\\n"; continue;
      case '\r': *out += "\\r"; continue;
      case '\t': *out += "\\t"; continue;
      default: break;
    }
    if (c < 0x20) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", c);
    } else if (c < 0x80) {
      *out += static_cast<char>(c);
    } else {
      const size_t size = std::min<size_t>(c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2, text.size() - i);
      if (IsUtf8(text.substr(i, size))) {
        *out += text.substr(i, size);
        i += size - 1;
      } else {
        *out += "\xEF\xBF\xBD";
      }
    }
  }
  *out += '"';
}

bool IsNumeric(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256: return true;
    default: return false;
  }
}

}  // namespace penstock::query
