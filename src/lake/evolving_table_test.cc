#include "lake/evolving_table.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/clock.h"
#include "base/json.h"
#include "lake/column_union.h"
#include "lake/parquet_file.h"
#include "store/faulty_store.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

using Names = std::vector<std::string>;

// A column of one row: JSON's types as Arrow's.
std::shared_ptr<arrow::Array> Cell(const json::value& value) {
  const auto make = [&](auto builder) {
    EXPECT_TRUE(builder.second.ok());
    return builder.first->Finish().ValueOrDie();
  };
  switch (value.kind()) {
    case json::kind::int64: {
      auto builder = std::make_shared<arrow::Int64Builder>();
      return make(std::pair(builder, builder->Append(value.get_int64())));
    }
    case json::kind::double_: {
      auto builder = std::make_shared<arrow::DoubleBuilder>();
      return make(std::pair(builder, builder->Append(value.get_double())));
    }
    case json::kind::bool_: {
      auto builder = std::make_shared<arrow::BooleanBuilder>();
      return make(std::pair(builder, builder->Append(value.get_bool())));
    }
    case json::kind::string: {
      auto builder = std::make_shared<arrow::StringBuilder>();
      return make(std::pair(builder, builder->Append(std::string_view(value.get_string()))));
    }
    default: return arrow::MakeArrayOfNull(arrow::null(), 1).ValueOrDie();
  }
}

std::shared_ptr<arrow::RecordBatch> Row(const json::object& cells) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& cell : cells) {
    columns.push_back(Cell(cell.value()));
    fields.push_back(arrow::field(std::string(cell.key()), columns.back()->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), 1, columns);
}

TableEntry Table(const std::string& name) {
  TableEntry entry;
  entry.database = "iex";
  entry.table = name;
  entry.prefix = "iex/processed/" + name + "/";
  return entry;
}

class EvolvingTablesTest : public testing::Test {
 protected:
  // "open double, volume bigint"
  std::string Columns(const std::string& table) {
    const auto entry = catalog_.GetTable("iex", table);
    if (!entry.ok()) return entry.status().ToString();
    EXPECT_TRUE(entry->evolving);
    std::string out;
    for (const auto& column : entry->columns) {
      out += (out.empty() ? "" : ", ") + column.name + " " + column.type;
    }
    return out;
  }
  Status Write(const std::string& table, const std::string& file, const json::object& row) {
    EvolvingTables tables(store_, catalog_, "iex");
    RETURN_IF_ERROR(tables.Add(Table(table), Table(table).prefix + file, *Row(row)));
    return tables.Flush();
  }

  ManualClock clock_{TimePoint(MakeDate(2019, 3, 1))};
  store::MemoryStore store_{clock_};
  StoreCatalog catalog_{store_};
};

// "union of columns over time (a new field appears, a field changes from int to double, a field vanishes)
// never fails a run: the table's schema evolves and old files still read."
TEST_F(EvolvingTablesTest, ColumnsAreUnitedOverTime) {
  ASSERT_TRUE(Write("msft", "1.parquet", {{"open", 1}, {"volume", 2}, {"label", "a"}}).ok());
  EXPECT_EQ(Columns("msft"), "open bigint, volume bigint, label string");
  ASSERT_TRUE(Write("msft", "2.parquet", {{"open", 1.5}, {"uOpen", 2}, {"label", "b"}}).ok());
  EXPECT_EQ(Columns("msft"), "open double, volume bigint, label string, uOpen bigint");
  ASSERT_TRUE(Write("msft", "3.parquet", {{"open", nullptr}, {"volume", "n/a"}, {"late", nullptr}}).ok());
  EXPECT_EQ(Columns("msft"), "open double, volume string, label string, uOpen bigint, late void");
  ASSERT_TRUE(Write("msft", "4.parquet", {{"late", true}, {"open", 3}}).ok());
  EXPECT_EQ(Columns("msft"), "open double, volume string, label string, uOpen bigint, late boolean");
  ASSERT_TRUE(Write("msft", "5.parquet", {{"late", 7}}).ok());
  EXPECT_EQ(Columns("msft"), "open double, volume string, label string, uOpen bigint, late string");
  // Every file as its rows were.
  const auto first = ReadParquet(store_.Get("iex/processed/msft/1.parquet")->bytes).ValueOrDie();
  EXPECT_EQ(first->schema()->field(0)->type()->id(), arrow::Type::INT64);
  const auto third = ReadParquet(store_.Get("iex/processed/msft/3.parquet")->bytes).ValueOrDie();
  EXPECT_EQ(third->schema()->field(0)->type()->id(), arrow::Type::NA);
}

