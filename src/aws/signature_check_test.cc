#include "aws/signature_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "aws/sigv4.h"
#include "base/temporary_folder.h"

namespace penstock::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kId = "AKIDEXAMPLE";
constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

class SignatureCheckTest : public ::testing::Test {
 protected:
  SignatureCheckTest()
      : clock_(*ParseTimestamp("2026-11-21T12:00:00Z")),
        check_(*AccessKeys::Parse(std::string("OTHERID:0123456789abcdef,") + kId + ":" + kSecret), "firehose",
               clock_) {}

  // As an SDK sends it.
  net::ServerRequest Signed(TimePoint time, Credentials keys = {kId, kSecret, "", std::nullopt},
                            const std::string& service = "firehose", const std::string& target = "/") {
    net::HttpRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:8181" + target;
    request.headers.Add("X-Amz-Target", "Firehose_20150804.PutRecord");
    request.headers.Add("Content-Type", "application/x-amz-json-1.1");
    request.body = R"({"DeliveryStreamName":"s","Record":{"Data":"YQ=="}})";
    EXPECT_TRUE(SignRequest(keys, {service, "eu-west-1", time}, SigningOptionsOf(service), &request).ok());
    net::ServerRequest out;
    out.method = request.method;
    EXPECT_TRUE(net::ParseTarget(target, &out).ok());
    out.headers = request.headers;
    out.headers.Add("Host", "127.0.0.1:8181");
    out.headers.Add("User-Agent", "anything, as it is not signed");
    out.body = request.body;
    return out;
  }
  std::string ErrorOf(const net::ServerRequest& request) {
    const auto refusal = check_.Check(request);
    if (refusal) {
      EXPECT_THAT(refusal->message, Not(HasSubstr(kSecret)));
    }
    return refusal ? refusal->error + ": " + refusal->message : "";
  }
  // The same with another value of a header, or without it.
  static net::ServerRequest With(const net::ServerRequest& request, const std::string& name,
                                 const char* value) {
    net::ServerRequest out = request;
    out.headers = {};
    for (const auto& [each, text] : request.headers.fields()) {
      if (each != name) out.headers.Add(each, text);
    }
    if (value != nullptr) out.headers.Add(name, value);
    return out;
  }
  static std::string Replaced(std::string text, std::string_view from, std::string_view to) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }
  net::ServerRequest WithAuthorization(std::string_view from, std::string_view to) {
    const auto request = Signed(clock_.Now());
    return With(request, "Authorization", Replaced(*request.headers.Find("authorization"), from, to).c_str());
  }

  ManualClock clock_;
  SignatureCheck check_;
};

TEST_F(SignatureCheckTest, TakesWhatItsKeysSigned) {
  EXPECT_EQ(ErrorOf(Signed(clock_.Now())), "");
  EXPECT_EQ(ErrorOf(Signed(clock_.Now(), {"OTHERID", "0123456789abcdef", "", std::nullopt})), "");
  EXPECT_EQ(ErrorOf(Signed(clock_.Now(), {kId, kSecret, "", std::nullopt}, "firehose",
                           "/streams/a%20b/records?format=csv&x=%2F")),
            "");
}

// The window is for clocks that differ, and for how long what was overheard holds.
TEST_F(SignatureCheckTest, HoldsForFiveMinutes) {
  for (const int minutes : {-5, 5}) {
    EXPECT_EQ(ErrorOf(Signed(clock_.Now() + std::chrono::minutes(minutes))), "") << minutes;
  }
  EXPECT_EQ(
      ErrorOf(Signed(clock_.Now() - std::chrono::seconds(301))),
      "InvalidSignatureException: Signature expired: 20261121T115459Z is now earlier than 20261121T115500Z "
      "(20261121T120000Z - 5 min.)");
  EXPECT_EQ(ErrorOf(Signed(clock_.Now() + std::chrono::seconds(301))),
            "InvalidSignatureException: Signature not yet current: 20261121T120501Z is still later than "
            "20261121T120500Z (20261121T120000Z + 5 min.)");
}

TEST_F(SignatureCheckTest, RefusesWhatIsNotSignedRight) {
  const auto good = Signed(clock_.Now());
  EXPECT_THAT(ErrorOf(With(good, "Authorization", nullptr)),
              HasSubstr("MissingAuthenticationTokenException: Missing Authentication Token"));
  EXPECT_THAT(ErrorOf(With(good, "Authorization", "Basic YTpi")), HasSubstr("MissingAuthenticationToken"));
  EXPECT_THAT(ErrorOf(Signed(clock_.Now(), {kId, "another secret of ours", "", std::nullopt})),
              HasSubstr("InvalidSignatureException: The request signature we calculated does not match"));
  EXPECT_THAT(ErrorOf(Signed(clock_.Now(), {"AKIDUNKNOWN", kSecret, "", std::nullopt})),
              HasSubstr("UnrecognizedClientException: The security token included"));
  EXPECT_THAT(ErrorOf(Signed(clock_.Now(), {kId, kSecret, "a token that nobody gave", std::nullopt})),
              HasSubstr("UnrecognizedClientException"));
  EXPECT_THAT(ErrorOf(Signed(clock_.Now(), {kId, kSecret, "", std::nullopt}, "kinesis")),
              HasSubstr("Credential should be scoped to correct service: 'firehose'"));
  EXPECT_THAT(ErrorOf(WithAuthorization("/20261121/", "/20261120/")), HasSubstr("'20261120' != '20261121'"));
  EXPECT_THAT(ErrorOf(WithAuthorization("/aws4_request", "/aws5_request")), HasSubstr("valid terminator"));
  EXPECT_THAT(ErrorOf(WithAuthorization("/eu-west-1", "/eu-west-2")), HasSubstr("does not match"));
  EXPECT_THAT(ErrorOf(WithAuthorization("/aws4_request", "")), HasSubstr("exactly 5 slash-delimited"));
  EXPECT_THAT(
      ErrorOf(WithAuthorization("Signature=", "Sig=")),
      HasSubstr("IncompleteSignatureException: Authorization header requires 'Signature' parameter."));
  EXPECT_THAT(ErrorOf(With(good, "X-Amz-Date", nullptr)), HasSubstr("IncompleteSignatureException"));
  EXPECT_THAT(ErrorOf(With(good, "X-Amz-Date", "2026-11-21T12:00:00Z")),
              HasSubstr("ISO-8601 'basic format'"));
}

