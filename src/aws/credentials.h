// The seam to credentials: what signs a request, and where it comes from.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace penstock::aws {

// Never logged, never part of an error (ALL-4).
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;         // empty for the keys of a user
  std::optional<TimePoint> expires;  // nothing: they hold until somebody takes them back
};

// Thread-safe. Lives longer than the clients that use it.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Credentials that hold now, from memory where possible. Fails with Unauthenticated (none are to be had, or
  // what gives them refuses), Configuration (what says where they are is wrong), Unavailable, Timeout,
  // Cancelled.
  virtual Result<Credentials> Get(std::stop_token stop = {}) = 0;
};

// The same ones for ever: for tests, and for what the environment holds.
class StaticCredentials : public CredentialSource {
 public:
  explicit StaticCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get(std::stop_token) override { return credentials_; }

 private:
  const Credentials credentials_;
};

}  // namespace penstock::aws