TEST(ColumnUnion, TypesThatHoldBoth) {
  const std::vector<std::vector<std::string>> cases{
      {"bigint", "double", "double"},  {"int", "bigint", "bigint"},       {"tinyint", "smallint", "smallint"},
      {"float", "int", "double"},      {"float", "float", "float"},       {"boolean", "bigint", "string"},
      {"boolean", "string", "string"}, {"double", "string", "string"},    {"date", "timestamp", "timestamp"},
      {"date", "bigint", "string"},    {"void", "date", "date"},          {"void", "void", "void"},
      {"binary", "string", "string"},  {"boolean", "boolean", "boolean"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(UnitedType(one[0], one[1]), one[2]) << one[0] << " " << one[1];
    EXPECT_EQ(UnitedType(one[1], one[0]), one[2]) << one[1] << " " << one[0];
  }
}

// Whatever comes first, the union is the same but for the order of its columns.
TEST(ColumnUnion, TheOrderOfFilesDoesNotMatter) {
  const std::vector<std::string> types{"void", "boolean", "bigint", "double", "date", "timestamp", "string"};
  for (const auto& a : types) {
    for (const auto& b : types) {
      for (const auto& c : types) {
        EXPECT_EQ(UnitedType(UnitedType(a, b), c), UnitedType(a, UnitedType(b, c))) << a << b << c;
      }
    }
  }
}

TEST(ColumnUnion, NamesThatNoEngineTellsApart) {
  const auto schema =
      arrow::schema({arrow::field("mktCap", arrow::int64()), arrow::field("mktcap", arrow::utf8()),
                     arrow::field("", arrow::int64()), arrow::field("mktcap_2", arrow::int64()),
                     arrow::field("column_3", arrow::int64()), arrow::field("a\xff", arrow::int64())});
  EXPECT_EQ(WithDistinctNames(*schema)->field_names(),
            (Names{"mktCap", "mktcap_3", "column_3_2", "mktcap_2", "column_3", "a?"}));
  EXPECT_EQ(UniteColumns({{"mktCap", "bigint"}}, {{"MKTCAP", "double"}}),
            (std::vector<CatalogColumn>{{"mktCap", "double"}}));
}

TEST_F(EvolvingTablesTest, TheSameRowsGiveTheSameBytes) {
  ASSERT_TRUE(Write("msft", "1.parquet", {{"open", 1}, {"volume", 2}}).ok());
  ASSERT_TRUE(Write("aapl", "0.parquet", {{"open", 1.5}, {"more", "x"}}).ok());
  ASSERT_TRUE(Write("aapl", "1.parquet", {{"open", 1}, {"volume", 2}}).ok());
  EXPECT_EQ(store_.Get("iex/processed/msft/1.parquet")->bytes,
            store_.Get("iex/processed/aapl/1.parquet")->bytes);
}

// A reader that sees a file finds its columns in the catalog, also when the process died in between.
TEST_F(EvolvingTablesTest, TheCatalogKnowsAColumnBeforeAFileWithItIsThere) {
  store::FaultyStore faulty(store_, clock_);
  faulty.Order({.operation = store::Operation::kPut, .key_pattern = "iex/processed/*"});
  EvolvingTables tables(faulty, catalog_, "iex");
  ASSERT_TRUE(tables.Add(Table("msft"), "iex/processed/msft/1.parquet", *Row({{"open", 1}})).ok());
  EXPECT_FALSE(tables.Flush().ok());
  EXPECT_EQ(Columns("msft"), "open bigint");
  EXPECT_EQ(CodeOf(store_.Head("iex/processed/msft/1.parquet").status()), ErrorCode::kNotFound);
}

TEST_F(EvolvingTablesTest, KnownColumnsAreWrittenAtOnceAndManyNewOnesTogether) {
  EvolvingTablesOptions options;
  options.max_held_files = 50;
  EvolvingTables tables(store_, catalog_, "iex", options);
  for (int i = 0; i < 120; ++i) {
    const std::string name = "t" + std::to_string(i);
    ASSERT_TRUE(tables.Add(Table(name), Table(name).prefix + "1.parquet", *Row({{"open", i}})).ok());
  }
  EXPECT_EQ(catalog_.ListTables("iex")->size(), 100U);  // two rounds; the rest waits
  ASSERT_TRUE(tables.Flush().ok());
  EXPECT_EQ(catalog_.ListTables("iex")->size(), 120U);
  const auto etag = store_.Head("catalog/iex.json")->etag;
  ASSERT_TRUE(tables.Add(Table("t7"), "iex/processed/t7/2.parquet", *Row({{"open", 1}})).ok());
  EXPECT_TRUE(store_.Head("iex/processed/t7/2.parquet").ok());
  EXPECT_EQ(store_.Head("catalog/iex.json")->etag, etag);
}

// Two processes, each with columns that the other does not know.
TEST_F(EvolvingTablesTest, ProcessesThatWriteAtOnceLoseNoColumn) {
  {
    std::vector<std::jthread> processes;
    for (int p = 0; p < 4; ++p) {
      processes.emplace_back([this, p] {
        EvolvingTables tables(store_, catalog_, "iex");
        for (int i = 0; i < 8; ++i) {
          const std::string name = std::to_string(p) + "_" + std::to_string(i);
          ASSERT_TRUE(
              tables.Add(Table("msft"), "iex/processed/msft/" + name + ".parquet", *Row({{"c" + name, i}}))
                  .ok());
          ASSERT_TRUE(tables.Flush().ok());
        }
      });
    }
  }
  EXPECT_EQ(catalog_.GetTable("iex", "msft")->columns.size(), 32U);
}

// "delete it; the next run registers its tables again": with the columns of the files that were there before.
TEST_F(EvolvingTablesTest, ATableThatTheCatalogLostIsReadFromItsFiles) {
  ASSERT_TRUE(Write("msft", "1.parquet", {{"open", 1}, {"old", "x"}}).ok());
  ASSERT_TRUE(Write("aapl", "1.parquet", {{"close", 1.5}}).ok());
  ASSERT_TRUE(store_.Delete("catalog/iex.json").ok());
  ASSERT_TRUE(Write("msft", "2.parquet", {{"open", 2.5}}).ok());
  EXPECT_EQ(Columns("msft"), "open double, old string");
  EvolvingTables tables(store_, catalog_, "iex");
  ASSERT_TRUE(tables.Recover({Table("msft"), Table("aapl"), Table("nothing")}).ok());
  EXPECT_EQ(Columns("aapl"), "close double");
  EXPECT_EQ(CodeOf(catalog_.GetTable("iex", "nothing").status()), ErrorCode::kNotFound);
}

TEST_F(EvolvingTablesTest, WhatNoTableHoldsIsRefused) {
  const auto list = arrow::MakeArrayOfNull(arrow::list(arrow::int64()), 1).ValueOrDie();
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("tags", list->type())}), 1, {list});
  EvolvingTables tables(store_, catalog_, "iex");
  EXPECT_EQ(CodeOf(tables.Add(Table("msft"), "iex/processed/msft/1.parquet", *rows)),
            ErrorCode::kInvalidData);
}

}  // namespace
}  // namespace penstock::lake
