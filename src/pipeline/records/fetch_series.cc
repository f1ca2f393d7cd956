#include "pipeline/records/fetch_series.h"

#include <fmt/format.h>

#include <optional>

#include "base/fault.h"
#include "base/json.h"
#include "pipeline/records/record_layout.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

// Requests of one series within one second, of all processes together.
constexpr int kMaxTries = 120;

// Where a series goes on, and the version of the object that says so.
struct Cursor {
  std::string text;                 // empty: from the beginning
  std::optional<store::Etag> etag;  // nothing: there is no object
};

Result<Cursor> ReadCursor(const RecordLayout& layout, store::ObjectStore& store, const std::string& series) {
  const std::string key = layout.CursorKey(series);
  const auto object = store.Get(key);
  if (CodeOf(object.status()) == ErrorCode::kNotFound) return Cursor{};
  RETURN_IF_ERROR(object.status());
  auto value = ParseJson(object->bytes);
  auto text = value.ok() ? GetString(*value, "cursor") : Result<std::string>(value.status());
  if (!text.ok()) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("{} is not a cursor: {}", key, text.status().message()),
                     "delete it, and the series is asked for from its beginning");
  }
  return Cursor{std::move(*text), object->info.etag};
}

// The page under its first free key.
Status StorePage(const RecordLayout& layout, store::ObjectStore& store, const source::RecordAnswer& answer,
                 RawRecord& record, FetchedRaw& fetched) {
  record.page = answer.page;
  record.extension = answer.extension;
  for (int n = 0; n < kMaxTries; ++n) {
    const std::string key = layout.RawKey(record);
    const auto put = store.Put(key, answer.body, {.if_absent = true});
    if (put.ok()) {
      fetched.keys.push_back(key);
      fetched.bytes += put->size;
      return Status::OK();
    }
    if (CodeOf(put.status()) != ErrorCode::kAlreadyExists) return put.status();
    // Whose first page is stored has the names of the others to itself, but for what somebody put there.
    if (!fetched.keys.empty()) return put.status();
    record.requested_at += std::chrono::seconds(1);
  }
  return MakeError(ErrorCode::kConflict,
                   fmt::format("{}: no second without an answer of {} up to {}", layout.RawPrefix(),
                               record.series, FormatStamp(record.requested_at)),
                   "is the clock right, and does nothing else ask for the series without end?");
}

}  // namespace

Result<FetchedRaw> FetchSeries(const Pipeline& pipeline, const Runtime& runtime,
                               const source::RecordSource& source, const source::RecordSeries& series,
                               std::stop_token stop) {
  const RecordLayout layout(pipeline);
  store::ObjectStore& store = *runtime.store;
  ASSIGN_OR_RETURN(const Cursor cursor, ReadCursor(layout, store, series.key));
  FetchedRaw fetched;
  RawRecord record;
  record.series = series.key;
  const auto keep = [&](const source::RecordAnswer& answer) -> Status {
    if (fetched.keys.empty())
      record.requested_at = std::chrono::floor<std::chrono::seconds>(answer.requested_at);
    RETURN_IF_ERROR(StorePage(layout, store, answer, record, fetched));
    runtime.log.Debug("fetched", {{"series", series.key},
                                  {"key", fetched.keys.back()},
                                  {"bytes", answer.body.size()},
                                  {"url", answer.masked_url}});
    return FaultPoint("records.fetch.stored");
  };
  ASSIGN_OR_RETURN(const auto answer, source.Fetch(series, cursor.text, keep, stop));
  if (answer.cursor.empty() || answer.cursor == cursor.text) return fetched;
  const json::object state{{"series", series.key},
                           {"cursor", answer.cursor},
                           {"raw", fetched.keys.empty() ? "" : fetched.keys.back()},
                           {"requested_at", FormatTimestamp(record.requested_at)}};
  const auto put = store.Put(layout.CursorKey(series.key), ToPrettyJson(state),
                             {.if_absent = !cursor.etag, .if_match = cursor.etag});
  const ErrorCode code = CodeOf(put.status());
  if (code == ErrorCode::kAlreadyExists || code == ErrorCode::kPreconditionFailed) {
    runtime.log.Info("cursor_was_advanced", {{"series", series.key}, {"by", "another run at the same time"}});
    return fetched;
  }
  RETURN_IF_ERROR(put.status());
  fetched.advanced = true;
  RETURN_IF_ERROR(FaultPoint("records.fetch.advanced"));
  return fetched;
}

}  // namespace penstock::pipeline
