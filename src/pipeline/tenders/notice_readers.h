// What turns the XML of notices into rows, one of it a thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "pipeline/pipeline.h"
#include "pipeline/tenders/tender_tables.h"
#include "source/ted/notice_reader.h"

namespace penstock::pipeline {

struct NoticeReaders {
  std::function<Result<std::unique_ptr<source::ted::NoticeReader>>()> make;
  TenderSchemas schemas;
  std::string
      version;  // of the field map and of the code that reads by it; other versions may give other rows
};

// By fields.yaml in the pipeline's folder. Configuration: it is not there, or wrong; each fault with its
// line.
Result<NoticeReaders> ReadersOf(const Pipeline& pipeline);

}  // namespace penstock::pipeline
