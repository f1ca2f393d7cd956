// Puts records on the delivery streams of a bucket: through the process that serves them, or, where none
// does, through one of this process's own on loopback.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "aws/client.h"
#include "aws/credentials.h"
#include "base/thread_annotations.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "net/curl_client.h"
#include "stream/firehose_client.h"
#include "stream/stream_spec.h"

namespace penstock::net {
class HttpServer;
}

namespace penstock::cli {

class ServeSite;

// Thread-safe. The session and the workspace outlive it.
class StreamAccess {
 public:
  // `spec`: the stream that is made, or brought up to it, where the streams are opened here; a process that
  // serves does that when it begins.
  StreamAccess(Session& session, Workspace& workspace, stream::StreamSpec spec);
  ~StreamAccess();

  // Opened when it is first asked for, and again when the process that served has ended. Unavailable: a
  // process has the streams that does not listen.
  Result<stream::FirehoseClient*> Client();

  // What was put here is in the lake when it returns; nothing to do where another process serves the streams.
  Status Deliver(std::stop_token stop);
  // Of the process that serves them; empty: they were not asked for, or are this process's.
  std::string served_by();

 private:
  struct Here;   // streams of this process
  struct There;  // a client of whoever serves
  Status Open() REQUIRES(mutex_);
  Status OpenHere() REQUIRES(mutex_);
  Result<std::unique_ptr<There>> Connect(const std::string& origin);

  Session& session_;
  Workspace& workspace_;
  const stream::StreamSpec spec_;
  std::mutex mutex_;
  std::unique_ptr<Here> here_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<There>> there_
      GUARDED_BY(mutex_);  // the newest last; steps under way use older ones
};

}  // namespace penstock::cli
