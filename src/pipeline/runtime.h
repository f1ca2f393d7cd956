// What the steps of a pipeline work with. Made by cli, which alone names concrete classes; all of it outlives
// a run.
#pragma once

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
namespace penstock::source {
class Source;
}

namespace penstock::pipeline {

struct Runtime {
  store::ObjectStore* store = nullptr;
  queue::Queue* dead_letters = nullptr;
  lake::Catalog* catalog = nullptr;
  source::Source* source = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;
  Progress* progress = nullptr;
  Logger log;
  int threads = 2;  // for work that needs the processor
};

}  // namespace penstock::pipeline
