// Signature Version 4 against AWS's own test suite (tests/data/aws/sigv4), and what the suite does not have:
// S3.
#include "aws/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "net/url.h"

namespace penstock::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct SuiteCase {
  std::string name;
  json::object files;

  std::string Text(std::string_view file) const {
    const auto* text = files.if_contains(file);
    return text == nullptr ? "" : std::string(text->as_string());
  }
};

void PrintTo(const SuiteCase& test, std::ostream* out) { *out << test.name; }

// `of_older_form`: the two without a context.json.
std::vector<SuiteCase> ReadSuite(bool of_older_form) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/aws/sigv4/cases.jsonl", std::ios::binary);
  std::vector<SuiteCase> cases;
  for (std::string line; std::getline(in, line);) {
    json::object files = ParseJson(line).ValueOrDie().as_object();
    if (files.contains("context.json") == of_older_form) continue;
    cases.push_back({std::string(files.at("name").as_string()), files});
  }
  return cases;
}

// request.txt as a request. A header's further lines begin with a space; headers that the signer adds are
// left out.
net::HttpRequest ParseRequest(const std::string& text) {
  net::HttpRequest request;
  std::istringstream in(text);
  std::string line;
  std::getline(in, line);
  const size_t space = line.find(' ');
  request.method = line.substr(0, space);
  std::string target = line.substr(space + 1, line.rfind(" HTTP") - space - 1);
  // No client can send a space in a request line.
  for (size_t at; (at = target.find(' ')) != std::string::npos;) target.replace(at, 1, "%20");
  std::vector<std::pair<std::string, std::string>> headers;
  while (std::getline(in, line) && !line.empty()) {
    if (line.front() == ' ') {
      headers.back().second += "\n" + line;
    } else {
      headers.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
  }
  std::string host;
  for (auto& [name, value] : headers) {
    if (name == "Host") host = value;
    if (name == "X-Amz-Date" || name == "X-amz-date") continue;
    request.headers.Add(name, value);
  }
  request.url = "https://" + host + target;
  std::getline(in, request.body, '\0');
  return request;
}

struct Signing {
  Credentials credentials;
  SigningScope scope;
  SigningOptions options;
};

Signing SigningOf(const json::value& context) {
  const json::object& fields = context.as_object();
  const auto& keys = fields.at("credentials");
  Signing signing;
  signing.credentials = {*GetString(keys, "access_key_id"), *GetString(keys, "secret_access_key"),
                         *GetStringOr(keys, "token", ""), std::nullopt};
  signing.scope = {*GetString(context, "service"), *GetString(context, "region"),
                   *ParseTimestamp(*GetString(context, "timestamp"))};
  signing.options.normalize_path = fields.at("normalize").as_bool();
  signing.options.content_sha256_header = fields.at("sign_body").as_bool();
  // Its requests are written with raw paths, but for a space: each is encoded once.
  signing.options.double_encode_path = false;
  const auto* omit = fields.if_contains("omit_session_token");
  signing.options.sign_session_token = omit == nullptr || !omit->as_bool();
  return signing;
}

std::string After(const std::string& text, const std::string& mark, char end = '\n') {
  const size_t at = text.find(mark);
  return at == std::string::npos ? "" : text.substr(at + mark.size(), text.find(end, at) - at - mark.size());
}

class SigV4Suite : public ::testing::TestWithParam<SuiteCase> {};

TEST_P(SigV4Suite, InTheHeader) {
  const SuiteCase& test = GetParam();
  const json::value& context = test.files.at("context.json");
  const Signing signing = SigningOf(context);
  net::HttpRequest request = ParseRequest(test.Text("request.txt"));
  const auto steps = SignRequest(signing.credentials, signing.scope, signing.options, &request);
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_EQ(steps->canonical_request, test.Text("header-canonical-request.txt"));
  EXPECT_EQ(steps->string_to_sign, test.Text("header-string-to-sign.txt"));
  EXPECT_EQ(steps->signature, test.Text("header-signature.txt"));
  const std::string expected = test.Text("header-signed-request.txt");
  EXPECT_EQ(request.headers.Find("authorization"), After(expected, "Authorization:"));
  EXPECT_EQ(request.headers.Find("x-amz-security-token").value_or(""),
            After(expected, "X-Amz-Security-Token:"));
  EXPECT_EQ(request.headers.Find("x-amz-content-sha256").value_or(""),
            After(expected, "x-amz-content-sha256:"));
}

TEST_P(SigV4Suite, InTheQuery) {
  const SuiteCase& test = GetParam();
  const json::value& context = test.files.at("context.json");
  const Signing signing = SigningOf(context);
  const std::chrono::seconds lifetime(*GetInt(context, "expiration_in_seconds"));
  SignatureSteps steps;
  const auto url = PresignUrl(signing.credentials, signing.scope, signing.options, lifetime,
                              ParseRequest(test.Text("request.txt")), &steps);
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(steps.canonical_request, test.Text("query-canonical-request.txt"));
  EXPECT_EQ(steps.string_to_sign, test.Text("query-string-to-sign.txt"));
  EXPECT_EQ(steps.signature, test.Text("query-signature.txt"));
  std::string target = After(test.Text("query-signed-request.txt"), " ");
  target = target.substr(0, target.rfind(" HTTP"));
  for (size_t at; (at = target.find(' ')) != std::string::npos;) target.replace(at, 1, "%20");
  EXPECT_EQ(url->substr(url->find('/', 8)), target);
}

INSTANTIATE_TEST_SUITE_P(Aws, SigV4Suite, ::testing::ValuesIn(ReadSuite(false)), [](const auto& info) {
  std::string name;
  for (const char c : info.param.name) name += c == '-' ? '_' : c;
  return name;
});

TEST(SigV4, TheSuiteIsThere) {
  EXPECT_EQ(ReadSuite(false).size(), 38u);
  EXPECT_EQ(ReadSuite(true).size(), 2u);
}

// The suite's two cases of the older form, for all services but S3.
TEST(SigV4, EncodesThePathTwice) {
  const Credentials keys{"ANOTREAL", "notrealrnrELgWzOk3IfjzDKtFBhDby", "", std::nullopt};
  const TimePoint time = *ParseTimestamp("2021-05-11T15:40:45Z");
  for (const SuiteCase& test : ReadSuite(true)) {
    net::HttpRequest request = ParseRequest(test.Text("request.txt"));
    net::HttpRequest again = request;
    EXPECT_EQ(SignRequest(keys, {"service", "us-east-1", time}, {}, &request)->canonical_request,
              test.Text("header-canonical-request.txt"));
    if (test.name != "double-encode-path") continue;
    const TimePoint other = *ParseTimestamp("2015-08-30T12:36:00Z");
    ASSERT_TRUE(SignRequest(keys, {"service", "us-east-1", other}, {}, &again).ok());
    EXPECT_EQ(again.headers.Find("authorization"),
              After(test.Text("header-signed-request.txt"), "Authorization:"));
  }
}

// Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in a
// Single Chunk", its examples; and "Authenticating Requests: Using Query Parameters".
const Credentials kS3Keys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "",
                          std::nullopt};
