// What the steps of a pipeline work with. Made by cli, which alone names concrete classes; all of it outlives
// a run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "pipeline/progress.h"

namespace penstock::store {
class ObjectStore;
}
namespace penstock::queue {
class Queue;
}
namespace penstock::lake {
class Catalog;
}
namespace penstock::query {
class Engine;
}
namespace penstock::net {
class HttpClient;
}
namespace penstock::source {
class FundamentalSource;
class MinuteSource;
class Source;
}  // namespace penstock::source
namespace penstock::stream {
class FirehoseClient;
}

namespace penstock::pipeline {

// What the Tasks of a state machine reach beside the steps. Each may be empty: there is none of it.
// Thread-safe; what they answer outlives the run.
struct Services {
  // Over the tables that the catalog has now; names without a database are looked up in this one, or (empty)
  // in the pipeline's.
  std::function<Result<std::shared_ptr<query::Engine>>(const std::string& database)> sql;
  // Of the bucket: NotFound, or made when it is new.
  std::function<Result<std::shared_ptr<queue::Queue>>(const std::string& name, bool make)> queue;
  std::function<Result<net::HttpClient*>()> http;
  // The Firehose API of the process that serves this state folder's streams.
  std::function<Result<stream::FirehoseClient*>()> firehose;
  std::vector<std::string> http_hosts;  // that http:invoke may ask, beside loopback
};

struct Runtime {
  store::ObjectStore* store = nullptr;
  queue::Queue* dead_letters = nullptr;
  lake::Catalog* catalog = nullptr;
  // The provider, through the source's quota and its retries; the source's settings, as of this run (--demo
  // and --endpoint name another endpoint).
  net::HttpClient* provider = nullptr;
  std::map<std::string, std::string> source_settings;
  queue::Queue* archives = nullptr;                   // kTenders: what is to be extracted
  source::Source* source = nullptr;                   // kMarket
  source::MinuteSource* minutes = nullptr;            // kStream
  source::FundamentalSource* fundamentals = nullptr;  // nullptr: this kind of source has none
  Clock* clock = nullptr;
  Random* random = nullptr;
  Progress* progress = nullptr;
  Logger log;
  Services services;
  int threads = 2;  // for work that needs the processor
};

}  // namespace penstock::pipeline
