// The source of kind `http`: records of any API, asked for and read as its settings say (api_spec.h).
#pragma once

#include <memory>
#include <string>

#include "source/api/api_client.h"
#include "source/api/api_spec.h"
#include "source/api/field_template.h"
#include "source/record_source.h"
#include "source/registry.h"

namespace penstock::source {

// Configuration: as ReadApiSpec; with a client also as ApiClient::Make.
Result<std::unique_ptr<RecordSource>> MakeHttpSource(const SourceSettings& settings,
                                                     const SourceParts& parts);

class ApiSource : public RecordSource {
 public:
  // RecordSeries::query holds values for the {names} of the URL, the query and the body. The cursor is the
  // greatest value of incremental.field in any answer so far.
  Result<FetchedSeries> Fetch(const RecordSeries& series, std::string_view cursor,
                              const std::function<Status(RecordAnswer)>& on_page,
                              std::stop_token stop = {}) const override;
  Result<std::shared_ptr<arrow::RecordBatch>> Read(std::string_view bytes,
                                                   std::string_view extension) const override;
  Status Check(const RecordSeries& series) const override;

 private:
  friend Result<std::unique_ptr<RecordSource>> MakeHttpSource(const SourceSettings& settings,
                                                              const SourceParts& parts);
  ApiSource(ApiSpec spec, const SourceParts& parts) : spec_(std::move(spec)), parts_(parts) {}
  Result<std::string> UrlOf(const Fields& fields) const;

  const ApiSpec spec_;
  const SourceParts parts_;
  std::unique_ptr<const ApiClient> client_;  // nullptr: it was made for reading only
};

}  // namespace penstock::source
