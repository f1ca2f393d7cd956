#include "source/replay/generated_notices.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/sha256.h"
#include "source/archive/archive_reader.h"

namespace penstock::source {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAnIssue = 350;  // 260 issues of them stay below 100,000 numbers

// What stands between `before` and `after`, the first time.
std::string Between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string_view::npos) return "";
  const size_t from = begin + before.size(), end = text.find(after, from);
  return end == std::string_view::npos ? "" : std::string(text.substr(from, end - from));
}

void ReplaceAll(std::string* text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at + to.size()))
    text->replace(at, from.size(), to);
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

// "20190301…" or "2019-03-01…" at the beginning of a text, with what follows it.
struct WrittenDate {
  Date date;
  bool hyphens;
  std::string_view rest;
};
std::optional<WrittenDate> DateAt(std::string_view text) {
  std::string iso;
  const bool hyphens = text.size() >= 10 && text[4] == '-' && text[7] == '-';
  if (hyphens) {
    iso = text.substr(0, 10);
  } else if (text.size() >= 8) {
    iso = fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2));
  } else {
    return std::nullopt;
  }
  const auto date = ParseDate(iso);
  if (!date.ok()) return std::nullopt;
  const std::string_view rest = text.substr(hyphens ? 10 : 8);
  // A time, a zone, or nothing: "20190301 12:00", "2019-03-01+01:00", "2019-03-01Z".
  if (rest.size() > 15 || rest.find_first_not_of("0123456789:+-TZ. ") != std::string_view::npos)
    return std::nullopt;
  if (!hyphens && !rest.empty() && rest[0] != ' ') return std::nullopt;
  return WrittenDate{*date, hyphens, rest};
}

std::string Shifted(const WrittenDate& written, std::chrono::days by) {
  std::string text = FormatDate(written.date + by);
  if (!written.hyphens) std::erase(text, '-');
  return text + std::string(written.rest);
}

bool IsDateElement(std::string_view tag) {
  return tag.find("DATE") != std::string_view::npos || tag.find("Date") != std::string_view::npos;
}

// <DAY>1</DAY><MONTH>3</MONTH><YEAR>2019</YEAR>, the dates of R2.0.8.
std::string ShiftTriples(const std::string& xml, std::chrono::days by) {
  std::string out;
  size_t from = 0;
  for (size_t at = xml.find("<DAY>"); at != std::string::npos; at = xml.find("<DAY>", at + 1)) {
    const size_t end = xml.find("</YEAR>", at);
    if (end == std::string::npos) break;
    const std::string_view triple(xml.data() + at, end + 7 - at);
    const auto day = Number(Between(triple, "<DAY>", "<")), month = Number(Between(triple, "<MONTH>", "<")),
               year = Number(Between(triple, "<YEAR>", "<"));
    if (!day || !month || !year || triple.size() > 200) continue;
    const auto date = ParseDate(fmt::format("{:04}-{:02}-{:02}", *year, *month, *day));
    if (!date.ok()) continue;
    const std::string moved = FormatDate(*date + by);
    out += xml.substr(from, at - from);
    out += fmt::format("<DAY>{}</DAY><MONTH>{}</MONTH><YEAR>{}</YEAR>", moved.substr(8, 2),
                       moved.substr(5, 2), moved.substr(0, 4));
    from = end + 7;
  }
  return out + xml.substr(from);
}

// The texts of elements that are dates.
std::string ShiftDates(const std::string& xml, std::chrono::days by) {
  std::string out;
  out.reserve(xml.size());
  size_t at = 0;
  while (at < xml.size()) {
    const size_t open = xml.find('<', at), close = open == std::string::npos ? open : xml.find('>', open);
    if (close == std::string::npos) break;
    out.append(xml, at, close + 1 - at);
    at = close + 1;
    const std::string_view tag(xml.data() + open, close - open);
    const size_t next = xml.find('<', at);
    if (next == std::string::npos || !IsDateElement(tag) || tag.starts_with("</")) continue;
    if (const auto written = DateAt(std::string_view(xml).substr(at, next - at))) {
      out += Shifted(*written, by);
      at = next;
    }
  }
  return out + xml.substr(std::min(at, xml.size()));
}

// A UUID that is a function of the old one and of the new number.
std::string OtherUuid(const std::string& uuid, std::string_view number) {
  std::string other = uuid;
  const std::string digits = Sha256Hex(fmt::format("{} {}", uuid, number));
  for (size_t i = 0; i < other.size(); ++i) {
    if (other[i] != '-' && i != 14 && i != 19) other[i] = digits[i];  // but version and variant
  }
  return other;
}

}  // namespace

