#include "jsonata/datetime_picture.h"

#include <algorithm>
#include <utility>

#include "jsonata/fault.h"
#include "jsonata/unicode.h"

namespace penstock::jsonata {
namespace {

// A component and its presentation where the picture has none.
struct Component {
  char32_t specifier;
  const char32_t* presentation;
};
constexpr Component kComponents[] = {
    {U'Y', U"1"},     {U'M', U"1"},     {U'D', U"1"},  {U'd', U"1"},  {U'F', U"n"},
    {U'W', U"1"},     {U'w', U"1"},     {U'X', U"1"},  {U'x', U"1"},  {U'H', U"1"},
    {U'h', U"1"},     {U'P', U"n"},     {U'm', U"01"}, {U's', U"01"}, {U'f', U"1"},
    {U'Z', U"01:01"}, {U'z', U"01:01"}, {U'C', U"n"},  {U'E', U"n"},
};
constexpr char32_t kDefaultZone[] = U"01:01";
// A width is a few digits; a larger one would only fill memory with zeros.
constexpr size_t kMaxWidth = 255;
constexpr size_t kMaxZoneDigits = 4;

bool IsBlank(char32_t point) { return point == U' ' || point == U'\t' || point == U'\n' || point == U'\r'; }

// "2", "*": nothing for what is not a number.
std::optional<size_t> Width(std::u32string_view text) {
  if (text.empty()) return std::nullopt;
  size_t width = 0;
  for (const char32_t point : text) {
    if (point < U'0' || point > U'9') return std::nullopt;
    width = std::min(width * 10 + (point - U'0'), kMaxWidth);
  }
  return width;
}

// "1o", "Nn", "01:01t": what stands between the component and the width.
Status ReadPresentation(std::u32string_view text, DateTimePicture::Marker& marker) {
  using Style = DateTimePicture::Style;
  bool ordinal = false;
  if (text.size() > 1 && std::u32string_view(U"atco").find(text.back()) != std::u32string_view::npos) {
    ordinal = text.back() == U'o';
    marker.traditional = text.back() == U't';
    text.remove_suffix(1);
  }
  const bool zone = marker.component == 'Z' || marker.component == 'z';
  if (text == U"n" || text == U"N" || text == U"Nn") {
    if (std::string_view("MxFPCE").find(marker.component) == std::string_view::npos) {
      return MakeFault("D3133",
                       std::string("The 'name' modifier can only be applied to months and days in the "
                                   "date/time picture string, not ") +
                           marker.component,
                       std::string(1, marker.component));
    }
    marker.style = Style::kName;
    marker.letters = text == U"N"   ? IntegerPicture::Case::kUpper
                     : text == U"n" ? IntegerPicture::Case::kLower
                                    : IntegerPicture::Case::kTitle;
    return Status::OK();
  }
  if (marker.component == 'Z' && text == U"Z") {
    marker.style = Style::kMilitaryZone;
    text = kDefaultZone;  // for an offset that has no letter
  }
  ASSIGN_OR_RETURN(marker.integer, IntegerPicture::ParsePrimary(text));
  marker.integer.ordinal = ordinal;
  if (zone && marker.integer.mandatory + marker.integer.optional > kMaxZoneDigits) {
    return MakeFault("D3134", "The timezone integer format specifier cannot have more than four digits",
                     ToUtf8(text));
  }
  return Status::OK();
}

Result<DateTimePicture::Marker> ReadMarker(std::u32string_view source) {
  std::u32string text;
  std::copy_if(source.begin(), source.end(), std::back_inserter(text),
               [](char32_t p) { return !IsBlank(p); });
  const auto* component =
      std::find_if(std::begin(kComponents), std::end(kComponents),
                   [&](const Component& one) { return !text.empty() && one.specifier == text[0]; });
  if (component == std::end(kComponents)) {
    const std::string specifier = ToUtf8(std::u32string_view(text).substr(0, 1));
    return MakeFault("D3132", "Unknown component specifier \"" + specifier + "\" in date/time picture string",
                     specifier);
  }
  DateTimePicture::Marker marker;
  marker.component = static_cast<char>(component->specifier);
  std::u32string_view presentation = std::u32string_view(text).substr(1);
  const size_t comma = presentation.rfind(U',');
  if (comma != presentation.npos) {
    const std::u32string_view width = presentation.substr(comma + 1);
    const size_t dash = width.find(U'-');
    marker.min_width = Width(width.substr(0, dash));
    if (dash != width.npos) marker.max_width = Width(width.substr(dash + 1));
    presentation = presentation.substr(0, comma);
  }
  RETURN_IF_ERROR(ReadPresentation(presentation.empty() ? component->presentation : presentation, marker));
  if (marker.style == DateTimePicture::Style::kInteger && marker.min_width) {
    marker.integer.mandatory = std::max(marker.integer.mandatory, *marker.min_width);
  }
  return marker;
}

}  // namespace

Result<DateTimePicture> DateTimePicture::Parse(std::string_view picture) {
  const std::u32string points = ToCodePoints(picture);
  DateTimePicture out;
  std::u32string text;
  const auto flush = [&] {
    if (!text.empty()) out.parts.emplace_back(std::exchange(text, {}));
  };
  for (size_t i = 0; i < points.size(); ++i) {
    const bool twice = i + 1 < points.size() && points[i + 1] == points[i];
    if (points[i] == U'[' && !twice) {
      const size_t end = points.find(U']', i);
      if (end == points.npos) {
        return MakeFault("D3135", "No matching closing bracket ']' in date/time picture string",
                         std::string(picture));
      }
      flush();
      ASSIGN_OR_RETURN(Marker marker, ReadMarker(std::u32string_view(points).substr(i + 1, end - i - 1)));
      out.parts.emplace_back(std::move(marker));
      i = end;
      continue;
    }
    text += points[i];
    if ((points[i] == U'[' || points[i] == U']') && twice) ++i;
  }
  flush();
  return out;
}

const char* MonthName(int month) {
  constexpr const char* kNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};
  return kNames[month - 1];
}

const char* DayName(int day) {
  constexpr const char* kNames[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                    "Friday", "Saturday", "Sunday"};
  return kNames[day - 1];
}

}  // namespace penstock::jsonata
