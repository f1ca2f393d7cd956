// One structured line an event: text on a terminal, JSON otherwise.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace penstock {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
Result<LogLevel> ParseLogLevel(std::string_view text);  // debug|info|warning|error|off

struct LogField {
  std::string key;
  std::variant<std::string, int64_t, double, bool> value;
  LogField(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, int64_t v) : key(k), value(v) {}
  LogField(std::string_view k, int v) : key(k), value(static_cast<int64_t>(v)) {}
  LogField(std::string_view k, size_t v) : key(k), value(static_cast<int64_t>(v)) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
};

enum class LogFormat { kText, kJson };

// Where lines go. Thread-safe; a line is one write.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Write(LogLevel level, std::string_view line) = 0;  // with its newline
};
std::shared_ptr<LogSink> MakeFileDescriptorSink(int fd);

// Cheap to copy. A default-made Logger writes nothing.
class Logger {
 public:
  Logger() = default;
  Logger(std::shared_ptr<LogSink> sink, LogFormat format, LogLevel level, const Clock* clock)
      : sink_(std::move(sink)), format_(format), level_(level), clock_(clock) {}

  // The same with `field` on every line, such as the execution's id.
  Logger With(LogField field) const;

  // `event` is a fixed name in snake case ("fetch_failed"); what varies stands in the fields.
  void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;
  void Debug(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    Log(LogLevel::kDebug, event, fields);
  }
  void Info(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    Log(LogLevel::kInfo, event, fields);
  }
  void Warning(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    Log(LogLevel::kWarning, event, fields);
  }
  void Error(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    Log(LogLevel::kError, event, fields);
  }

 private:
  std::shared_ptr<LogSink> sink_;
  LogFormat format_ = LogFormat::kText;
  LogLevel level_ = LogLevel::kOff;
  const Clock* clock_ = nullptr;
  std::vector<LogField> fixed_;
};

}  // namespace penstock
