#include "pipeline/views.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/temporary_folder.h"
#include "lake/catalog.h"
#include "lake/daily_bars.h"
#include "lake/row_columns.h"
#include "lake/series_table.h"
#include "query/duckdb_engine.h"
#include "store/folder_store.h"

namespace penstock::pipeline {
namespace {

// Days [from, to) of a symbol.
lake::SeriesRows Bars(const std::string& symbol, int from, int to) {
  const auto schema = lake::DailyBarsTable().schema;
  lake::RowColumns rows(schema);
  for (int day = from; day < to; ++day) {
    const double price = 100 + day * 0.25 + static_cast<double>(symbol.size());
    rows.AddBytes(0, symbol);
    rows.AddInteger(1, 17'000 + day);
    for (int column = 2; column < 7; ++column) rows.AddFixed(column, &price);
    day % 7 == 0 ? rows.AddNull(7) : rows.AddInteger(7, day * 1000);
    rows.AddBytes(8, "USD");
    rows.AddBytes(9, "test");
    rows.AddInteger(10, 1'502'500'000'000);
  }
  return {symbol, {rows.Finish().ValueOrDie()}, {}};
}

class Bucket {
 public:
  void Upsert(const std::string& symbol, int from, int to) {
    const auto outcome = table_->Upsert(Bars(symbol, from, to));
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  }
  // All rows of the answer, as text.
  std::string Ask(const std::string& sql) {
    lake::StoreCatalog catalog(*store_);
    auto entry = lake::EntryOf(table_->spec(), "us_stocks", table_->layout());
    entry.partition_columns.clear();
    EXPECT_TRUE(catalog.RegisterTable(entry).ok());
    SystemClock clock;
    query::DuckDbOptions options;
    options.temp_directory = folder_.path();
    query::DuckDbEngine engine(ViewsOf(catalog, store_->uri()).ValueOrDie(), options, clock);
    const auto stream = engine.Execute(sql);
    if (!stream.ok()) return stream.status().ToString();
    std::string text;
    while (true) {
      const auto batch = (*stream)->Next();
      if (!batch.ok()) return batch.status().ToString();
      if (*batch == nullptr) return text;
      text += (*batch)->ToString();
    }
  }

 private:
  TemporaryFolder folder_;
  std::shared_ptr<store::FolderStore> store_ = store::FolderStore::Open(folder_.path()).ValueOrDie();
  lake::HiveTableFormat format_{*store_};
  std::unique_ptr<lake::SeriesTable> table_ =
      lake::SeriesTable::Make(*store_, format_, lake::DailyBarsTable()).ValueOrDie();
};

// US-2: SQL reads files that grew by row groups of their own as it reads those that were written at once.
TEST(Views, ATableOfSeriesIsQueriedAlikeHoweverItsFilesGrew) {
  Bucket grown;
  Bucket whole;
  for (const char* symbol : {"AAPL", "BRK.B", "RDS/A", "^GSPC"}) {
    grown.Upsert(symbol, 0, 250);
    for (int day = 250; day < 260; ++day) grown.Upsert(symbol, day, day + 1);
    whole.Upsert(symbol, 0, 260);
  }
  const std::string totals =
      "select symbol, count(*), count(volume), min(date), max(date), sum(close), sum(volume), "
      "max(fetched_at) from us_stocks.bars group by symbol order by symbol";
  EXPECT_EQ(grown.Ask(totals), whole.Ask(totals));
  EXPECT_NE(grown.Ask(totals).find("^GSPC"), std::string::npos);
  // Row groups that statistics leave out, and the one that they must not.
  const std::string some =
      "select * from us_stocks.bars where date between date '1970-01-01' + 17248 and "
      "date '1970-01-01' + 17253 and close > 160 order by symbol, date";
  EXPECT_EQ(grown.Ask(some), whole.Ask(some));
  EXPECT_NE(grown.Ask(some).find("BRK.B"), std::string::npos);
}

}  // namespace
}  // namespace penstock::pipeline
