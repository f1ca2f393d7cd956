#include "base/log.h"

#include <errno.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/json_text.h"
#include "base/utf8.h"

namespace penstock {
namespace {

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error", "off"};

class FileDescriptorSink : public LogSink {
 public:
  explicit FileDescriptorSink(int fd) : fd_(fd) {}
  void Write(LogLevel, std::string_view line) override {
    while (!line.empty()) {
      const ssize_t n = ::write(fd_, line.data(), line.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;  // a log that cannot be written has nowhere to say so
      line.remove_prefix(static_cast<size_t>(n));
    }
  }

 private:
  const int fd_;
};

// What JSON cannot say (NaN, bytes that are no text) is said as near as it can.
json::value ToValue(const LogField& field) {
  if (const auto* text = std::get_if<std::string>(&field.value))
    return json::value(ReplaceInvalidUtf8(*text));
  const auto* number = std::get_if<double>(&field.value);
  if (number != nullptr && !std::isfinite(*number)) return json::value(fmt::format("{}", *number));
  return std::visit([](const auto& v) { return json::value(v); }, field.value);
}

bool NeedsQuotes(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '"' || c == '='; }

std::string ToText(const LogField& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    const bool plain =
        !text->empty() && std::none_of(text->begin(), text->end(), NeedsQuotes) && IsUtf8(*text);
    return plain ? *text : JsonText(ToValue(field));
  }
  if (const auto* number = std::get_if<double>(&field.value)) return fmt::format("{:.6g}", *number);
  return JsonText(ToValue(field));
}

}  // namespace

std::shared_ptr<LogSink> MakeFileDescriptorSink(int fd) { return std::make_shared<FileDescriptorSink>(fd); }

Result<LogLevel> ParseLogLevel(std::string_view text) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (text == kNames[i]) return static_cast<LogLevel>(i);
  }
  return MakeError(ErrorCode::kUsage,
                   fmt::format("log level: expected debug, info, warning, error or off, got {}", text));
}

Logger Logger::With(LogField field) const {
  Logger other = *this;
  other.fixed_.push_back(std::move(field));
  return other;
}

void Logger::Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const {
  if (sink_ == nullptr || level < level_) return;
  const std::string time = FormatTimestamp(clock_->Now());
  const std::string_view name = kNames[static_cast<size_t>(level)];
  std::string line;
  if (format_ == LogFormat::kJson) {
    json::object object;
    object["time"] = time;
    object["level"] = name;
    object["event"] = event;
    for (const auto& field : fixed_) object[field.key] = ToValue(field);
    for (const auto& field : fields) object[field.key] = ToValue(field);
    line = JsonText(object);
  } else {
    line = fmt::format("{} {:<7} {}", time, name, event);
    for (const auto& field : fixed_) line += fmt::format(" {}={}", field.key, ToText(field));
    for (const auto& field : fields) line += fmt::format(" {}={}", field.key, ToText(field));
  }
  line += '\n';
  sink_->Write(level, line);
}

}  // namespace penstock
