// The providers' APIs over recorded and generated data, on loopback, with faults on order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"

namespace penstock::source {

struct ReplayOptions {
  std::string data_dir = "data";  // sp500/…, ftse100/…; see data/MANIFEST.tsv
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  int threads = 2;
  bool generate_any = false;        // any symbol asked for that is not recorded
  int64_t generate_count = 0;       // this many: GEN00001 …, and GEN00001.L …
  std::string calendar = "XNYS";    // of generated symbols; those that end with .L are of XLON
  uint64_t seed = 0;                // of generated bars
  bool require_crumb = false;       // ask for cookie and crumb as the live site may
  std::string fmp_key;              // the key that FMP's stand-in asks for; empty: none
  std::string iex_token;            // the token that IEX's stand-in asks for; empty: none
  bool iex_changing = false;        // its records change from request to request (replay/iex_replay.h)
  std::string dead;                 // "34/1536": so many of so many symbols of the US market are unknown
  std::string today;                // of FMP and IEX: their newest day, YYYY-MM-DD; empty: 2025-12-31
  int64_t ted_notices = 30;         // an issue of the tender notices that are made up; at most 350
  bool gzip = false;                // answer gzip to who accepts it; on loopback that only costs time
  std::vector<std::string> faults;  // see replay/fault_plan.h: "500:rate=0.1,seed=7"
  std::string quota;                // "300/60s": 429 with Retry-After over it; empty: none
};

// Beside the providers' paths: GET /_replay/stats (JSON: requests, rejected, by_status, max_in_window,
// window_ms, first, last, connections), GET /_replay/symbols (JSON list of what is recorded), POST
// /_replay/reset (counts and faults from the beginning).
class ReplayServer {
 public:
  // Usage: a fault, a quota, a share, a day or an address of another form. NotFound: no data folder.
  // Unavailable: the port is taken. `clock` (of the request counts) outlives the server.
  static Result<std::unique_ptr<ReplayServer>> Start(ReplayOptions options, const Clock& clock,
                                                     Logger logger = {});
  // Stops.
  ~ReplayServer();

  uint16_t port() const;
  std::string origin() const;  // http://127.0.0.1:PORT
  std::string Stats() const;   // what /_replay/stats answers
  void Stop();

 private:
  class Impl;
  explicit ReplayServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::source
