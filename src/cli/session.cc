#include "cli/session.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "store/s3_location.h"

namespace penstock::cli {
namespace {

// PENSTOCK_NOW sets what "now" is, so that a past day can be run as if it were today.
Duration ClockOffset() {
  const char* text = std::getenv("PENSTOCK_NOW");
  if (text == nullptr) return Duration(0);
  const auto now = ParseTimestamp(text);
  return now.ok() ? *now - SystemClock().Now() : Duration(0);
}

}  // namespace

Session::Session(std::stop_token stop)
    : clock_(ClockOffset()),
      stop_(std::move(stop)),
      out_(DescribeTerminal(STDOUT_FILENO)),
      err_(DescribeTerminal(STDERR_FILENO)) {}

Status Session::Prepare() {
  if (const char* text = std::getenv("PENSTOCK_NOW"); text != nullptr && !ParseTimestamp(text).ok()) {
    return MakeError(ErrorCode::kUsage,
                     std::string("PENSTOCK_NOW: expected a time as 2017-08-11T22:00:00Z, got ") + text);
  }
  ASSIGN_OR_RETURN(format_, ParseOutputFormat(options.output));
  ASSIGN_OR_RETURN(const LogLevel level,
                   ParseLogLevel(options.log_level.empty() ? "warning" : options.log_level));
  const LogFormat format = err_.interactive ? LogFormat::kText : LogFormat::kJson;
  log_ = Logger(MakeFileDescriptorSink(STDERR_FILENO), format, level, &clock_);
  return Status::OK();
}

std::string Session::bucket() const {
  std::string name = options.bucket;
  if (const char* variable = std::getenv("PENSTOCK_BUCKET"); name.empty() && variable != nullptr)
    name = variable;
  if (name.empty()) name = "lake";
  if (name.starts_with(store::kS3Scheme)) return name;
  std::error_code error;
  const auto absolute = std::filesystem::absolute(name, error);
  if (error) return name;
  return absolute.lexically_normal().string();
}

void Session::Print(std::string_view text) const {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() && output_error_ == 0)
    output_error_ = errno;
}

void Session::Remark(std::string_view text) const {
  if (options.quiet) return;
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Session::PrintRows(const Rows& rows) const { Print(Format(rows, format_, out_)); }

Status Session::FlushOutput() const {
  errno = 0;
  if (std::fflush(stdout) != 0 && output_error_ == 0) output_error_ = errno;
  // A reader that has seen enough (`| head`) is no failure.
  if (output_error_ == 0 || output_error_ == EPIPE) return Status::OK();
  return MakeError(ErrorCode::kIo,
                   std::string("standard output could not be written: ") + std::strerror(output_error_),
                   "is the disk that it goes to full?");
}

}  // namespace penstock::cli
