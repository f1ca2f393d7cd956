// timestamp: a field that holds a time in any form becomes one in a form that every engine reads.
#include <date/date.h>
#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <sstream>
#include <utility>

#include "base/date.h"
#include "base/json_text.h"
#include "stream/record_field.h"
#include "stream/record_step.h"
#include "stream/transform_settings.h"

namespace penstock::stream {
namespace {

namespace ch = std::chrono;

// The years 1 to 9999, whose text every engine reads.
const TimePoint kFirst = MakeDate(1, 1, 1);
const TimePoint kEnd = MakeDate(10000, 1, 1);

// Of one unit, from the epoch on.
std::optional<TimePoint> FromEpoch(const json::value& value, int64_t micros) {
  double number = 0;
  if (value.is_string()) {
    const std::string text(value.get_string());
    size_t used = 0;
    if (text.empty() || text.find_first_not_of("+-.0123456789") != std::string::npos) return std::nullopt;
    std::istringstream in(text);
    in >> number;
    used = in.eof() ? text.size() : 0;
    if (in.fail() || used != text.size()) return std::nullopt;
  } else if (value.is_number()) {
    number = value.to_number<double>();
  } else {
    return std::nullopt;
  }
  const double at = number * static_cast<double>(micros);
  if (!std::isfinite(at) || std::abs(at) > 9.2e18) return std::nullopt;
  return TimePoint(Duration(std::llround(at)));
}

class Timestamp : public RecordStep {
 public:
  RecordField field{};
  std::string into;
  std::string from;  // iso, epoch_s, epoch_ms, epoch_us, or a pattern
  std::optional<TimeZone> zone;
  std::string to;

  Result<bool> Apply(json::value& record) const override {
    const json::value* value = field.Find(std::as_const(record));
    if (value == nullptr || value->is_null()) return true;
    const auto time = Read(*value);
    if (!time || *time < kFirst || *time >= kEnd) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("field {}: not a time in the form {}: {}", field.text(), from,
                                   JsonText(*value).substr(0, 100)));
    }
    json::value written = Write(*time);
    if (into.empty())
      *field.Find(record) = std::move(written);
    else
      record.get_object()[into] = std::move(written);
    return true;
  }

 private:
  std::optional<TimePoint> Read(const json::value& value) const {
    if (from == "epoch_s") return FromEpoch(value, 1'000'000);
    if (from == "epoch_ms") return FromEpoch(value, 1'000);
    if (from == "epoch_us") return FromEpoch(value, 1);
    if (!value.is_string()) return std::nullopt;
    const std::string text(value.get_string());
    if (from == "iso") {
      const auto parsed = ParseTimestamp(text);
      return parsed.ok() ? std::optional<TimePoint>(*parsed) : std::nullopt;
    }
    std::istringstream in(text);
    date::local_time<ch::microseconds> local;
    std::string abbreviation;
    ch::minutes offset{ch::minutes::min()};
    date::from_stream(in, from.c_str(), local, &abbreviation, &offset);
    if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
    const auto since = local.time_since_epoch();
    if (offset != ch::minutes::min()) return TimePoint(since - offset);
    if (!zone) return TimePoint(since);
    const auto day = ch::floor<ch::days>(since);
    const auto minute = ch::floor<ch::minutes>(since - day);
    return zone->ToUtc(Date(day), minute) + (since - day - minute);
  }

  json::value Write(TimePoint time) const {
    const int64_t micros = time.time_since_epoch().count();
    // What is finer than the form stays, as a fraction.
    const auto epoch = [&](int64_t unit) {
      return micros % unit == 0 ? json::value(micros / unit)
                                : json::value(static_cast<double>(micros) / static_cast<double>(unit));
    };
    if (to == "epoch_s") return epoch(1'000'000);
    if (to == "epoch_ms") return epoch(1'000);
    std::string text = FormatTimestamp(time);  // 2020-05-14T13:30:00.000Z
    if (const int64_t rest = ((micros % 1000) + 1000) % 1000; rest != 0) {
      text.insert(text.size() - 1, fmt::format("{:03}", rest));
    }
    if (to == "sql") {
      text[10] = ' ';
      text.pop_back();
    }
    return json::value(text);
  }
};

}  // namespace

Result<std::unique_ptr<RecordStep>> MakeTimestamp(const json::value& value, const std::string& where,
                                                  const StepContext&) {
  const auto* object = value.if_object();
  if (object == nullptr) {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("{}: expected {{field: ts, from: epoch_s}}, got {}", where, DescribeValue(&value)));
  }
  Settings settings(*object, where);
  auto step = std::make_unique<Timestamp>();
  ASSIGN_OR_RETURN(const std::string path, settings.Text("field"));
  auto field = RecordField::Parse(path);
  if (!field.ok()) return settings.Fault("field", field.status().message());
  step->field = *std::move(field);
  ASSIGN_OR_RETURN(step->from, settings.Text("from", "iso"));
  ASSIGN_OR_RETURN(step->to, settings.Choice("to", {"iso", "sql", "epoch_s", "epoch_ms"}, "iso"));
  ASSIGN_OR_RETURN(step->into, settings.Text("into", ""));
  ASSIGN_OR_RETURN(const std::string zone, settings.Text("zone", ""));
  RETURN_IF_ERROR(settings.Finish());
  const bool named =
      step->from == "iso" || step->from == "epoch_s" || step->from == "epoch_ms" || step->from == "epoch_us";
  if (!named && step->from.find('%') == std::string::npos) {
    return settings.Fault("from",
                          fmt::format("expected iso, epoch_s, epoch_ms, epoch_us or a pattern such as "
                                      "%Y-%m-%d %H:%M:%S%Ez, got {}",
                                      step->from));
  }
  if (!zone.empty()) {
    if (named) return settings.Fault("zone", fmt::format("times in the form {} have their own", step->from));
    auto found = TimeZone::Find(zone);
    if (!found.ok()) return settings.Fault("zone", Describe(found.status()));
    step->zone = *found;
  }
  return step;
}

}  // namespace penstock::stream
