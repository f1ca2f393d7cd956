// TED-1: archives through real sockets into a store, with what may go wrong in between.
#include "pipeline/tenders/archive_transfer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <charconv>
#include <functional>

#include "base/sha256.h"
#include "net/curl_client.h"
#include "net/http_server.h"
#include "pipeline/tenders/kept_parts.h"
#include "source/inflate.h"
#include "source/page_guard.h"
#include "store/memory_store.h"

namespace penstock::pipeline {
namespace {

constexpr char kKey[] = "ted/raw/2019/03/2019-03.tar.gz";
constexpr char kParts[] = "ted/transfers/2019/03/2019-03.tar.gz/";

// Some `bytes` that gzip cannot make smaller.
std::string Archive(size_t bytes, uint64_t seed = 1) {
  Random random(seed);
  std::string noise;
  while (noise.size() < bytes) noise += static_cast<char>(random.Uniform(0, 255));
  return source::Deflate(noise).ValueOrDie();
}

// A server of one object, with ranges, versions and faults.
class Site {
 public:
  explicit Site(std::string body) : body_(std::move(body)) {
    server_ = net::HttpServer::Start({}, [this](const net::ServerRequest& request) {
                return Answer(request);
              }).ValueOrDie();
  }
  std::string url() const { return server_->origin() + "/packages/monthly/2019-3?secret=1"; }

  std::string body_;
  std::string etag_ = "\"v1\"";
  std::string last_modified_ = "Mon, 01 Apr 2019 07:00:00 GMT";
  bool ranges_ = true;
  // Changes the answer to the n-th request, counted from 1.
  std::function<void(int, net::ServerResponse&)> fault_;
  std::atomic<int> requests_{0};
  std::vector<std::string> asked_;  // their Range and conditions

 private:
  net::ServerResponse Answer(const net::ServerRequest& request) {
    net::ServerResponse response;
    if (!etag_.empty()) response.headers.Add("ETag", etag_);
    if (!last_modified_.empty()) response.headers.Add("Last-Modified", last_modified_);
    const std::string range = request.headers.Find("range").value_or("");
    asked_.push_back(range + request.headers.Find("if-none-match").value_or("") +
                     request.headers.Find("if-modified-since").value_or(""));
    const auto condition = request.headers.Find("if-range");
    if (!etag_.empty() && request.headers.Find("if-none-match") == etag_) {
      response.status = 304;
    } else if (ranges_ && range.starts_with("bytes=") &&
               (condition == etag_ || condition == last_modified_)) {
      size_t first = 0;
      std::from_chars(range.data() + 6, range.data() + range.size(), first);
      if (first >= body_.size()) {
        response.status = 416;
        response.headers.Add("Content-Range", fmt::format("bytes */{}", body_.size()));
      } else {
        response.status = 206;
        response.headers.Add("Content-Range",
                             fmt::format("bytes {}-{}/{}", first, body_.size() - 1, body_.size()));
        response.body = body_.substr(first);
      }
    } else {
      response.body = body_;
    }
    const int number = ++requests_;
    if (fault_) fault_(number, response);
    return response;
  }
  std::unique_ptr<net::HttpServer> server_;
};

class Ted1Transfer : public testing::Test {
 protected:
  Ted1Transfer() : clock_(*ParseTimestamp("2019-04-08T10:00:00Z")), store_(clock_) {
    curl_ = net::CurlClient::Make().ValueOrDie();
    guard_ = std::make_unique<source::PageGuard>(*curl_);
    client_ = std::make_unique<net::RetryingClient>(*guard_, net::RetryPolicy{}, clock_, random_, Logger());
    runtime_.store = &store_;
    runtime_.provider = client_.get();
    runtime_.clock = &clock_;
    runtime_.random = &random_;
    runtime_.progress = &progress_;
    options_.part_bytes = 100'000;
  }
  Result<TransferOutcome> Run(const Site& site, std::stop_token stop = {}) {
    return TransferArchive(runtime_,
                           {"2019-03.tar.gz", site.url(), kKey, kParts, "ted/markers/transfers/2019-03.json"},
                           options_, std::move(stop));
  }
  void ExpectWhole(const Site& site) {
    const auto object = store_.Get(kKey);
    ASSERT_TRUE(object.ok()) << object.status();
    EXPECT_TRUE(object->bytes == site.body_);
    EXPECT_TRUE(store::ListAll(store_, kParts)->empty());
  }

