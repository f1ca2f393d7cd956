#include "query/result_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/ascii.h"
#include "query/cell_text.h"
#include "query/sql_text.h"

namespace penstock::query {
namespace {

constexpr std::array kFormats = {ResultFormat::kTable,  ResultFormat::kCsv,      ResultFormat::kJson,
                                 ResultFormat::kNdjson, ResultFormat::kMarkdown, ResultFormat::kParquet};

void AppendCsvField(std::string_view text, std::string* out) {
  const bool quote = text.empty() || text.find_first_of(",\"\r\n") != std::string_view::npos ||
                     text.front() == ' ' || text.back() == ' ';
  if (!quote) {
    *out += text;
    return;
  }
  *out += '"';
  for (const char c : text) {
    *out += c;
    if (c == '"') *out += c;
  }
  *out += '"';
}

Result<int64_t> WriteCsv(ResultStream& stream, const ByteSink& sink) {
  std::string out;
  for (int i = 0; i < stream.schema()->num_fields(); ++i) {
    if (i > 0) out += ',';
    AppendCsvField(stream.schema()->field(i)->name(), &out);
  }
  out += "\r\n";
  RETURN_IF_ERROR(sink(out));
  int64_t rows = 0;
  std::string cell;
  for (;;) {
    ASSIGN_OR_RETURN(const auto batch, stream.Next());
    if (batch == nullptr) return rows;
    out.clear();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      for (int i = 0; i < batch->num_columns(); ++i) {
        if (i > 0) out += ',';
        if (batch->column(i)->IsNull(row)) continue;
        cell.clear();
        AppendText(*batch->column(i), row, &cell);
        AppendCsvField(cell, &out);
      }
      out += "\r\n";
    }
    rows += batch->num_rows();
    RETURN_IF_ERROR(sink(out));
  }
}

Result<int64_t> WriteJson(ResultStream& stream, bool lines, const ByteSink& sink) {
  std::vector<std::string> keys;
  for (const std::string& name : UniqueNames(*stream.schema())) {
    AppendJsonString(name, &keys.emplace_back());
    keys.back() += ':';
  }
  int64_t rows = 0;
  std::string out = lines ? "" : "[";
  for (;;) {
    ASSIGN_OR_RETURN(const auto batch, stream.Next());
    if (batch == nullptr) break;
    for (int64_t row = 0; row < batch->num_rows(); ++row, ++rows) {
      if (!lines) out += rows == 0 ? "\n" : ",\n";
      out += '{';
      for (int i = 0; i < batch->num_columns(); ++i) {
        if (i > 0) out += ',';
        out += keys[i];
        AppendJson(*batch->column(i), row, &out);
      }
      out += lines ? "}\n" : "}";
    }
    RETURN_IF_ERROR(sink(out));
    out.clear();
  }
  if (!lines) out += rows == 0 ? "]\n" : "\n]\n";
  RETURN_IF_ERROR(sink(out));
  return rows;
}

Status FromErrno(std::string_view what, const std::string& path) {
  const int error = errno;
  const ErrorCode code = error == ENOSPC || error == EDQUOT  ? ErrorCode::kNoSpace
                         : error == EROFS                    ? ErrorCode::kReadOnly
                         : error == EACCES || error == EPERM ? ErrorCode::kPermissionDenied
                         : error == ENOENT || error == ENOTDIR || error == EISDIR ? ErrorCode::kUsage
                                                                                  : ErrorCode::kIo;
  return MakeError(code, std::string(what) + " " + path + ": " + std::generic_category().message(error),
                   "choose a file in a folder that exists and may be written");
}

// A temporary file beside `path` that takes its place on Commit, and is removed otherwise.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path), temporary_(path + ".penstock-" + std::to_string(getpid()) + ".tmp") {}
  ~NewFile() {
    if (descriptor_ < 0) return;
    close(descriptor_);
    unlink(temporary_.c_str());
  }
  Status Open() {
    if (std::filesystem::is_directory(path_)) {
      errno = EISDIR;
      return FromErrno("cannot write", path_);
    }
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return descriptor_ < 0 ? FromErrno("cannot create", path_) : Status::OK();
  }
  Status Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FromErrno("cannot write", path_);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return Status::OK();
  }
  Status Commit() {
    if (fsync(descriptor_) != 0) return FromErrno("cannot sync", path_);
    if (rename(temporary_.c_str(), path_.c_str()) != 0) return FromErrno("cannot rename a file to", path_);
    close(descriptor_);
    descriptor_ = -1;
    return Status::OK();
  }

 private:
  const std::string path_;
  const std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace

