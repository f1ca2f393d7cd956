// What every query::Engine does, over a small lake. An engine's test makes an EngineFactory and says
//   INSTANTIATE_TEST_SUITE_P(DuckDb, EngineConformance, testing::Values(factory));
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "query/query_engine.h"

namespace penstock::query {

// A folder with tables of Parquet files, removed with the object.
class TinyLake {
 public:
  TinyLake();
  ~TinyLake();
  TinyLake(const TinyLake&) = delete;

  const std::string& root() const { return root_; }

  // The rows of a SELECT without tables as {root}/KEY.
  void Write(const std::string& key, const std::string& select);
  // Bars (symbol, open, high, low, close, volume as SQL VALUES rows) of one day of a database.
  void WriteBars(const std::string& database, const std::string& day, const std::string& values,
                 const std::string& source = "yahoo");
  void WriteRejected(const std::string& database, const std::string& day, const std::string& symbol,
                     const std::string& rule);

  // DATABASE.bars and DATABASE.bars_rejected.
  std::vector<ViewSpec> Views(const std::string& database) const;
  // Every file below root with its size, one a line: to prove that nothing was written.
  std::string Listing() const;

 private:
  std::string root_;
};

// Three sessions (2017-08-09 to 11) of AAPL, MSFT and TSLA in sp500.bars, one rejected row on the 10th.
void FillTinyLake(TinyLake& lake);

// An engine whose tables are `views`, with `default_database` for names without one.
using EngineFactory =
    std::function<std::unique_ptr<Engine>(std::vector<ViewSpec> views, std::string default_database)>;

class EngineConformance : public testing::TestWithParam<EngineFactory> {
 protected:
  void SetUp() override;
  TinyLake lake_;
  std::unique_ptr<Engine> engine_;
};

// The whole result as CSV, or the failure.
Result<std::string> RunToCsv(Engine& engine, std::string_view sql, const QueryOptions& options = {});

}  // namespace penstock::query