Result<RecordedNotice> ReadRecordedNotice(std::string xml) {
  RecordedNotice notice;
  std::string id, day;
  if (xml.find("<TED_EXPORT") != std::string::npos) {
    id = Between(xml, "DOC_ID=\"", "\"");
    day = Between(xml, "<DATE_PUB>", "<");
    notice.is_call = xml.find("<TD_DOCUMENT_TYPE CODE=\"3\"") != std::string::npos;
    notice.previous = Between(Between(xml, "<REF_NOTICE>", "</REF_NOTICE>"), "<NO_DOC_OJS>", "<");
  } else {
    notice.eforms = true;
    id = Between(xml, "schemeName=\"ojs-notice-id\">", "<");
    day = Between(xml, ":PublicationDate>", "<");
    notice.uuid = Between(xml, "schemeName=\"notice-id\">", "<");
  }
  const size_t hyphen = id.find('-');
  const auto written = DateAt(day);
  const auto year =
      hyphen == std::string::npos ? std::nullopt : Number(std::string_view(id).substr(hyphen + 1));
  if (!written || !year || (notice.eforms && notice.uuid.size() != 36))
    return MakeError(ErrorCode::kInvalidData, "not a notice that was published, of TED_EXPORT or eForms");
  notice.number = id.substr(0, hyphen);
  notice.year = *year;
  notice.published = written->date;
  notice.xml = std::move(xml);
  return notice;
}

Result<std::vector<RecordedNotice>> ReadRecordedNotices(const std::string& folder) {
  std::vector<fs::path> archives;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    if (file.path().string().ends_with(".tar.gz")) archives.push_back(file.path());
  }
  std::sort(archives.begin(), archives.end());
  if (archives.empty()) return MakeError(ErrorCode::kNotFound, "no recorded notices in " + folder);
  std::vector<RecordedNotice> notices;
  for (const auto& path : archives) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    MemorySource source(bytes);
    ArchiveVisitor visitor;
    visitor.on_file = [&](const std::string& name, std::string_view xml) -> Status {
      auto notice = ReadRecordedNotice(std::string(xml));
      if (!notice.ok()) return WithContext(notice.status(), name);
      notices.push_back(*std::move(notice));
      return Status::OK();
    };
    visitor.on_refused = [&](const RefusedEntry& entry) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("{}: {}", entry.name, entry.reason));
    };
    RETURN_IF_ERROR(ReadArchive(source, path.filename().string(), {}, visitor).status());
  }
  return notices;
}

std::vector<OjsIssue> OjsIssuesOf(int year, int month) {
  std::vector<OjsIssue> issues;
  int number = 0;
  for (Date day = MakeDate(year, 1, 1);; day += std::chrono::days(1)) {
    const std::chrono::year_month_day civil(day);
    if (civil.year() != std::chrono::year(year) || static_cast<int>(unsigned{civil.month()}) > month) break;
    const unsigned weekday = std::chrono::weekday(day).c_encoding();
    if (weekday == 0 || weekday == 6) continue;
    ++number;
    if (static_cast<int>(unsigned{civil.month()}) == month) issues.push_back({day, year, number});
  }
  return issues;
}

std::string OjsReference(const OjsIssue& issue, std::string_view number) {
  return fmt::format("{}/S {:03}-{}", issue.year, issue.number, number);
}

std::string GeneratedNumber(const OjsIssue& issue, int index, bool eforms) {
  return fmt::format("{}", (eforms ? 90'000'000 : 900'000) + issue.number * kMostAnIssue + index);
}

GeneratedNotice GenerateNotice(const RecordedNotice& notice, const OjsIssue& issue, int index,
                               std::string_view previous) {
  const std::string number = GeneratedNumber(issue, index, notice.eforms);
  std::string xml = notice.xml;
  const std::string old_id = fmt::format("{}-{}", notice.number, notice.year);
  const std::string new_id = fmt::format("{}-{}", number, issue.year);
  if (notice.eforms) {
    ReplaceAll(&xml, notice.uuid, OtherUuid(notice.uuid, new_id));
    const std::string gazette = Between(xml, "schemeName=\"ojs-id\">", "<");
    ReplaceAll(&xml, "\"ojs-id\">" + gazette + "<",
               fmt::format("\"ojs-id\">{}/{}<", issue.number, issue.year));
  } else {
    const std::string edition = Between(xml, "EDITION=\"", "\"");  // 2018016
    if (edition.size() == 7) {
      ReplaceAll(&xml, fmt::format("{}/S {}-{}", edition.substr(0, 4), edition.substr(4), notice.number),
                 OjsReference(issue, number));
    }
    ReplaceAll(&xml, fmt::format("EDITION=\"{}\"", edition),
               fmt::format("EDITION=\"{}{:03}\"", issue.year, issue.number));
    ReplaceAll(&xml, fmt::format("<NO_OJ>{}</NO_OJ>", Between(xml, "<NO_OJ>", "<")),
               fmt::format("<NO_OJ>{}</NO_OJ>", issue.number));
  }
  if (!previous.empty()) ReplaceAll(&xml, notice.previous, previous);
  ReplaceAll(&xml, old_id, new_id);
  const auto by = issue.day - notice.published;
  xml = ShiftDates(xml, by);
  if (!notice.eforms) xml = ShiftTriples(xml, by);
  // Behind the declaration, which must be the very first thing.
  const size_t declaration = xml.starts_with("<?xml") ? xml.find("?>") + 2 : 0;
  xml.insert(declaration,
             fmt::format("<!-- Generated by Penstock from notice {}: made up, never published -->", old_id));
  return {fmt::format("{}_{}.xml", number, issue.year), std::move(xml)};
}

}  // namespace penstock::source
