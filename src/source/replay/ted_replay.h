// The packages of TED as the replay server offers them: GET /packages/monthly/2019-3,
// /packages/daily/201900043, with ETag, Last-Modified, Range, If-Range and If-None-Match. Source of the
// addresses: source/ted/packages.h.
//
// What is recorded, DIR/ted/packages/2018-03.tar.gz, is served as it is. Every other month from 2011 up to
// the server's today is made of the recorded notices (generated_notices.h), and its answers say so:
// X-Penstock-Generated.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/thread_annotations.h"
#include "source/replay/generated_notices.h"
#include "source/replay/replay_provider.h"
#include "source/ted/packages.h"

namespace penstock::source {

struct TedReplayOptions {
  std::string data_dir;
  int notices_an_issue = 30;  // at most 350
  Date today = MakeDate(2025, 12, 31);
};

class TedReplay : public ReplayProvider {
 public:
  explicit TedReplay(TedReplayOptions options) : options_(std::move(options)) {}

  bool Takes(const net::ServerRequest& request, std::string* symbol) const override;
  ReplayAnswer Answer(const net::ServerRequest& request) override;
  ReplayAnswer TooMany() const override;
  // Archives, and no symbols.
  Result<std::vector<std::string>> Symbols() override { return std::vector<std::string>(); }

 private:
  struct Served {
    std::string id;
    std::string bytes;
    std::string etag;
    std::string generated;  // empty: recorded
    TimePoint published;
  };
  // Made once, and kept while it is among the last few. NotFound.
  Result<std::shared_ptr<const Served>> Find(const ted::Package& package);
  Result<std::shared_ptr<const Served>> Make(const ted::Package& package) REQUIRES(mutex_);
  Result<std::string> MakeIssue(const OjsIssue& issue) REQUIRES(mutex_);
  // Which recorded notice the `index`-th of an issue is made of.
  const RecordedNotice& Pick(const OjsIssue& issue, int index) const REQUIRES(mutex_);
  // A call for tenders some issues before, as a reference; empty where there is none.
  std::string CallBefore(const OjsIssue& issue, int index) const REQUIRES(mutex_);

  const TedReplayOptions options_;
  std::mutex mutex_;
  std::vector<RecordedNotice> old_ GUARDED_BY(mutex_), eforms_ GUARDED_BY(mutex_);
  std::list<std::shared_ptr<const Served>> served_ GUARDED_BY(mutex_);
};

}  // namespace penstock::source