const SigningScope kS3{"s3", "us-east-1", *ParseTimestamp("2013-05-24T00:00:00Z")};

std::string S3Signature(net::HttpRequest request, SigningOptions options = SigningOptionsOf("s3")) {
  const auto steps = SignRequest(kS3Keys, kS3, options, &request);
  return steps.ok() ? steps->signature : steps.status().ToString();
}

TEST(SigV4, ExamplesOfS3sDocumentation) {
  net::HttpRequest get{.url = "https://examplebucket.s3.amazonaws.com/test.txt"};
  get.headers.Add("Range", "bytes=0-9");
  EXPECT_EQ(S3Signature(get), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

  EXPECT_EQ(S3Signature({.url = "https://examplebucket.s3.amazonaws.com/?lifecycle"}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(S3Signature({.url = "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J"}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, PresignedExampleOfS3sDocumentation) {
  const auto url = PresignUrl(kS3Keys, kS3, SigningOptionsOf("s3"), std::chrono::seconds(86400),
                              {.url = "https://examplebucket.s3.amazonaws.com/test.txt"});
  ASSERT_TRUE(url.ok());
  EXPECT_THAT(*url,
              HasSubstr("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
  EXPECT_THAT(*url, Not(HasSubstr(kS3Keys.secret_access_key)));
}

TEST(SigV4, S3PathsAreSignedAsTheyAre) {
  net::HttpRequest request{.url = "http://127.0.0.1:9000/bucket//a/../b%20%2Bc/./d"};
  const auto steps = SignRequest(kS3Keys, kS3, SigningOptionsOf("s3"), &request);
  ASSERT_TRUE(steps.ok());
  EXPECT_THAT(steps->canonical_request, HasSubstr("\n/bucket//a/../b%20%2Bc/./d\n"));
  EXPECT_THAT(steps->canonical_request, HasSubstr("\nhost:127.0.0.1:9000\n"));
}

TEST(SigV4, ABodyMayStayUnsigned) {
  SigningOptions options = SigningOptionsOf("s3");
  options.unsigned_payload = true;
  net::HttpRequest request{.method = "PUT", .url = "https://b.s3.amazonaws.com/k", .body = "bytes"};
  const auto steps = SignRequest(kS3Keys, kS3, options, &request);
  ASSERT_TRUE(steps.ok());
  EXPECT_EQ(request.headers.Find("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_TRUE(steps->canonical_request.ends_with("\nUNSIGNED-PAYLOAD"));
}

TEST(SigV4, HeadersThatProxiesChangeAreNotSigned) {
  net::HttpRequest request{.url = "https://sqs.eu-west-1.amazonaws.com/"};
  request.headers.Add("User-Agent", "x");
  request.headers.Add("Connection", "keep-alive");
  request.headers.Add("Content-Type", "application/x-amz-json-1.0");
  ASSERT_TRUE(SignRequest(kS3Keys, {"sqs", "eu-west-1", kS3.time}, {}, &request).ok());
  EXPECT_THAT(*request.headers.Find("authorization"),
              HasSubstr("SignedHeaders=content-type;host;x-amz-date,"));
}

TEST(SigV4, WhatCannotBeSignedIsSaid) {
  net::HttpRequest twice{.url = "https://b.s3.amazonaws.com/k"};
  ASSERT_TRUE(SignRequest(kS3Keys, kS3, {}, &twice).ok());
  EXPECT_EQ(CodeOf(SignRequest(kS3Keys, kS3, {}, &twice).status()), ErrorCode::kUsage);
  net::HttpRequest broken{.url = "ftp://b/k"};
  EXPECT_EQ(CodeOf(SignRequest(kS3Keys, kS3, {}, &broken).status()), ErrorCode::kUsage);
  for (const int64_t seconds : {int64_t{0}, int64_t{7 * 86400 + 1}}) {
    EXPECT_EQ(
        CodeOf(PresignUrl(kS3Keys, kS3, {}, std::chrono::seconds(seconds), {.url = "https://b/k"}).status()),
        ErrorCode::kUsage);
  }
}

}  // namespace
}  // namespace penstock::aws
