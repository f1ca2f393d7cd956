#include "tender_works.h"

#include <cstdio>

#include "base/clock.h"
#include "base/parallel.h"
#include "base/random.h"
#include "lake/catalog.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/tenders/extraction.h"
#include "pipeline/tenders/notice_readers.h"
#include "pipeline/tenders/year_merge.h"
#include "queue/memory_queue.h"
#include "store/folder_store.h"

namespace penstock {
namespace {

// What the steps have of a run; only what is worked on lies on disk.
struct Workshop {
  std::shared_ptr<store::ObjectStore> store;
  std::unique_ptr<lake::StoreCatalog> catalog;
  SystemClock clock;
  queue::MemoryQueues queues{clock};
  std::shared_ptr<queue::Queue> dead_letters;
  pipeline::NoProgress progress;
  pipeline::Pipeline pipeline;
  pipeline::Runtime runtime;
};

Result<std::unique_ptr<Workshop>> Open(const std::string& bucket, const std::string& folder, int threads) {
  auto shop = std::make_unique<Workshop>();
  ASSIGN_OR_RETURN(shop->store, store::FolderStore::Open(bucket));
  shop->catalog = std::make_unique<lake::StoreCatalog>(*shop->store);
  ASSIGN_OR_RETURN(shop->dead_letters, shop->queues.Get("ted-dlq"));
  shop->pipeline.config.name = "ted";
  shop->pipeline.config.prefix = "ted/";
  shop->pipeline.folder = folder;
  shop->runtime.store = shop->store.get();
  shop->runtime.catalog = shop->catalog.get();
  shop->runtime.dead_letters = shop->dead_letters.get();
  shop->runtime.clock = &shop->clock;
  shop->runtime.progress = &shop->progress;
  shop->runtime.threads = threads;
  return shop;
}

}  // namespace

Status ExtractTenders(const std::string& bucket, const std::string& folder, int threads) {
  ASSIGN_OR_RETURN(const auto shop, Open(bucket, folder, threads));
  ASSIGN_OR_RETURN(const auto readers, pipeline::ReadersOf(shop->pipeline));
  ASSIGN_OR_RETURN(const auto done, pipeline::ExtractArchive(shop->pipeline, shop->runtime, readers,
                                                             "ted/raw/bench.tar.gz", {}));
  std::printf("%lld notices, %lld refused\n", static_cast<long long>(done.marker.notices),
              static_cast<long long>(done.marker.refused));
  return Status::OK();
}

Status MergeTenders(const std::string& bucket, const std::string& folder, int year) {
  ASSIGN_OR_RETURN(const auto shop, Open(bucket, folder, HardwareThreads()));
  ASSIGN_OR_RETURN(const auto readers, pipeline::ReadersOf(shop->pipeline));
  ASSIGN_OR_RETURN(const auto done,
                   pipeline::MergeYear(shop->pipeline, shop->runtime, readers.schemas, year));
  std::printf("%lld notices, %lld superseded\n", static_cast<long long>(done.rows[0]),
              static_cast<long long>(done.superseded));
  return Status::OK();
}

}  // namespace penstock
