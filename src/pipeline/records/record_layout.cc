#include "pipeline/records/record_layout.h"

#include <fmt/format.h>

#include <charconv>

#include "pipeline/layout.h"
#include "pipeline/records/series_list.h"
#include "source/record_source.h"

namespace penstock::pipeline {
namespace {

constexpr size_t kStampDigits = 14;

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// 20190301120000, 20190301120000-0002
std::string StemOf(const RawRecord& record) {
  const std::string stamp = FormatStamp(record.requested_at);
  return record.page == 1 ? stamp : fmt::format("{}-{:04}", stamp, record.page);
}

}  // namespace

std::string FormatStamp(TimePoint time) {
  std::string text = FormatTimestamp(time).substr(0, 19);  // 2019-03-01T12:00:00
  std::erase_if(text, [](char c) { return c == '-' || c == 'T' || c == ':'; });
  return text;
}

std::optional<TimePoint> ParseStamp(std::string_view text) {
  if (text.size() != kStampDigits || !IsDigits(text)) return std::nullopt;
  const auto part = [&](size_t from, size_t count) { return text.substr(from, count); };
  const auto time = ParseTimestamp(fmt::format("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 2), part(6, 2),
                                               part(8, 2), part(10, 2), part(12, 2)));
  return time.ok() ? std::optional(*time) : std::nullopt;
}

RecordLayout::RecordLayout(const Pipeline& pipeline)
    : pipeline_(pipeline),
      prefix_(pipeline.config.prefix),
      raw_(pipeline::RawPrefix(prefix_) + (HasDefinitions(pipeline) ? "chart/" : "")) {}

std::string RecordLayout::RawPrefix(std::string_view series) const {
  return fmt::format("{}{}/", raw_, series);
}

std::string RecordLayout::RawKey(const RawRecord& record) const {
  return fmt::format("{}{}.{}", RawPrefix(record.series), StemOf(record), record.extension);
}

std::optional<RawRecord> RecordLayout::ParseRawKey(std::string_view key) const {
  if (!key.starts_with(raw_)) return std::nullopt;
  key.remove_prefix(raw_.size());
  const size_t slash = key.find('/');
  const size_t dot = key.rfind('.');
  if (slash == std::string_view::npos || dot == std::string_view::npos || dot < slash) return std::nullopt;
  RawRecord record;
  record.series = key.substr(0, slash);
  record.extension = key.substr(dot + 1);
  if (!source::CheckSeriesKey(record.series).ok()) return std::nullopt;
  if (record.extension != "json" && record.extension != "csv") return std::nullopt;
  const std::string_view stem = key.substr(slash + 1, dot - slash - 1);
  const auto time = ParseStamp(stem.substr(0, kStampDigits));
  if (!time) return std::nullopt;
  record.requested_at = *time;
  if (stem.size() > kStampDigits) {
    const std::string_view page = stem.substr(kStampDigits + 1);
    if (!IsDigits(page) ||
        std::from_chars(page.data(), page.data() + page.size(), record.page).ec != std::errc())
      return std::nullopt;
  }
  if (RawKey(record) != fmt::format("{}{}", raw_, key)) return std::nullopt;
  return record;
}

std::string RecordLayout::ProcessedPrefix(std::string_view series) const {
  return fmt::format("{}{}/", ProcessedPrefix(), series);
}

std::string RecordLayout::ProcessedKey(const RawRecord& record) const {
  return fmt::format("{}{}.parquet", ProcessedPrefix(record.series), StemOf(record));
}

std::string RecordLayout::CursorKey(std::string_view series) const {
  return fmt::format("{}state/{}.json", prefix_, series);
}

lake::TableEntry RecordLayout::TableOf(std::string_view series) const {
  lake::TableEntry table;
  table.database = pipeline_.config.database();
  table.table = source::TableNameOf(series);
  table.prefix = ProcessedPrefix(series);
  table.description = fmt::format("{}: {}", pipeline_.name(), series);
  table.evolving = true;
  return table;
}

}  // namespace penstock::pipeline
