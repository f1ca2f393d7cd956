#include "jsonata/datetime_match.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "jsonata/fault.h"
#include "jsonata/integer_words.h"
#include "jsonata/iso_time.h"
#include "jsonata/unicode.h"

namespace penstock::jsonata {
namespace {

using Marker = DateTimePicture::Marker;
using Style = DateTimePicture::Style;
using Kind = IntegerPicture::Kind;

// Together they bound the time of a match: parts x length x length.
constexpr size_t kMaxText = 1000;
constexpr size_t kMaxParts = 64;
constexpr double kMaxValue = 1e9;

char32_t LowerOf(char32_t point) { return point >= U'A' && point <= U'Z' ? point + 32 : point; }

std::u32string Lower(std::u32string_view text) {
  std::u32string out(text);
  std::transform(out.begin(), out.end(), out.begin(), LowerOf);
  return out;
}

bool IsLetter(char32_t point) { return point >= U'a' && point <= U'z'; }

bool IsZone(const Marker& marker) { return marker.component == 'Z' || marker.component == 'z'; }

bool IsDigits(const Marker& marker) {
  return marker.style == Style::kInteger && marker.integer.kind == Kind::kDigits && !IsZone(marker);
}

bool IsDigit(const IntegerPicture& picture, char32_t point) {
  return point >= picture.zero && point <= picture.zero + 9;
}

bool StartsWith(std::u32string_view text, std::u32string_view start) {
  return text.substr(0, start.size()) == start;
}

// The names that a component may have, in lower case, cut as the picture has it, with their values.
std::vector<std::pair<std::u32string, int64_t>> Names(const Marker& marker) {
  std::vector<std::pair<std::u32string, int64_t>> names;
  const auto add = [&](const char* name, int64_t value) {
    std::u32string lower = Lower(ToCodePoints(name));
    if (marker.max_width && *marker.max_width > 0) lower.resize(std::min(lower.size(), *marker.max_width));
    names.emplace_back(std::move(lower), value);
  };
  if (marker.component == 'M' || marker.component == 'x') {
    for (int month = 1; month <= 12; ++month) add(MonthName(month), month);
  } else if (marker.component == 'F') {
    for (int day = 1; day <= 7; ++day) add(DayName(day), day);
  } else if (marker.component == 'P') {
    add("am", 0);
    add("pm", 1);
  }
  return names;
}

// A row of digits with separators between them; `exact`: so many digits, else any number. Appends where it
// may end, the nearest first.
void AddDigitEnds(const IntegerPicture& picture, std::u32string_view separators, size_t exact,
                  std::u32string_view text, size_t at, std::vector<size_t>& ends) {
  size_t digits = 0;
  for (size_t i = at; i < text.size() && (exact == 0 || digits < exact); ++i) {
    if (IsDigit(picture, text[i])) {
      ++digits;
      if (exact == 0 || digits == exact) ends.push_back(i + 1);
    } else if (i == at || separators.find(text[i]) == separators.npos) {
      return;
    }
  }
}

void AddWordEnds(std::u32string_view text, size_t at, std::vector<size_t>& ends) {
  while (at < text.size()) {
    const size_t begin = at;
    while (at < text.size() && IsLetter(text[at])) ++at;
    const std::string word = ToUtf8(text.substr(begin, at - begin));
    if (!IsNumberWord(word)) return;
    if (word != "and") ends.push_back(at);
    while (at < text.size() && (text[at] == U' ' || text[at] == U',' || text[at] == U'-')) ++at;
  }
}

void AddLetterEnds(std::u32string_view letters, std::u32string_view text, size_t at,
                   std::vector<size_t>& ends) {
  while (at < text.size() && letters.find(text[at]) != letters.npos) ends.push_back(++at);
}

std::u32string SeparatorsOf(const IntegerPicture& picture) {
  std::u32string signs;
  for (const Separator& separator : picture.separators) signs += separator.sign;
  return signs;
}

// Hours alone are followed by minutes where there are any: "-5", "-5:30".
std::u32string ZoneSeparators(const IntegerPicture& picture) {
  if (picture.separators.empty() && picture.mandatory + picture.optional <= 2) return U":";
  return SeparatorsOf(picture);
}

void AddZoneEnds(const Marker& marker, std::u32string_view text, size_t at, std::vector<size_t>& ends) {
  const std::u32string_view rest = text.substr(at);
  if (rest.empty()) return;
  if (marker.style == Style::kMilitaryZone && IsLetter(rest[0])) ends.push_back(at + 1);
  if (marker.traditional && rest[0] == U'z') ends.push_back(at + 1);
  if (marker.component == 'z') {
    if (!StartsWith(rest, U"gmt")) return;
    at += 3;
  }
  if (at >= text.size() || (text[at] != U'+' && text[at] != U'-')) return;
  AddDigitEnds(marker.integer, ZoneSeparators(marker.integer), 0, text, at + 1, ends);
}

// "st", "nd", "rd" or "th" behind an ordinal, any of them.
void KeepOrdinals(std::u32string_view text, std::vector<size_t>& ends) {
  const auto suffixed = [&](size_t end) {
    const std::u32string_view suffix = text.substr(end, 2);
    return suffix == U"st" || suffix == U"nd" || suffix == U"rd" || suffix == U"th";
  };
  ends.erase(std::remove_if(ends.begin(), ends.end(), [&](size_t end) { return !suffixed(end); }),
             ends.end());
  for (size_t& end : ends) end += 2;
}

std::optional<int64_t> ReadZone(const Marker& marker, std::u32string_view text) {
  if (text == U"z") return 0;
  if (text.size() == 1) {
    const std::string letter(1, static_cast<char>(text[0] - 32));
    for (int hours = -12; hours <= 12; ++hours) {
      if (MilitaryZone(hours * 60) == letter) return hours * 60;
    }
    return std::nullopt;
  }
  if (marker.component == 'z') text.remove_prefix(3);
  const bool negative = text[0] == U'-';
  text.remove_prefix(1);
  const std::u32string separators = ZoneSeparators(marker.integer);
  const size_t separator = text.find_first_of(separators);
  if (!marker.integer.separators.empty() && separator == text.npos) return std::nullopt;
  const auto number = [&](std::u32string_view digits) -> std::optional<int> {
    if (digits.empty() || digits.size() > 2) return std::nullopt;
    int value = 0;
    for (const char32_t point : digits) {
      if (!IsDigit(marker.integer, point)) return std::nullopt;
      value = value * 10 + static_cast<int>(point - marker.integer.zero);
    }
    return value;
  };
  std::u32string_view hours = text;
  std::u32string_view minutes = U"";
  if (separator != text.npos) {
    hours = text.substr(0, separator);
    minutes = text.substr(separator + 1);
  } else if (text.size() > 2) {
    hours = text.substr(0, text.size() - 2);
    minutes = text.substr(text.size() - 2);
  }
  const std::optional<int> h = number(hours);
  const std::optional<int> m = minutes.empty() ? 0 : number(minutes);
  if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
  return (negative ? -1 : 1) * (*h * 60 + *m);
}

// The first three digits of a fraction; the others are dropped.
int64_t ReadFraction(const IntegerPicture& picture, std::u32string_view digits) {
  int64_t milliseconds = 0;
  for (size_t i = 0; i < 3; ++i) {
    const bool digit = i < digits.size() && IsDigit(picture, digits[i]);
    milliseconds = milliseconds * 10 + (digit ? static_cast<int64_t>(digits[i] - picture.zero) : 0);
  }
  return milliseconds;
}

std::optional<int64_t> Read(const Marker& marker, std::u32string_view text) {
  if (marker.style == Style::kName) {
    std::optional<int64_t> found;
    for (const auto& [name, value] : Names(marker)) {
      if (name != text) continue;
      if (found) return std::nullopt;  // "J" is no month
      found = value;
    }
    return found;
  }
  if (IsZone(marker)) return ReadZone(marker, text);
  if (marker.component == 'f' && marker.integer.kind == Kind::kDigits) {
    return ReadFraction(marker.integer, text);
  }
  const std::optional<double> value = marker.integer.Read(text);
  if (!value || !(*value >= 0 && *value < kMaxValue)) return std::nullopt;
  return static_cast<int64_t>(*value);
}

class Matcher {
 public:
  Matcher(const DateTimePicture& picture, std::u32string_view text)
      : text_(text), ends_(picture.parts.size()), failed_((picture.parts.size() + 1) * (text.size() + 1)) {
    for (const DateTimePicture::Part& part : picture.parts) {
      const auto* literal = std::get_if<std::u32string>(&part);
      literals_.push_back(literal == nullptr ? U"" : Lower(*literal));
      markers_.push_back(std::get_if<Marker>(&part));
    }
  }

