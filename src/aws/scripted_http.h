// For tests only. An HttpClient that answers what it is told, and keeps what it was asked.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/http.h"

namespace penstock::aws {

// Thread-safe. Internal when it is asked more often than it has answers.
class ScriptedHttp : public net::HttpClient {
 public:
  explicit ScriptedHttp(std::deque<Result<net::HttpResponse>> answers = {}, Clock* clock = nullptr)
      : answers_(std::move(answers)), clock_(clock) {}

  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    asked.push_back(request);
    if (clock_ != nullptr) asked_at.push_back(clock_->Now());
    if (answers_.empty()) return MakeError(ErrorCode::kInternal, "asked once too often");
    Result<net::HttpResponse> answer = answers_.front();
    answers_.pop_front();
    if (answer.ok()) RETURN_IF_ERROR(net::DeliverBody(request, &*answer));
    return answer;
  }
  void Add(Result<net::HttpResponse> answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }

  std::vector<net::HttpRequest> asked;
  std::vector<TimePoint> asked_at;

 private:
  std::mutex mutex_;
  std::deque<Result<net::HttpResponse>> answers_;
  Clock* const clock_;
};

inline net::HttpResponse Answer(int status, std::string body = "",
                                std::vector<std::pair<std::string, std::string>> headers = {}) {
  net::HttpResponse response{.status = status};
  response.body = std::move(body);
  for (auto& [name, value] : headers) response.headers.Add(name, value);
  return response;
}

}  // namespace penstock::aws
