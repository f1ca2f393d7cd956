// A Map with ProcessorConfig {"Mode": "DISTRIBUTED"}: where its items come from, how they are batched, what
// is tolerated, where its results go. Source: AWS Step Functions developer guide, "Using Map state in
// Distributed mode", "ItemReader", "ItemBatcher", "ResultWriter", "Setting failure thresholds".
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "workflow/definition.h"
#include "workflow/item_reader.h"
#include "workflow/result_writer.h"

namespace penstock::workflow {

// A number that stands in the definition, is found by a path, or computed.
struct Amount {
  std::optional<double> fixed;
  std::optional<JsonPath> path;
  std::unique_ptr<Template> computed;
  bool given() const { return fixed || path || computed != nullptr; }
};

struct DistributedMap {
  bool express = false;  // ExecutionType: children keep no history of their states
  std::string label;     // of the Map Run's and its children's names; the state's name unless given

  struct Reader {
    ItemFormat format;
    std::unique_ptr<Template> arguments;  // {"Bucket", "Key"} or {"Bucket", "Prefix"}
    Amount max_items;
  };
  struct Batcher {
    Amount max_items, max_bytes;
    std::unique_ptr<Template> input;  // BatchInput
  };
  struct Writer {
    std::unique_ptr<Template> arguments;  // {"Bucket", "Prefix"}; null: results stay in the state's output
    ResultFormat format;
  };
  std::optional<Reader> reader;
  std::optional<Batcher> batcher;
  std::optional<Writer> writer;
  Amount tolerated_count, tolerated_percentage;
};

}  // namespace penstock::workflow
