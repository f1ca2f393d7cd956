#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <thread>

#include "base/date.h"
#include "base/json.h"

namespace penstock {
namespace {

struct Lines : LogSink {
  void Write(LogLevel, std::string_view line) override { text += line; }
  std::string text;
};

struct LogTest : testing::Test {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 11)) + std::chrono::milliseconds(1)};
  std::shared_ptr<Lines> lines = std::make_shared<Lines>();
  Logger Make(LogFormat format, LogLevel level = LogLevel::kInfo) {
    return Logger(lines, format, level, &clock);
  }
};

TEST_F(LogTest, Text) {
  Make(LogFormat::kText)
      .With({"execution", "e-1"})
      .Warning("fetch_failed", {{"symbol", "BRK.B"}, {"tries", 3}, {"s", 0.25}, {"last", true}});
  EXPECT_EQ(
      lines->text,
      "2017-08-11T00:00:00.001Z warning fetch_failed execution=e-1 symbol=BRK.B tries=3 s=0.25 last=true\n");
}

TEST_F(LogTest, TextStaysOneLineAndHarmless) {
  Make(LogFormat::kText)
      .Info("x", {{"a", "two words"},
                  {"b", ""},
                  {"c", "line\nbreak\r\x1b[31m"},
                  {"d", "q\"=q"},
                  {"e", "株"},
                  {"f", "\x1b[31m"},
                  {"g", "a\rb"},
                  {"h", "\x7f"},
                  {"i", "\xff"}});
  EXPECT_EQ(std::count(lines->text.begin(), lines->text.end(), '\n'), 1);
  EXPECT_EQ(lines->text.find_first_of("\r\x1b\xff"), std::string::npos) << lines->text;
  EXPECT_NE(lines->text.find("a=\"two words\" b=\"\""), std::string::npos) << lines->text;
  EXPECT_NE(lines->text.find("e=株"), std::string::npos) << lines->text;
}

TEST_F(LogTest, JsonIsOneDocumentALine) {
  const Logger log = Make(LogFormat::kJson).With({"execution", "e-1"});
  log.Error("put_failed", {{"key", "a\n\"b\""}, {"bytes", int64_t{1} << 40}, {"ok", false}, {"rate", 1.5}});
  const auto value = ParseJson(lines->text);
  ASSERT_TRUE(value.ok()) << value.status() << lines->text;
  EXPECT_EQ(*GetString(*value, "time"), "2017-08-11T00:00:00.001Z");
  EXPECT_EQ(*GetString(*value, "level"), "error");
  EXPECT_EQ(*GetString(*value, "event"), "put_failed");
  EXPECT_EQ(*GetString(*value, "execution"), "e-1");
  EXPECT_EQ(*GetString(*value, "key"), "a\n\"b\"");
  EXPECT_EQ(*GetInt(*value, "bytes"), int64_t{1} << 40);
}

TEST_F(LogTest, JsonOfWhatJsonCannotSay) {
  Make(LogFormat::kJson)
      .Info("x",
            {{"nan", std::nan("")}, {"inf", std::numeric_limits<double>::infinity()}, {"bytes", "\xff\xfe"}});
  const auto value = ParseJson(lines->text);
  EXPECT_TRUE(value.ok()) << value.status() << " " << lines->text;
}

TEST_F(LogTest, LevelsBelowAreSilent) {
  const Logger log = Make(LogFormat::kText, LogLevel::kWarning);
  log.Debug("a");
  log.Info("b");
  EXPECT_EQ(lines->text, "");
  log.Error("c");
  EXPECT_NE(lines->text, "");
  Logger().Error("a default one writes nothing");
  lines->text.clear();
  Make(LogFormat::kText, LogLevel::kOff).Error("d");
  EXPECT_EQ(lines->text, "");
  EXPECT_EQ(*ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_EQ(CodeOf(ParseLogLevel("loud").status()), ErrorCode::kUsage);
}

TEST_F(LogTest, LinesOfThreadsDoNotMix) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const Logger log(MakeFileDescriptorSink(fds[1]), LogFormat::kText, LogLevel::kInfo, &clock);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) log.Info("tick", {{"n", "0123456789"}});
      });
    }
  }
  ::close(fds[1]);
  std::string all(64 * 1024, '\0');
  size_t size = 0;
  for (ssize_t n; (n = ::read(fds[0], all.data() + size, all.size() - size)) > 0;)
    size += static_cast<size_t>(n);
  ::close(fds[0]);
  const std::string line = "2017-08-11T00:00:00.001Z info    tick n=0123456789\n";
  ASSERT_EQ(size, 400 * line.size());
  for (size_t at = 0; at < size; at += line.size()) ASSERT_EQ(all.substr(at, line.size()), line);
}

}  // namespace
}  // namespace penstock