  ManualClock clock_;
  Random random_{3};
  store::MemoryStore store_;
  NoProgress progress_;
  std::unique_ptr<net::CurlClient> curl_;
  std::unique_ptr<source::PageGuard> guard_;
  std::unique_ptr<net::RetryingClient> client_;
  Runtime runtime_;
  TransferOptions options_;
};

TEST_F(Ted1Transfer, AnArchiveIsBroughtWholeAndNotTwice) {
  Site site(Archive(1'000'000));
  const auto first = Run(site);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(first->unchanged);
  EXPECT_EQ(first->record.bytes, static_cast<int64_t>(site.body_.size()));
  EXPECT_EQ(first->record.sha256, Sha256Hex(site.body_));
  EXPECT_EQ(first->record.url.find("secret"), std::string::npos);  // ALL-4
  ExpectWhole(site);
  EXPECT_EQ(store_.Get("ted/markers/transfers/2019-03.json")->bytes.find("secret"), std::string::npos);

  const auto again = Run(site);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(again->record.sha256, first->record.sha256);
  EXPECT_EQ(site.asked_, (std::vector<std::string>{"", "\"v1\""}));

  site.body_ = Archive(500'000, 2);  // published anew
  site.etag_ = "\"v2\"";
  const auto changed = Run(site);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_FALSE(changed->unchanged);
  ExpectWhole(site);
}

TEST_F(Ted1Transfer, WithoutEtagTheDateTells) {
  Site site(Archive(300'000));
  site.etag_.clear();
  ASSERT_TRUE(Run(site).ok());
  EXPECT_TRUE(Run(site)->unchanged);  // the server sends it all: its head is enough
  EXPECT_EQ(site.asked_[1], site.last_modified_);
  site.last_modified_ = "Tue, 02 Apr 2019 07:00:00 GMT";
  EXPECT_FALSE(Run(site)->unchanged);
}

TEST_F(Ted1Transfer, AnObjectThatIsGoneOrAnotherIsBroughtAgain) {
  Site site(Archive(300'000));
  ASSERT_TRUE(Run(site).ok());
  ASSERT_TRUE(store_.Put(kKey, "somebody's").ok());
  EXPECT_FALSE(Run(site)->unchanged);
  ASSERT_TRUE(store_.Delete(kKey).ok());
  EXPECT_FALSE(Run(site)->unchanged);
  ExpectWhole(site);
}

TEST_F(Ted1Transfer, ItGoesOnWhereAConnectionBroke) {
  Site site(Archive(1'000'000));
  site.fault_ = [](int number, net::ServerResponse& response) {
    if (number <= 4) response.truncate_after_bytes = 150'000;
    if (number == 5) response = net::ServerResponse{.status = 503};  // the retrying client's
  };
  const auto outcome = Run(site);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ExpectWhole(site);
  EXPECT_EQ(site.asked_, (std::vector<std::string>{"", "bytes=150000-", "bytes=300000-", "bytes=450000-",
                                                   "bytes=600000-", "bytes=600000-"}));
}

TEST_F(Ted1Transfer, ItGoesOnInTheNextProcess) {
  Site site(Archive(1'000'000));
  options_.idle_connections = 2;
  site.fault_ = [](int number, net::ServerResponse& response) {
    if (number == 1) response.truncate_after_bytes = 650'000;
    if (number > 1 && number <= 7) response.truncate_after_bytes = 0;  // three attempts a connection
  };
  const auto stopped = Run(site);
  EXPECT_EQ(CodeOf(stopped.status()), ErrorCode::kUnavailable);
  EXPECT_NE(stopped.status().message().find("stopped at 650000 of"), std::string::npos) << stopped.status();
  EXPECT_EQ(stopped.status().ToString().find("secret"), std::string::npos);
  EXPECT_EQ(CodeOf(store_.Head(kKey).status()), ErrorCode::kNotFound);
  const auto outcome = Run(site);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->kept_before, 650'000);
  EXPECT_EQ(site.asked_.back(), "bytes=650000-");
  ExpectWhole(site);
}

// What a kill leaves: parts without the last one, or all of them and no object.
TEST_F(Ted1Transfer, PartsOfAKilledProcessAreUsed) {
  Site site(Archive(1'000'000));
  OfferedObject offer;
  offer.etag = site.etag_;
  offer.last_modified = site.last_modified_;
  offer.length = static_cast<int64_t>(site.body_.size());
  KeptParts parts(store_, kParts);
  ASSERT_TRUE(parts.Begin(offer).ok());
  ASSERT_TRUE(parts.Append(site.body_.substr(0, 400'000)).ok());
  ASSERT_TRUE(parts.Append(site.body_.substr(400'000, 1)).ok());
  auto outcome = Run(site);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(site.asked_, (std::vector<std::string>{"bytes=400001-"}));
  EXPECT_EQ(outcome->kept_before, 400'001);
  ExpectWhole(site);

  ASSERT_TRUE(store_.Delete(kKey).ok());
  ASSERT_TRUE(parts.Begin(offer).ok());
  ASSERT_TRUE(parts.Append(site.body_).ok());
  outcome = Run(site);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->connections, 0);
  ExpectWhole(site);
}

TEST_F(Ted1Transfer, AGapEndsWhatIsUsed) {
  KeptParts parts(store_, kParts);
  OfferedObject offer{.etag = "\"v1\"", .length = 30};
  ASSERT_TRUE(parts.Begin(offer).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(parts.Append("0123456789").ok());
  const auto all = *store::ListAll(store_, kParts);
  ASSERT_EQ(all.size(), 4u);
  ASSERT_TRUE(store_.Delete(all[1].key).ok());
  KeptParts later(store_, kParts);
  ASSERT_TRUE(later.Load().ok());
  EXPECT_EQ(later.size(), 10);
  EXPECT_EQ(later.offer(), offer);
  ASSERT_TRUE(later.Drop().ok());
  EXPECT_TRUE(store::ListAll(store_, kParts)->empty());
}

TEST_F(Ted1Transfer, AnotherVersionInTheMiddleIsBroughtFromItsBeginning) {
  Site site(Archive(1'000'000));
  site.fault_ = [&](int number, net::ServerResponse& response) {
    if (number != 1) return;
    response.truncate_after_bytes = 500'000;
    site.body_ = Archive(700'000, 9);
    site.etag_ = "\"v2\"";
    site.last_modified_ = "Wed, 03 Apr 2019 07:00:00 GMT";
  };
  const auto outcome = Run(site);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(site.requests_, 2);
  EXPECT_EQ(outcome->record.offer.etag, "\"v2\"");
  ExpectWhole(site);
}

TEST_F(Ted1Transfer, AServerWithoutRangesOrVersionsIsAskedForTheWhole) {
  for (const bool ranges : {true, false}) {
    Site site(Archive(400'000, ranges ? 1 : 2));
    site.ranges_ = ranges;
    if (ranges) {  // nothing that could join two answers
      site.etag_.clear();
      site.last_modified_.clear();
    }
    site.fault_ = [](int number, net::ServerResponse& response) {
      if (number <= 2) response.truncate_after_bytes = 350'000;
    };
    const auto outcome = Run(site);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(site.requests_, 3);
    ExpectWhole(site);
    ASSERT_TRUE(store_.Delete(kKey).ok());
  }
}

TEST_F(Ted1Transfer, RangesThatDoNotFitAreNotJoined) {
  Site site(Archive(1'000'000));
  site.fault_ = [&](int number, net::ServerResponse& response) {
    if (number == 1) response.truncate_after_bytes = 300'000;
    if (number == 2) {  // another place than was asked for
      response.headers = net::Headers();
      response.headers.Add("Content-Range",
                           fmt::format("bytes 0-{}/{}", site.body_.size() - 1, site.body_.size()));
      response.body = site.body_;
    }
  };
  const auto outcome = Run(site);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(site.asked_.back(), "");
  ExpectWhole(site);
}

TEST_F(Ted1Transfer, WhatIsDamagedIsNotPublished) {
  struct Case {
    const char* what;
    std::function<void(Site&)> damage;
  };
  const std::vector<Case> cases{
      {"gzip", [](Site& site) { site.body_[500'000] ^= 1; }},
      {"cut, and announced so", [](Site& site) { site.body_.resize(900'000); }},
      {"md5",
       [](Site& site) {
         site.fault_ = [](int, net::ServerResponse& response) {
           response.headers.Add("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==");  // of nothing
         };
       }},
      {"sha-256",
       [](Site& site) {
         site.fault_ = [](int, net::ServerResponse& response) {
           response.headers.Add("Repr-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
         };
       }},
  };
  for (const auto& [what, damage] : cases) {
    Site site(Archive(1'000'000));
    damage(site);
    const auto outcome = Run(site);
    EXPECT_EQ(CodeOf(outcome.status()), ErrorCode::kUnavailable) << what;
    EXPECT_NE(outcome.status().message().find("thrown away"), std::string::npos) << outcome.status();
    EXPECT_TRUE(store::ListAll(store_, "ted/")->empty()) << what;
  }
}

TEST_F(Ted1Transfer, ChecksumsThatAreRightPass) {
  Site site(Archive(200'000));
  site.fault_ = [&](int, net::ServerResponse& response) {
    response.headers.Add("x-amz-request-id", "R1");
    response.headers.Add("Digest", "SHA-256=x,MD5=?");  // not readable: nothing is said
  };
  ASSERT_TRUE(Run(site).ok());
  ExpectWhole(site);
}

TEST_F(Ted1Transfer, WhatIsNoArchiveIsRefused) {
  Site text(std::string(1000, 'x'));
  EXPECT_EQ(CodeOf(Run(text).status()), ErrorCode::kRejectedByProvider);
  Site page("<html>" + std::string(100'000, 'x'));
  EXPECT_EQ(CodeOf(Run(page).status()), ErrorCode::kUnavailable);
  Site missing("");
  missing.fault_ = [](int, net::ServerResponse& response) { response.status = 404; };
  EXPECT_EQ(CodeOf(Run(missing).status()), ErrorCode::kNotFound);
  Site shell("");  // what TED's site answers to an address that is none
  shell.fault_ = [](int, net::ServerResponse& response) { response.status = 202; };
  EXPECT_EQ(CodeOf(Run(shell).status()), ErrorCode::kUnavailable);
  EXPECT_TRUE(store::ListAll(store_, "ted/")->empty());
}

// As a stop by Ctrl-C.
TEST_F(Ted1Transfer, AStopKeepsWhatCame) {
  Site site(Archive(1'000'000));
  site.fault_ = [](int number, net::ServerResponse& response) {
    if (number == 1) response.drip = net::ServerResponse::Drip{250'000, std::chrono::minutes(10)};
  };
  std::stop_source stop;
  class StopAtOnce : public NoProgress {
   public:
    explicit StopAtOnce(std::stop_source& stop) : stop_(stop) {}
    void Advance(int64_t, int64_t) override { stop_.request_stop(); }
    std::stop_source& stop_;
  } stopping(stop);
  runtime_.progress = &stopping;
  EXPECT_EQ(CodeOf(Run(site, stop.get_token()).status()), ErrorCode::kCancelled);
  KeptParts parts(store_, kParts);
  ASSERT_TRUE(parts.Load().ok());
  EXPECT_GT(parts.size(), 0);
  runtime_.progress = &progress_;
  ASSERT_TRUE(Run(site).ok());
  ExpectWhole(site);
}

TEST_F(Ted1Transfer, TooLittleSpaceIsSaidBeforeAnythingComes) {
  class Full : public store::MemoryStore {
   public:
    using MemoryStore::MemoryStore;
    std::optional<int64_t> FreeBytes() override { return 1'500'000; }
  } full(clock_);
  runtime_.store = &full;
  Site site(Archive(1'000'000));
  const auto outcome = Run(site);
  EXPECT_EQ(CodeOf(outcome.status()), ErrorCode::kNoSpace);
  EXPECT_TRUE(store::ListAll(full, "")->empty());
}

TEST(Ted1Offer, ContentRanges) {
  EXPECT_EQ(ParseContentRange("bytes 5-9/10")->first, 5);
  EXPECT_EQ(ParseContentRange("bytes 5-9/*")->length, -1);
  EXPECT_EQ(ParseContentRange("bytes */10")->first, -1);
  for (const char* text : {"", "bytes", "bytes 5-9", "bytes 9-5/10", "bytes 5-10/10", "items 5-9/10",
                           "bytes -1-9/10", "bytes a-b/c"}) {
    EXPECT_FALSE(ParseContentRange(text)) << text;
  }
}

}  // namespace
}  // namespace penstock::pipeline
