#include "store/s3_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>

#include "aws/scripted_http.h"
#include "net/curl_client.h"
#include "net/url.h"
#include "store/crc32.h"
#include "store/object_store_conformance.h"
#include "store/s3_answers.h"
#include "store/versitygw_process.h"

namespace penstock::store {
namespace {

const VersitygwProcess* Server() {
  static const auto kServer = VersitygwProcess::Start(PENSTOCK_SOURCE_DIR);
  EXPECT_TRUE(kServer.ok()) << Describe(kServer.status());
  return kServer.ok() ? kServer->get() : nullptr;
}

// Stands between the store and the server: what it is told is lost, refused or changed.
class Interference : public net::HttpClient {
 public:
  explicit Interference(net::HttpClient& inner) : inner_(inner) {}
  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token stop) override {
    ++sent;
    if (before) {
      const std::lock_guard lock(mutex_);
      if (auto answer = before(request)) return *answer;
    }
    auto response = inner_.Send(request, stop);
    const std::lock_guard lock(mutex_);
    if (after) return after(request, std::move(response));
    return response;
  }

  std::atomic<int> sent{0};
  std::function<std::optional<Result<net::HttpResponse>>(const net::HttpRequest&)> before;
  std::function<Result<net::HttpResponse>(const net::HttpRequest&, Result<net::HttpResponse>)> after;

 private:
  net::HttpClient& inner_;
  std::mutex mutex_;
};

// A new bucket of the server, and a store in it.
struct Parts {
  explicit Parts(const std::string& prefix = "lake/of tests", Clock* of_others = nullptr)
      : clock(of_others == nullptr ? static_cast<Clock&>(manual) : *of_others),
        curl(net::CurlClient::Make({.max_in_flight = 32, .max_per_host = 32}).ValueOrDie()),
        http(*curl),
        credentials(Server()->credentials()),
        client(http, credentials, clock, random, Logger(),
               {.service = "s3", .region = "us-east-1", .endpoint = Server()->endpoint()}) {
    static std::atomic<int> buckets{0};
    options.location = {fmt::format("test-{}", ++buckets), prefix};
    options.path_style = true;
    EXPECT_TRUE(client.Send({.method = "PUT", .path = "/" + options.location.bucket}).ok());
  }
  std::shared_ptr<S3Store> Open() {
    auto opened = S3Store::Open(client, clock, random, options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ValueOr(nullptr);
  }

  // Pauses between attempts take no time.
  ManualClock manual{SystemClock().Now(), /*auto_advance=*/true};
  Clock& clock;
  Random random;  // of its own for each machine
  std::unique_ptr<net::CurlClient> curl;
  Interference http;
  aws::StaticCredentials credentials;
  aws::AwsClient client;
  S3StoreOptions options;
};

std::shared_ptr<ObjectStore> MakeStore(const std::string& prefix) {
  struct Owned {
    explicit Owned(const std::string& prefix) : parts(prefix, &clock), store(parts.Open()) {}
    SystemClock clock;  // many threads at once: a pause has to be one
    Parts parts;
    std::shared_ptr<S3Store> store;
  };
  if (Server() == nullptr) return nullptr;
  auto owned = std::make_shared<Owned>(prefix);
  return {owned, owned->store.get()};
}

// versitygw keeps a key as a file, and refuses one that is the folder of another; S3 itself holds both.
constexpr StoreTraits kTraits{.etag_of_bytes = true,
                              .modified_within = std::chrono::seconds(5),
                              .loses_puts_into_folders_that_go = true};

INSTANTIATE_TEST_SUITE_P(S3, ObjectStoreConformance,
                         testing::Values(StoreMaker{"s3", [] { return MakeStore(""); }, kTraits},
                                         StoreMaker{"s3_prefix", [] { return MakeStore("lake/of tests"); },
                                                    kTraits}),
                         StoreMakerName);

using aws::Answer;

bool IsPut(const net::HttpRequest& request) { return request.method == "PUT"; }
bool IsComplete(const net::HttpRequest& request) {
  return request.method == "POST" && request.url.find("uploadId=") != std::string::npos;
}
Status Lost() { return MakeError(ErrorCode::kTimeout, "the answer was lost"); }

struct S3StoreTest : testing::Test {
  void SetUp() override {
    ASSERT_NE(Server(), nullptr);
    parts = std::make_unique<Parts>();
    store = parts->Open();
    ASSERT_NE(store, nullptr);
  }
  // What a request gets once that is `of` this kind, instead of being sent.
  void AnswerOnce(bool (*of)(const net::HttpRequest&), Result<net::HttpResponse> answer) {
    parts->http.before = [of, answer, done = false](const net::HttpRequest& request) mutable {
      if (done || !of(request)) return std::optional<Result<net::HttpResponse>>();
      done = true;
      return std::optional<Result<net::HttpResponse>>(answer);
    };
  }
  // The answer to the first request `of` this kind, which was carried out, does not arrive.
  void LoseOnce(bool (*of)(const net::HttpRequest&)) {
    parts->http.after = [of, done = false](const net::HttpRequest& request,
                                           Result<net::HttpResponse> response) mutable {
      if (done || !of(request)) return response;
      done = true;
      return Result<net::HttpResponse>(Lost());
    };
  }
  std::string Uploads() {
    return parts->client.Send({.path = "/" + parts->options.location.bucket, .query = {{"uploads", ""}}})
        .ValueOrDie()
        .body;
  }
  const std::string large = std::string(40 << 20, 'x') + "end";