std::string_view NameOf(ResultFormat format) {
  switch (format) {
    case ResultFormat::kTable: return "table";
    case ResultFormat::kCsv: return "csv";
    case ResultFormat::kJson: return "json";
    case ResultFormat::kNdjson: return "ndjson";
    case ResultFormat::kMarkdown: return "markdown";
    case ResultFormat::kParquet: return "parquet";
  }
  return "table";
}

Result<ResultFormat> ParseResultFormat(std::string_view text) {
  for (const ResultFormat format : kFormats) {
    if (EqualsIgnoreCase(text, NameOf(format))) return format;
  }
  if (EqualsIgnoreCase(text, "md")) return ResultFormat::kMarkdown;
  if (EqualsIgnoreCase(text, "jsonl")) return ResultFormat::kNdjson;
  return MakeError(ErrorCode::kUsage, "a format is table, csv, json, ndjson, markdown or parquet, not '" +
                                          std::string(text) + "'");
}

ResultFormat FormatOfFile(std::string_view path, ResultFormat otherwise) {
  const std::string lower = AsciiLower(path);
  const auto ends = [&](std::string_view end) { return lower.size() > end.size() && lower.ends_with(end); };
  if (ends(".csv")) return ResultFormat::kCsv;
  if (ends(".json")) return ResultFormat::kJson;
  if (ends(".ndjson") || ends(".jsonl")) return ResultFormat::kNdjson;
  if (ends(".md")) return ResultFormat::kMarkdown;
  if (ends(".parquet")) return ResultFormat::kParquet;
  return otherwise;
}

std::vector<std::string> UniqueNames(const arrow::Schema& schema) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const auto& field : schema.fields()) taken.insert(field->name());
  std::set<std::string> used;
  for (const auto& field : schema.fields()) {
    std::string name = field->name();
    for (int i = 2; used.contains(name); ++i) {
      std::string other = field->name() + "_" + std::to_string(i);
      if (!taken.contains(other)) name = std::move(other);
    }
    used.insert(name);
    names.push_back(std::move(name));
  }
  return names;
}

Result<WriteSummary> WriteResult(ResultStream& stream, const WriteOptions& options, const ByteSink& sink) {
  WriteSummary summary;
  const ByteSink counted = [&](std::string_view bytes) {
    summary.bytes += static_cast<int64_t>(bytes.size());
    return bytes.empty() ? Status::OK() : sink(bytes);
  };
  auto run = [&]() -> Result<int64_t> {
    switch (options.format) {
      case ResultFormat::kCsv: return WriteCsv(stream, counted);
      case ResultFormat::kJson: return WriteJson(stream, false, counted);
      case ResultFormat::kNdjson: return WriteJson(stream, true, counted);
      case ResultFormat::kMarkdown: return WriteMarkdown(stream, counted);
      case ResultFormat::kParquet: return WriteParquet(stream, counted);
      case ResultFormat::kTable: break;
    }
    return WriteTable(stream, options, counted);
  };
  ASSIGN_OR_RETURN(summary.rows, run());
  return summary;
}

Result<WriteSummary> WriteResultFile(ResultStream& stream, const WriteOptions& options,
                                     const std::string& path) {
  NewFile file(path);
  RETURN_IF_ERROR(file.Open());
  ASSIGN_OR_RETURN(const WriteSummary summary,
                   WriteResult(stream, options, [&](std::string_view bytes) { return file.Write(bytes); }));
  RETURN_IF_ERROR(file.Commit());
  return summary;
}

}  // namespace penstock::query
