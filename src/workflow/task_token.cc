#include "workflow/task_token.h"

#include <algorithm>
#include <utility>

#include "base/sha256.h"

namespace penstock::workflow {
namespace {

constexpr std::string_view kWait = ".waitForTaskToken";
constexpr std::chrono::milliseconds kPoll{250};

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

bool WaitsForToken(std::string_view resource) { return EndsWith(resource, kWait); }

std::string_view PlainResource(std::string_view resource) {
  for (const std::string_view suffix : {kWait, std::string_view(".sync:2"), std::string_view(".sync")}) {
    if (EndsWith(resource, suffix)) return resource.substr(0, resource.size() - suffix.size());
  }
  return resource;
}

std::string MakeTaskToken(std::string_view attempt_id) {
  return Sha256Hex("task token of " + std::string(attempt_id));
}

bool IsTaskToken(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TokenWatch::~TokenWatch() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TokenWatch::Add(const std::string& token, std::stop_source wake) {
  std::lock_guard lock(mutex_);
  waiting_.insert_or_assign(token, std::move(wake));
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  changed_.notify_all();
}

void TokenWatch::Remove(const std::string& token) {
  std::lock_guard lock(mutex_);
  waiting_.erase(token);
}

void TokenWatch::Wake(const std::string& token) {
  std::lock_guard lock(mutex_);
  if (const auto found = waiting_.find(token); found != waiting_.end()) found->second.request_stop();
}

// Real time: the others live in it.
void TokenWatch::Loop() {
  int64_t seen = -1;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      continue;
    }
    lock.unlock();
    const auto version = store_.Version();
    lock.lock();
    // Whoever cannot be asked has no news; the waiters' own reading will say why.
    if (version.ok() && std::exchange(seen, *version) != *version) {
      for (auto& [token, wake] : waiting_) wake.request_stop();
    }
    changed_.wait_for(lock, kPoll, [&] { return stopping_; });
  }
}

}  // namespace penstock::workflow
