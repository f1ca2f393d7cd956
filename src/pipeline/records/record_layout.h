// Where the objects of a pipeline of records lie in its bucket (IEX-3):
//
//   {prefix}definitions.json                              kind iex: what is asked for
//   {prefix}raw/chart/{key}/{YYYYMMDDhhmmss}.json|csv     an answer, byte for byte; kind http: raw/{key}/
//   {prefix}raw/chart/{key}/{YYYYMMDDhhmmss}-0002.json    the second page of the same request, and so on
//   {prefix}processed/{key}/{the same}.parquet            its rows
//   {prefix}state/{key}.json                              where an incremental series goes on
//
// The time is the request's, UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "lake/catalog.h"
#include "pipeline/pipeline.h"

namespace penstock::pipeline {

// One stored answer.
struct RawRecord {
  std::string series;
  TimePoint requested_at;  // whole seconds
  int page = 1;
  std::string extension;  // json, csv
};

// YYYYMMDDhhmmss, UTC.
std::string FormatStamp(TimePoint time);
// nullopt: another text.
std::optional<TimePoint> ParseStamp(std::string_view text);

class RecordLayout {
 public:
  explicit RecordLayout(const Pipeline& pipeline);

  std::string DefinitionsKey() const { return prefix_ + "definitions.json"; }
  // Of all answers.
  const std::string& RawPrefix() const { return raw_; }
  // Of the answers of one series.
  std::string RawPrefix(std::string_view series) const;
  std::string RawKey(const RawRecord& record) const;
  // nullopt: not the key of an answer.
  std::optional<RawRecord> ParseRawKey(std::string_view key) const;
  std::string ProcessedPrefix() const { return prefix_ + "processed/"; }
  std::string ProcessedPrefix(std::string_view series) const;
  std::string ProcessedKey(const RawRecord& record) const;
  std::string CursorKey(std::string_view series) const;
  // The series' table, without its columns.
  lake::TableEntry TableOf(std::string_view series) const;

 private:
  const Pipeline& pipeline_;
  const std::string prefix_, raw_;
};

}  // namespace penstock::pipeline
