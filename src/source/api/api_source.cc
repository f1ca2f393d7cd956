#include "source/api/api_source.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/spelling.h"
#include "source/api/api_answer.h"
#include "source/api/api_pages.h"
#include "source/api/cell_text.h"
#include "source/api/field_template.h"

namespace penstock::source {
namespace {

// Whether `a` comes after `b`: numbers by value, all else bytewise.
bool IsGreater(std::string_view a, std::string_view b) {
  const auto x = CellAsDouble(a), y = CellAsDouble(b);
  const auto whole_x = CellAsInt(a), whole_y = CellAsInt(b);
  if (whole_x && whole_y) return *whole_x > *whole_y;
  return x && y ? *x > *y : a > b;
}

// The greatest value of the column as text; empty: there is none.
Result<std::string> GreatestOf(const arrow::RecordBatch& records, const std::string& field) {
  std::string greatest;
  if (records.num_rows() == 0) return greatest;
  const auto column = records.GetColumnByName(field);
  if (column == nullptr) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("the records have no \"{}\"", field),
                     "source.incremental.field is a column of the records");
  }
  for (int64_t row = 0; row < column->length(); ++row) {
    if (column->IsNull(row)) continue;
    std::string text;
    switch (column->type_id()) {
      case arrow::Type::INT64:
        text = std::to_string(static_cast<const arrow::Int64Array&>(*column).Value(row));
        break;
      case arrow::Type::DOUBLE:
        text = fmt::format("{}", static_cast<const arrow::DoubleArray&>(*column).Value(row));
        break;
      case arrow::Type::STRING: text = static_cast<const arrow::StringArray&>(*column).GetString(row); break;
      default:
        return MakeError(ErrorCode::kInvalidData, fmt::format("\"{}\" is neither number nor text", field));
    }
    if (greatest.empty() || IsGreater(text, greatest)) greatest = std::move(text);
  }
  return greatest;
}

}  // namespace

Result<std::unique_ptr<RecordSource>> MakeHttpSource(const SourceSettings& settings,
                                                     const SourceParts& parts) {
  ASSIGN_OR_RETURN(ApiSpec spec, ReadApiSpec(settings));
  std::unique_ptr<ApiSource> source(new ApiSource(std::move(spec), parts));
  if (parts.client != nullptr) {
    const ApiSpec& known = source->spec_;
    const std::string& asked = known.endpoint.empty() ? known.url : known.endpoint;
    // A template's braces belong to no URL; who is asked stands before them.
    ASSIGN_OR_RETURN(ApiClient client, ApiClient::Make(known.auth, known.headers, known.query,
                                                       asked.substr(0, asked.find('{')), parts));
    source->client_ = std::make_unique<const ApiClient>(std::move(client));
  }
  return source;
}

Result<std::string> ApiSource::UrlOf(const Fields& fields) const {
  ASSIGN_OR_RETURN(std::string url, FillUrl(spec_.url, fields));
  if (spec_.endpoint.empty()) return url;
  const size_t path = url.find('/', url.find("://") + 3);
  return spec_.endpoint + (path == std::string::npos ? "/" : url.substr(path));
}

Status ApiSource::Check(const RecordSeries& series) const {
  RETURN_IF_ERROR(CheckSeriesKey(series.key));
  ASSIGN_OR_RETURN(Fields fields, FieldsOf(series.query));
  std::string texts = spec_.url;
  for (const auto& [name, value] : spec_.query) texts += value;
  texts += spec_.body;
  for (const auto& [name, value] : fields) {
    if (texts.find("{" + name + "}") != std::string::npos ||
        texts.find("{+" + name + "}") != std::string::npos)
      continue;
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{}: nothing in url, query or body has {{{}}}", series.key, name));
  }
  AddDays(TimePoint{}, &fields);
  const auto named = [&](const Status& status) { return WithContext(status, series.key); };
  const auto url = UrlOf(fields);
  if (!url.ok()) return named(url.status());
  for (const auto& [name, value] : spec_.query) {
    const auto filled = FillText(value.find("${") == std::string::npos ? value : "", fields);
    if (!filled.ok()) return named(WithContext(filled.status(), "query." + name));
  }
  return Status::OK();
}

Result<FetchedSeries> ApiSource::Fetch(const RecordSeries& series, std::string_view cursor,
                                       const std::function<Status(RecordAnswer)>& on_page,
                                       std::stop_token stop) const {
  if (client_ == nullptr) return MakeError(ErrorCode::kUsage, "this source was made without an HTTP client");
  RETURN_IF_ERROR(Check(series));
  ASSIGN_OR_RETURN(Fields fields, FieldsOf(series.query));
  AddDays(parts_.clock->Now(), &fields);
  ASSIGN_OR_RETURN(std::string url, UrlOf(fields));
  net::QueryParams query;
  for (const auto& [name, value] : spec_.query) {
    if (value.find("${") != std::string::npos) continue;  // the client's, who knows secrets
    ASSIGN_OR_RETURN(std::string filled, FillText(value, fields));
    query.emplace_back(name, std::move(filled));
  }
  FetchedSeries fetched;
  fetched.cursor = cursor;
  const ApiIncremental& incremental = spec_.incremental;
  if (!incremental.field.empty()) {
    const std::string& since = fetched.cursor.empty() ? incremental.start : fetched.cursor;
    if (!since.empty()) query.emplace_back(incremental.parameter, since);
  }
  RecordOptions as_is = spec_.read;
  as_is.columns.clear();
  ApiPages pages(spec_.pagination, std::move(url), std::move(query));
  while (true) {
    ASSIGN_OR_RETURN(ApiReply reply, client_->Send(spec_.method, pages.Url(), FillJson(spec_.body, fields),
                                                   spec_.format, stop));
    reply.answer.page = pages.page();
    int64_t records = 0;
    std::string greatest;
    Status read = Status::OK();
    if (pages.counts_records() || !incremental.field.empty()) {
      auto rows = ReadRecords(reply.answer.body, reply.answer.extension, as_is);
      read = rows.status();
      if (read.ok()) records = (*rows)->num_rows();
      if (read.ok() && !incremental.field.empty()) {
        auto found = GreatestOf(**rows, incremental.field);
        read = found.status();
        if (read.ok()) greatest = *std::move(found);
      }
    }
    // The page behind the last one says nothing; any other is kept, and be it only for who looks into it.
    const bool behind = read.ok() && pages.counts_records() && records == 0 && pages.page() > 1;
    if (behind) return fetched;
    const auto more = pages.Advance(reply.answer.body, reply.answer.extension, reply.headers, records);
    const std::string where = reply.answer.masked_url;
    RETURN_IF_ERROR(on_page(std::move(reply.answer)));
    ++fetched.pages;
    if (!read.ok()) return WithContext(read, where);
    if (!greatest.empty() && (fetched.cursor.empty() || IsGreater(greatest, fetched.cursor))) {
      fetched.cursor = std::move(greatest);
    }
    if (!more.ok()) return WithContext(more.status(), where);
    if (!*more) return fetched;
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> ApiSource::Read(std::string_view bytes,
                                                            std::string_view extension) const {
  if (extension == "json" && IsErrorObject(bytes)) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("an error instead of records: \"{}\"", ErrorWords(bytes)));
  }
  return ReadRecords(bytes, extension, spec_.read);
}

}  // namespace penstock::source
