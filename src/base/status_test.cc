#include "base/status.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

Result<int> Fail() {
  auto detail = std::make_shared<ErrorDetail>(ErrorCode::kThrottled);
  detail->retry_after = std::chrono::milliseconds(1500);
  detail->request_id = "req-7";
  detail->advice = "wait";
  return MakeError(std::move(detail), "429 from the provider");
}
Result<std::string> Through() {
  ASSIGN_OR_RETURN(const int value, Fail());
  return std::to_string(value);
}
Status Further() {
  RETURN_IF_ERROR(Through().status());
  return Status::OK();
}

TEST(Status, DetailSurvivesTheMacros) {
  const Status status = Further();
  EXPECT_EQ(CodeOf(status), ErrorCode::kThrottled);
  ASSERT_NE(DetailOf(status), nullptr);
  EXPECT_EQ(DetailOf(status)->retry_after, std::chrono::milliseconds(1500));
  EXPECT_EQ(DetailOf(status)->request_id, "req-7");
  EXPECT_EQ(AdviceOf(status), "wait");
  EXPECT_TRUE(IsRetryable(status));
}

TEST(Status, ContextKeepsCodeAndDetail) {
  const Status status = WithContext(Further(), "AAPL");
  EXPECT_EQ(CodeOf(status), ErrorCode::kThrottled);
  EXPECT_EQ(status.message(), "AAPL: 429 from the provider");
  EXPECT_EQ(AdviceOf(status), "wait");
  EXPECT_TRUE(WithContext(Status::OK(), "x").ok());
}

TEST(Status, DescribeIsForAPerson) {
  const std::string text =
      Describe(MakeError(ErrorCode::kNoSpace, "cannot write /data/x: disk full", "free some space"));
  EXPECT_EQ(text.find("IOError"), std::string::npos);
  EXPECT_NE(text.find("cannot write /data/x: disk full"), std::string::npos);
  EXPECT_NE(text.find("free some space"), std::string::npos);
}

TEST(Status, ForeignStatusesGetTheNearestCode) {
  EXPECT_EQ(CodeOf(Status::OK()), ErrorCode::kOk);
  EXPECT_EQ(CodeOf(arrow::Status::IOError("x")), ErrorCode::kIo);
  EXPECT_EQ(CodeOf(arrow::Status::Invalid("x")), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(arrow::Status::KeyError("x")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(arrow::Status::OutOfMemory("x")), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(arrow::Status::NotImplemented("x")), ErrorCode::kInternal);
  EXPECT_FALSE(IsRetryable(arrow::Status::IOError("x")));
  EXPECT_EQ(AdviceOf(arrow::Status::IOError("x")), "");
}

TEST(Status, EveryCodeSurvives) {
  for (int i = 1; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const Status status = MakeError(code, "x");
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(CodeOf(status), code) << NameOf(code);
    // ALL-3: 1, some work failed; 2, usage or configuration.
    const bool usage = code == ErrorCode::kUsage || code == ErrorCode::kConfiguration;
    EXPECT_EQ(InfoOf(code).exit_code, usage ? 2 : 1) << NameOf(code);
    EXPECT_FALSE(InfoOf(code).asl_name.empty());
    for (int k = 0; k < i; ++k) EXPECT_NE(NameOf(static_cast<ErrorCode>(k)), NameOf(code));
  }
}

}  // namespace
}  // namespace penstock