  // Whether the parts from `part` on are the text from `at` on; then the ends of all of them are known.
  bool Match(size_t part, size_t at) {
    if (part == markers_.size()) return at == text_.size();
    const size_t state = part * (text_.size() + 1) + at;
    if (failed_[state]) return false;
    for (const size_t end : Ends(part, at)) {
      ends_[part] = end;
      if (Match(part + 1, end)) return true;
    }
    failed_[state] = true;
    return false;
  }

  std::optional<DateTimeFields> Fields() const {
    DateTimeFields fields;
    for (size_t part = 0; part < markers_.size(); ++part) {
      if (markers_[part] == nullptr) continue;
      const size_t begin = part == 0 ? 0 : ends_[part - 1];
      const std::optional<int64_t> value = Read(*markers_[part], text_.substr(begin, ends_[part] - begin));
      if (!value) return std::nullopt;
      fields[IsZone(*markers_[part]) ? 'Z' : markers_[part]->component] = *value;
    }
    return fields;
  }

 private:
  // Where a part that begins at `at` may end, the farthest first.
  std::vector<size_t> Ends(size_t part, size_t at) const {
    std::vector<size_t> ends;
    if (markers_[part] == nullptr) {
      if (StartsWith(text_.substr(at), literals_[part])) ends.push_back(at + literals_[part].size());
      return ends;
    }
    const Marker& marker = *markers_[part];
    if (marker.style == Style::kName) {
      for (const auto& [name, value] : Names(marker)) {
        if (StartsWith(text_.substr(at), name)) ends.push_back(at + name.size());
      }
    } else if (IsZone(marker)) {
      AddZoneEnds(marker, text_, at, ends);
    } else if (marker.integer.kind == Kind::kDigits) {
      const bool followed =
          part + 1 < markers_.size() && markers_[part + 1] != nullptr && IsDigits(*markers_[part + 1]);
      AddDigitEnds(marker.integer, SeparatorsOf(marker.integer), followed ? marker.integer.mandatory : 0,
                   text_, at, ends);
      if (marker.integer.ordinal) KeepOrdinals(text_, ends);
    } else if (marker.integer.kind == Kind::kWords) {
      AddWordEnds(text_, at, ends);
    } else {
      const bool roman = marker.integer.kind == Kind::kRoman;
      AddLetterEnds(roman ? U"ivxlcdm" : U"abcdefghijklmnopqrstuvwxyz", text_, at, ends);
    }
    std::reverse(ends.begin(), ends.end());
    return ends;
  }

  std::u32string_view text_;
  std::vector<std::u32string> literals_;  // of a part that is text
  std::vector<const Marker*> markers_;    // of a part that is a component, else nullptr
  std::vector<size_t> ends_;
  std::vector<bool> failed_;  // by part and position
};

}  // namespace

Result<std::optional<DateTimeFields>> MatchDateTime(const DateTimePicture& picture, std::string_view text) {
  for (const DateTimePicture::Part& part : picture.parts) {
    const auto* marker = std::get_if<Marker>(&part);
    if (marker != nullptr && marker->style == Style::kName && Names(*marker).empty()) {
      return MakeFault(
          "D3133", std::string("The name of component ") + marker->component + " cannot be read from a text",
          std::string(1, marker->component));
    }
  }
  const std::u32string lower = Lower(ToCodePoints(text));
  if (lower.size() > kMaxText || picture.parts.size() > kMaxParts) return std::nullopt;
  Matcher matcher(picture, lower);
  if (!matcher.Match(0, 0)) return std::nullopt;
  return matcher.Fields();
}

}  // namespace penstock::jsonata
