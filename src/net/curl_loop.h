// The event loop under CurlClient. Included by curl_client.cc and curl_loop.cc only: it shows curl's own
// types.
#pragma once

#include <curl/curl.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "net/body_pipe.h"
#include "net/http.h"

namespace penstock::net {

// One exchange, without redirects. Belongs to the caller, lent to the loop for the time of Run.
struct Transfer {
  CURL* easy = nullptr;
  int64_t max_body_bytes = 0;      // of a body that is held
  int64_t max_streamed_bytes = 0;  // of one that is given to on_piece
  int64_t max_header_bytes = 0;
  // Set: the body of a 2xx answer is given to it, on the thread that is in Run, while it comes. The head
  // below is complete then.
  std::function<Status(std::string_view)> on_piece{};

  // What came.
  int sends = 0;        // how often libcurl began to send; more than 1 only with `resend`
  bool resend = false;  // libcurl was to send once more, as a kept connection was dead, and was stopped
  CURLcode code = CURLE_OK;
  bool cancelled = false;
  bool too_large = false;  // the body
  bool headers_too_large = false;
  int64_t header_bytes = 0;
  int64_t announced_bytes = -1;  // Content-Length
  int status = 0;
  Headers headers{};
  std::string body{};      // as it came, still encoded; empty where it was given to on_piece
  int64_t body_bytes = 0;  // of either
  Status refused{};        // what on_piece said
  std::unique_ptr<BodyPipe> pipe{};
  char error[CURL_ERROR_SIZE] = {};

  // Sets the callbacks that fill the above.
  void Attach();
  bool streams() const { return on_piece && status >= 200 && status < 300; }
};

// Thread-safe.
class CurlLoop {
 public:
  CurlLoop(int max_connections, bool cookies);
  // After Stop, when nobody is in Run.
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;

  // Blocks until the transfer is over, in whatever way.
  void Run(Transfer& transfer, std::stop_token stop);

  // Ends what is under way, and whatever comes after, with `cancelled`.
  void Stop();

  // A handle without options, used again after Return.
  CURL* Borrow();
  void Return(CURL* easy);
  // Null without cookies.
  CURLSH* share() const { return share_; }

 private:
  struct Entry {
    Transfer* transfer;
    bool added = false;
    bool done = false;
    bool cancel = false;
    bool resume = false;  // the pipe has room again
    std::condition_variable finished{};
  };
  // Gives pieces to the transfer's on_piece until there are no more, or it refuses one.
  void Drain(Entry& entry);
  void CallAttention(bool Entry::* what, Entry& entry);
  void Loop();
  // Takes in what is new, ends what is cancelled.
  void Attend();
  void Finish(Entry& entry) REQUIRES(mutex_);

  CURLM* multi_;
  CURLSH* share_ = nullptr;
  std::mutex share_mutex_[CURL_LOCK_DATA_LAST];
  std::mutex mutex_;
  std::vector<Entry*> entries_ GUARDED_BY(mutex_);  // under way
  std::vector<CURL*> idle_ GUARDED_BY(mutex_);
  bool attention_ GUARDED_BY(mutex_) = false;  // an entry is new or cancelled
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace penstock::net