  std::unique_ptr<Parts> parts;
  std::shared_ptr<S3Store> store;
};

TEST_F(S3StoreTest, ACreateWhoseAnswerWasLostIsOurs) {
  LoseOnce(IsPut);
  const auto put = store->Put("lock", "mine", {.if_absent = true});
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->etag, store->Head("lock")->etag);
  LoseOnce(IsPut);
  EXPECT_TRUE(store->Put("lock", "mine, again", {.if_match = put->etag}).ok());
  LoseOnce(IsPut);
  EXPECT_EQ(CodeOf(store->Put("lock", "x", {.if_match = put->etag}).status()),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(store->Get("lock")->bytes, "mine, again");
}

// Also when the bytes are the same: the other one believes that it has won.
TEST_F(S3StoreTest, ACreateThatDidNotArriveIsNotTakenForAnothers) {
  bool first = true;
  parts->http.before = [&](const net::HttpRequest& request) -> std::optional<Result<net::HttpResponse>> {
    if (!first || !IsPut(request)) return std::nullopt;
    first = false;
    // Another machine is faster.
    Parts machine;
    machine.options.location = parts->options.location;
    EXPECT_TRUE(machine.Open()->Put("lock", "same", {.if_absent = true}).ok());
    return Result<net::HttpResponse>(Lost());
  };
  EXPECT_EQ(CodeOf(store->Put("lock", "same", {.if_absent = true}).status()), ErrorCode::kAlreadyExists);
}

TEST_F(S3StoreTest, AnUploadWhoseCompletionWasLostIsDone) {
  for (const PutOptions& options : {PutOptions{.if_absent = true}, PutOptions{}}) {
    LoseOnce(IsComplete);
    const auto put = store->Put("large", large, options);
    ASSERT_TRUE(put.ok()) << put.status();
    EXPECT_EQ(put->size, static_cast<int64_t>(large.size()));
    EXPECT_EQ(put->etag, store->Head("large")->etag);
  }
  EXPECT_TRUE(store->Get("large")->bytes == large);
}

TEST_F(S3StoreTest, ConflictsAndSlowDownAreTriedAgain) {
  for (const char* code : {"ConditionalRequestConflict", "SlowDown", "InternalError"}) {
    const int status = code == std::string("SlowDown") ? 503 : code[0] == 'I' ? 500 : 409;
    AnswerOnce(IsPut, Answer(status, fmt::format("<Error><Code>{}</Code></Error>", code)));
    const auto put = store->Put(code, "x", {.if_absent = true});
    EXPECT_TRUE(put.ok()) << code << ": " << put.status();
  }
  AnswerOnce(IsComplete, Answer(200, "<Error><Code>InternalError</Code></Error>"));
  EXPECT_TRUE(store->Put("large", large).ok());
}

TEST_F(S3StoreTest, NothingOfAFailedUploadStays) {
  parts->http.before = [](const net::HttpRequest& request) -> std::optional<Result<net::HttpResponse>> {
    if (request.url.find("partNumber=2") == std::string::npos) return std::nullopt;
    return Result<net::HttpResponse>(Answer(403, "<Error><Code>AccessDenied</Code></Error>"));
  };
  const Status failed = store->Put("large", large).status();
  EXPECT_EQ(CodeOf(failed), ErrorCode::kPermissionDenied);
  EXPECT_NE(AdviceOf(failed).find("allow s3:PutObject"), std::string::npos) << AdviceOf(failed);
  parts->http.before = nullptr;
  auto writer = store->OpenWriter("large").ValueOrDie();
  ASSERT_TRUE(writer->Write(large).ok());
  EXPECT_NE(Uploads().find("<UploadId>"), std::string::npos);
  writer.reset();
  EXPECT_EQ(Uploads().find("<UploadId>"), std::string::npos) << Uploads();
  EXPECT_TRUE(ListAll(*store, "")->empty());
}

TEST_F(S3StoreTest, AWriterHoldsNoMoreThanItsParts) {
  std::atomic<int64_t> now{0}, most{0};
  parts->http.before = [&](const net::HttpRequest& request) -> std::optional<Result<net::HttpResponse>> {
    now += static_cast<int64_t>(request.body.size());
    most = std::max(most.load(), now.load());
    return std::nullopt;
  };
  parts->http.after = [&](const net::HttpRequest& request, Result<net::HttpResponse> response) {
    now -= static_cast<int64_t>(request.body.size());
    return response;
  };
  auto writer = store->OpenWriter("large").ValueOrDie();
  const std::string piece(1 << 20, 'p');
  for (int i = 0; i < 130; ++i) ASSERT_TRUE(writer->Write(piece).ok());
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_LE(most, 3 * (16 << 20));
  EXPECT_EQ(store->Head("large")->size, 130 << 20);
}

TEST_F(S3StoreTest, BytesThatChangedOnTheWayAreNotGiven) {
  ASSERT_TRUE(store->Put("table", "0123456789").ok());
  ASSERT_TRUE(store->Put("large", large).ok());
  parts->http.after = [](const net::HttpRequest& request, Result<net::HttpResponse> response) {
    if (request.method == "GET" && response.ok() && !response->body.empty()) response->body[3] ^= 1;
    return response;
  };
  EXPECT_EQ(CodeOf(store->Get("table").status()), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeOf(store->Get("large").status()), ErrorCode::kCorrupt);
}

TEST_F(S3StoreTest, WhatIsOutsideOfThePrefixIsNotThere) {
  auto beside = parts->options;
  beside.location.prefix = "lake/of tests 2";
  auto other = S3Store::Open(parts->client, parts->clock, parts->random, beside).ValueOrDie();
  ASSERT_TRUE(other->Put("a/b", "x").ok());
  EXPECT_TRUE(ListAll(*store, "")->empty());
  for (const char* key : {"../of tests 2/a/b", " 2/../a/b", "/a/b"}) {
    EXPECT_EQ(CodeOf(store->Get(key).status()), ErrorCode::kUsage) << key;
  }
}

TEST_F(S3StoreTest, OpenSaysWhatIsWrong) {
  const auto opened = [&](const S3StoreOptions& options) {
    return S3Store::Open(parts->client, parts->clock, parts->random, options).status();
  };
  auto absent = parts->options;
  absent.location.bucket = "no-such-bucket";
  EXPECT_EQ(CodeOf(opened(absent)), ErrorCode::kConfiguration);
  EXPECT_NE(AdviceOf(opened(absent)).find("aws s3 mb s3://no-such-bucket"), std::string::npos);
  AnswerOnce(
      [](const net::HttpRequest&) { return true; },
      Answer(301, "<Error><Code>PermanentRedirect</Code></Error>", {{"x-amz-bucket-region", "eu-west-1"}}));
  const Status region = opened(parts->options);
  EXPECT_EQ(CodeOf(region), ErrorCode::kConfiguration);
  EXPECT_NE(AdviceOf(region).find("AWS_REGION=eu-west-1"), std::string::npos) << AdviceOf(region);
  AnswerOnce([](const net::HttpRequest&) { return true; },
             Answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"));
  const Status denied = opened(parts->options);
  EXPECT_EQ(CodeOf(denied), ErrorCode::kPermissionDenied);
  EXPECT_NE(AdviceOf(denied).find("allow s3:ListBucket on arn:aws:s3:::"), std::string::npos);
}

TEST(S3Location, Uris) {
  EXPECT_EQ(ParseS3Uri("s3://lake.eu/a/b/")->Uri(), "s3://lake.eu/a/b");
  EXPECT_EQ(ParseS3Uri("s3://lake")->prefix, "");
  EXPECT_EQ(ParseS3Uri("s3://lake/")->prefix, "");
  for (const char* wrong : {"s3://", "s3:///a", "s3://Lake", "s3://ab", "s3://a..b", "s3://lake/../x",
                            "s3://lake//x", "s3://lake/.penstock", "/data", "s3://user@lake"}) {
    EXPECT_EQ(CodeOf(ParseS3Uri(wrong).status()), ErrorCode::kUsage) << wrong;
  }
  EXPECT_TRUE(UsesPathStyle("lake.eu", false));
  EXPECT_FALSE(UsesPathStyle("lake", false));
  EXPECT_TRUE(UsesPathStyle("lake", true));
  EXPECT_EQ(BucketEndpoint("https://s3.eu-west-1.amazonaws.com", "lake", false),
            "https://lake.s3.eu-west-1.amazonaws.com");
}

// Of a bucket as a person sees it: a console's folder, and keys that are none of ours.
TEST(S3Answers, Lists) {
  const auto answer = ParseS3List(
      "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"
      "<Contents><Key>a+b%2Bc%0A</Key><LastModified>2009-10-12T17:50:30.123Z</LastModified>"
      "<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size></Contents>"
      "<Contents><Key>folder/</Key><LastModified>2009-10-12T17:50:31.000Z</LastModified>"
      "<ETag>\"d41d8cd98f00b204e9800998ecf8427e\"</ETag><Size>0</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->truncated);
  ASSERT_EQ(answer->objects.size(), 2u);
  EXPECT_EQ(answer->objects[0].key, "a b+c\n");
  EXPECT_EQ(answer->objects[0].etag, "fba9dede5f27731c9771645a39863328");
  EXPECT_EQ(answer->objects[0].size, 434234);
  EXPECT_EQ(FormatTimestamp(answer->objects[0].modified), "2009-10-12T17:50:30.000Z");
  for (const char* wrong : {"", "<html/>", "<ListBucketResult/>",
                            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    EXPECT_EQ(CodeOf(ParseS3List(wrong).status()), ErrorCode::kInvalidData) << wrong;
  }
}

TEST(Crc32, IsThatOfGzip) {
  EXPECT_EQ(Crc32("123456789"), 0xcbf43926u);
  EXPECT_EQ(Crc32Header(Crc32("123456789")), "y/Q5Jg==");
  EXPECT_EQ(CombineCrc32(Crc32("1234"), Crc32("56789"), 5), 0xcbf43926u);
}

}  // namespace
}  // namespace penstock::store
