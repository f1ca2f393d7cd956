// What every verb has at hand: the options that all of them take, the terminal, the clock, the log, and
// Ctrl-C.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/rows.h"
#include "cli/terminal.h"

namespace penstock::cli {

struct GlobalOptions {
  std::string bucket;            // a folder or s3://name/prefix; empty: PENSTOCK_BUCKET, else ./lake
  std::string output = "table";  // table|json|csv|ndjson
  bool quiet = false;            // no progress, no remarks; results and errors only
  std::string log_level;         // empty: warning, or what the verb has
};

class Session {
 public:
  explicit Session(std::stop_token stop);

  GlobalOptions options;
  std::string program = "penstock";  // as it was called: what a person can copy and run

  // After the options are parsed: the log's level, PENSTOCK_NOW, the output format. Usage.
  Status Prepare();

  const Clock& clock() const { return clock_; }
  Clock& clock() { return clock_; }
  Random& random() { return random_; }
  const Logger& log() const { return log_; }
  std::stop_token stop() const { return stop_; }
  const Terminal& out() const { return out_; }
  const Terminal& err() const { return err_; }
  OutputFormat format() const { return format_; }
  // --bucket; a folder's path made absolute.
  std::string bucket() const;

  // To standard output: what the verb was asked for.
  void Print(std::string_view text) const;
  // Io: some of it could not be written; a pipe that was closed by its reader is fine.
  Status FlushOutput() const;
  // To standard error, unless --quiet: what a person may want to know beside it.
  void Remark(std::string_view text) const;
  // Rows in the asked format.
  void PrintRows(const Rows& rows) const;

 private:
  SystemClock clock_;
  Random random_;
  Logger log_;
  std::stop_token stop_;
  const Terminal out_, err_;
  OutputFormat format_ = OutputFormat::kTable;
  mutable int output_error_ = 0;  // errno of the first write that failed
};

}  // namespace penstock::cli
