#include "query/duckdb_error.h"

#include <array>
#include <string>

namespace penstock::query {
namespace {

struct Class {
  std::string_view prefix;
  ErrorCode code;
  std::string_view advice;
};

constexpr std::string_view kMemoryAdvice =
    "read fewer partitions or columns (where dt = …), or allow more memory";
constexpr std::string_view kSandboxAdvice =
    "a query reads tables of the catalog only; SHOW ALL TABLES lists them";
constexpr std::string_view kDamagedAdvice =
    "check the table (penstock tables check TABLE) and process its raw input again (penstock process)";

constexpr std::array<Class, 22> kClasses = {{
    {"Parser Error", ErrorCode::kUsage, ""},
    {"Syntax Error", ErrorCode::kUsage, ""},
    {"Binder Error", ErrorCode::kUsage, ""},
    {"Catalog Error", ErrorCode::kUsage, ""},
    {"Conversion Error", ErrorCode::kUsage, ""},
    {"Mismatch Type Error", ErrorCode::kUsage, ""},
    {"Out of Range Error", ErrorCode::kUsage, ""},
    {"Divide by Zero Error", ErrorCode::kUsage, ""},
    {"Expression Error", ErrorCode::kUsage, ""},
    {"Decimal Error", ErrorCode::kUsage, ""},
    {"Invalid type Error", ErrorCode::kUsage, ""},
    {"Not implemented Error", ErrorCode::kUsage, ""},
    {"Invalid Input Error", ErrorCode::kUsage, ""},
    {"Invalid Configuration Error", ErrorCode::kUsage, "a query may not change settings"},
    {"Permission Error", ErrorCode::kPermissionDenied, kSandboxAdvice},
    {"Missing Extension Error", ErrorCode::kPermissionDenied, "extensions are not loaded by a query"},
    {"Out of Memory Error", ErrorCode::kResourceExhausted, kMemoryAdvice},
    {"INTERRUPT Error", ErrorCode::kCancelled, ""},
    {"Interrupt Error", ErrorCode::kCancelled, ""},
    {"HTTP Error", ErrorCode::kUnavailable, ""},
    {"IO Error", ErrorCode::kIo, ""},
    {"INTERNAL Error", ErrorCode::kInternal, ""},
}};

// What DuckDB's Parquet reader says of bytes that are none, or not any more. "Invalid Error" is a foreign
// exception, here always one of Thrift's, which decodes footers and page headers.
bool IsDamagedFile(std::string_view text) {
  if (text.starts_with("Invalid Error: ")) return true;
  if (text.find(".parquet") == std::string_view::npos) return false;
  for (const std::string_view sign :
       {"No magic bytes found", "too small to be a Parquet file", "Footer length error",
        "ecompression failure", "Failed to read file", "TProtocolException", "orrupt", "Invalid thrift",
        "out of buffer", "too short"}) {
    if (text.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

Status FromDuckDbError(std::string_view text) {
  ErrorCode code = ErrorCode::kInternal;
  std::string_view advice;
  std::string_view rest = text;
  for (const Class& known : kClasses) {
    if (text.starts_with(known.prefix) && text.substr(known.prefix.size()).starts_with(": ")) {
      code = known.code;
      advice = known.advice;
      rest = text.substr(known.prefix.size() + 2);
      break;
    }
  }
  const bool of_data =
      code == ErrorCode::kInternal || code == ErrorCode::kIo || text.starts_with("Invalid Input Error");
  if (of_data && IsDamagedFile(text)) {
    code = ErrorCode::kCorrupt;
    advice = kDamagedAdvice;
    // The line of the SQL says nothing here.
    rest = rest.substr(0, rest.find("\n\nLINE "));
  }
  if (text.starts_with("HTTP Error")) {
    // What DuckDB adds is about its own settings.
    rest = rest.substr(0, rest.find("\n\nAuthentication Failure"));
    rest = rest.substr(0, rest.find("\n\nLINE "));
    rest = rest.substr(0, rest.find("\n\nBad Request"));
    bool refused = false;
    for (const std::string_view sign : {"(HTTP 403", "(HTTP 401", "\n\nInvalidToken", "\n\nExpiredToken"}) {
      refused = refused || text.find(sign) != std::string_view::npos;
    }
    if (refused) {
      code = ErrorCode::kPermissionDenied;
      advice = "check the AWS credentials and what they may read (s3:GetObject, s3:ListBucket)";
    } else if (text.find("(HTTP 404") != std::string_view::npos) {
      advice = "the file was replaced while the query ran: ask again";
    }
  }
  if (code == ErrorCode::kResourceExhausted) rest = rest.substr(0, rest.find("\n\nPossible solutions"));
  if (code == ErrorCode::kIo && text.find("No space left") != std::string_view::npos)
    code = ErrorCode::kNoSpace;
  std::string message(rest);
  for (size_t at = 0; (at = message.find("\n\nLINE ", at)) != std::string::npos;) message.erase(at, 1);
  return MakeError(code, std::move(message), std::string(advice));
}

}  // namespace penstock::query