TEST_F(SignatureCheckTest, RefusesWhatWasChangedOnTheWay) {
  const auto good = Signed(clock_.Now());
  auto changed = good;
  changed.body += ' ';
  EXPECT_THAT(ErrorOf(changed), HasSubstr("does not match the signature"));
  changed = good;
  changed.method = "PUT";
  EXPECT_THAT(ErrorOf(changed), HasSubstr("does not match the signature"));
  changed = good;
  ASSERT_TRUE(net::ParseTarget("/?a=b", &changed).ok());
  EXPECT_THAT(ErrorOf(changed), HasSubstr("does not match the signature"));
  EXPECT_THAT(ErrorOf(With(good, "X-Amz-Target", "Firehose_20150804.DeleteDeliveryStream")),
              HasSubstr("does not match the signature"));
  EXPECT_THAT(ErrorOf(With(good, "Host", "example.com")), HasSubstr("does not match the signature"));
  EXPECT_THAT(ErrorOf(With(good, "x-amz-content-sha256", "UNSIGNED-PAYLOAD")),
              HasSubstr("which were not signed: x-amz-content-sha256"));
  EXPECT_THAT(ErrorOf(WithAuthorization("content-type;host;", "content-type;")), HasSubstr("'Host'"));
  EXPECT_THAT(ErrorOf(WithAuthorization(";x-amz-target", "")),
              HasSubstr("which were not signed: x-amz-target"));
  EXPECT_THAT(ErrorOf(With(good, "Content-Type", nullptr)),
              HasSubstr("'content-type' is not in the request"));
}

TEST(AccessKeys, AreReadAndMistakesDoNotShowSecrets) {
  const auto keys =
      AccessKeys::Parse("# producers\nFIRST:0123456789abcdef\n\n SECOND:with:colons/and+more=\n");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(*keys->SecretOf("FIRST"), "0123456789abcdef");
  EXPECT_EQ(*keys->SecretOf("SECOND"), "with:colons/and+more=");
  EXPECT_EQ(keys->SecretOf("THIRD"), nullptr);
  EXPECT_TRUE(AccessKeys::Parse("")->empty());
  for (const char* text :
       {"0123456789secretvalue", "ab:0123456789secretvalue", "sp ace:0123456789secretvalue",
        "FIRST:0123456789secretvalue,FIRST:0123456789secretvalue", "FIRST:secretvalue"}) {
    const auto wrong = AccessKeys::Parse(text);
    EXPECT_EQ(CodeOf(wrong.status()), ErrorCode::kConfiguration) << text;
    EXPECT_THAT(Describe(wrong.status()), Not(HasSubstr("secretvalue")));
  }
}

TEST(AccessKeys, StandInTheEnvironmentOrInAFileOfTheOwner) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/keys";
  std::ofstream(path) << "FIRST:0123456789abcdef\n";
  chmod(path.c_str(), 0644);
  unsetenv("PENSTOCK_ACCESS_KEYS");
  setenv("PENSTOCK_ACCESS_KEYS_FILE", path.c_str(), 1);
  EXPECT_THAT(Describe(AccessKeys::FromEnvironment().status()), HasSubstr("chmod 600"));
  chmod(path.c_str(), 0600);
  EXPECT_EQ(AccessKeys::FromEnvironment()->First().first, "FIRST");
  setenv("PENSTOCK_ACCESS_KEYS", "SECOND:0123456789abcdef", 1);
  EXPECT_THAT(Describe(AccessKeys::FromEnvironment().status()), HasSubstr("both set"));
  unsetenv("PENSTOCK_ACCESS_KEYS_FILE");
  EXPECT_EQ(AccessKeys::FromEnvironment()->First().first, "SECOND");
  setenv("PENSTOCK_ACCESS_KEYS", " ,\n# none", 1);
  EXPECT_THAT(Describe(AccessKeys::FromEnvironment().status()), HasSubstr("holds no access key"));
  unsetenv("PENSTOCK_ACCESS_KEYS");
  EXPECT_TRUE(AccessKeys::FromEnvironment()->empty());
  setenv("PENSTOCK_ACCESS_KEYS_FILE", std::string(folder / "").c_str(), 1);
  EXPECT_THAT(Describe(AccessKeys::FromEnvironment().status()), HasSubstr("is a folder"));
  unsetenv("PENSTOCK_ACCESS_KEYS_FILE");
}

}  // namespace
}  // namespace penstock::aws
