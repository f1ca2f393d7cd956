#include "pipeline/views.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/temporary_folder.h"
#include "lake/catalog.h"
#include "lake/daily_bars.h"
#include "lake/evolving_table.h"
#include "lake/row_columns.h"
#include "lake/series_table.h"
#include "query/duckdb_engine.h"
#include "store/folder_store.h"
#include "store/memory_store.h"

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

std::shared_ptr<arrow::RecordBatch> Rows(const arrow::FieldVector& fields,
                                         const arrow::ArrayVector& columns) {
  return arrow::RecordBatch::Make(arrow::schema(fields), columns[0]->length(), columns);
}

std::shared_ptr<arrow::Array> Whole(int64_t value) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Fraction(double value) {
  arrow::DoubleBuilder builder;
  EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Text(const std::string& value) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

// "the table's schema evolves and old files still read": all rows, in the types of the catalog.
TEST(Views, FilesWhoseColumnsChangedOverTimeAreOneTable) {
  const TemporaryFolder folder;
  const auto store = store::FolderStore::Open(folder.path()).ValueOrDie();
  lake::StoreCatalog catalog(*store);
  lake::EvolvingTables tables(*store, catalog, "iex");
  lake::TableEntry table;
  table.table = "msft_1m";
  table.prefix = "iex/processed/MSFT-1m/";
  const auto field = [](const char* name, const auto& column) { return arrow::field(name, column->type()); };
  const auto open1 = Whole(100), open2 = Fraction(100.5), volume = Whole(7), odd = Text("n/a"),
             label = Text("Mar 1");
  const auto nothing = arrow::MakeArrayOfNull(arrow::null(), 1).ValueOrDie();
  const std::vector<std::shared_ptr<arrow::RecordBatch>> files{
      Rows({field("open", open1), field("volume", volume)}, {open1, volume}),
      Rows({field("open", open2), field("label", label), field("average", nothing)}, {open2, label, nothing}),
      Rows({field("volume", odd)}, {odd}), Rows({field("open", nothing)}, {nothing})};
  for (size_t i = 0; i < files.size(); ++i) {
    ASSERT_TRUE(tables.Add(table, fmt::format("{}{}.parquet", table.prefix, i), *files[i]).ok());
  }
  ASSERT_TRUE(tables.Flush().ok());
  const auto ask = [&](const std::string& sql) {
    SystemClock clock;
    query::DuckDbOptions options;
    options.temp_directory = folder.path();
    query::DuckDbEngine engine(ViewsOf(catalog, store->uri()).ValueOrDie(), options, clock);
    const auto stream = engine.Execute(sql);
    std::string text = stream.status().ToString();
    while (stream.ok()) {
      const auto batch = (*stream)->Next().ValueOrDie();
      if (batch == nullptr) break;
      text += "\n" + batch->ToString();
    }
    return text;
  };
  const std::string all =
      ask("select string_agg(concat_ws(' ', coalesce(open::varchar, '-'), coalesce(volume, '-'), "
          "coalesce(label, '-'), "
          "coalesce(average, '-')), '; ' order by open, volume) as rows from iex.msft_1m");
  EXPECT_NE(all.find("100.0 7 - -; 100.5 - Mar 1 -; - n/a - -; - - - -"), std::string::npos) << all;
  const std::string types = ask("select typeof(open) || typeof(volume) as types from iex.msft_1m limit 1");
  EXPECT_NE(types.find("DOUBLEVARCHAR"), std::string::npos) << types;
}

TEST(Views, TablesFoundWithoutTheirDatabasesNameAreThoseOfOneDatabase) {
  SystemClock clock;
  store::MemoryStore store(clock);
  lake::StoreCatalog catalog(store);
  lake::TableEntry entry;
  entry.database = "stream";
  entry.table = "finance_stream_data";
  entry.prefix = "stream/clean/finance_stream_data/";
  entry.columns = {{"name", "string"}, {"ts", "string"}};
  entry.unique = {"name", "ts"};
  entry.unqualified = true;
  ASSERT_TRUE(catalog.RegisterTable(entry).ok());
  auto views = ViewsOf(catalog, "/lake").ValueOrDie();
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0].unique, entry.unique);
  EXPECT_TRUE(views[0].in_default_database);
  entry.database = "other";
  ASSERT_TRUE(catalog.RegisterTable(entry).ok());
  views = ViewsOf(catalog, "/lake").ValueOrDie();
  EXPECT_FALSE(views[0].in_default_database || views[1].in_default_database);
}

}  // namespace
}  // namespace penstock::pipeline
