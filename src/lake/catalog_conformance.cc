#include "lake/catalog_conformance.h"

#include <thread>

#include "lake/daily_bars.h"

namespace penstock::lake {

std::string CatalogMakerName(const testing::TestParamInfo<CatalogMaker>& info) { return info.param.name; }

void CatalogConformance::SetUp() {
  catalog_ = GetParam().make();
  ASSERT_NE(catalog_, nullptr);
}

namespace {

TableEntry Entry(std::string database, std::string table) {
  auto entry = EntryOf(DailyBarsTable(table), std::move(database), TableLayout{table, "p/"},
                       "Bars \"of\" a day; ünïcode");
  return entry;
}

std::vector<std::string> Names(const std::vector<TableEntry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.table);
  return names;
}

using List = std::vector<std::string>;

// FTSE-2: registered in the catalog.
TEST_P(CatalogConformance, WhatIsRegisteredIsFound) {
  ASSERT_TRUE(catalog_->RegisterTable(Entry("sp500", "bars")).ok());
  const auto entry = catalog_->GetTable("sp500", "bars");
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(*entry, Entry("sp500", "bars"));
  EXPECT_EQ(entry->prefix, "p/clean/bars/");
  EXPECT_EQ(entry->columns.size(), 11U);
  EXPECT_EQ(entry->partition_columns.at(0).name, "dt");
  EXPECT_EQ(entry->partition_columns.at(0).type, "date");
}

TEST_P(CatalogConformance, ListsAscendingByName) {
  for (const char* table : {"quotes", "actions", "bars"})
    ASSERT_TRUE(catalog_->RegisterTable(Entry("us_stocks", table)).ok());
  ASSERT_TRUE(catalog_->RegisterTable(Entry("ftse100", "bars")).ok());
  EXPECT_EQ(Names(catalog_->ListTables("us_stocks").ValueOrDie()), (List{"actions", "bars", "quotes"}));
  EXPECT_EQ(catalog_->ListDatabases().ValueOrDie(), (List{"ftse100", "us_stocks"}));
}

TEST_P(CatalogConformance, UnknownOnes) {
  EXPECT_EQ(CodeOf(catalog_->GetTable("sp500", "bars").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(catalog_->GetTable("no/such", "bars").status()), ErrorCode::kNotFound);
  EXPECT_TRUE(catalog_->ListTables("sp500").ValueOrDie().empty());
  EXPECT_TRUE(catalog_->ListDatabases().ValueOrDie().empty());
  EXPECT_TRUE(catalog_->Drop("sp500", "bars").ok());
  ASSERT_TRUE(catalog_->RegisterTable(Entry("sp500", "bars")).ok());
  EXPECT_EQ(CodeOf(catalog_->GetTable("sp500", "bar").status()), ErrorCode::kNotFound);
}

TEST_P(CatalogConformance, RegisteringAgainReplaces) {
  ASSERT_TRUE(catalog_->RegisterTable(Entry("sp500", "bars")).ok());
  auto entry = Entry("sp500", "bars");
  entry.columns.resize(2);
  entry.description = "";
  ASSERT_TRUE(catalog_->RegisterTable(entry).ok());
  EXPECT_EQ(catalog_->GetTable("sp500", "bars").ValueOrDie(), entry);
  EXPECT_EQ(catalog_->ListTables("sp500")->size(), 1U);
}

TEST_P(CatalogConformance, MergingUnitesTheColumns) {
  auto entry = Entry("iex", "msft");
  entry.partition_columns.clear();
  entry.evolving = true;
  entry.unqualified = true;
  entry.declared = true;
  entry.unique = {"open"};
  entry.columns = {{"open", "bigint"}, {"volume", "bigint"}};
  ASSERT_TRUE(catalog_->MergeTables({entry}).ok());
  EXPECT_EQ(catalog_->GetTable("iex", "msft").ValueOrDie(), entry);
  entry.columns = {{"open", "double"}, {"label", "string"}};
  entry.description = "new";
  auto other = Entry("iex", "aapl");
  ASSERT_TRUE(catalog_->MergeTables({entry, other}).ok());
  const auto merged = catalog_->GetTable("iex", "msft").ValueOrDie();
  EXPECT_EQ(merged.columns,
            (std::vector<CatalogColumn>{{"open", "double"}, {"volume", "bigint"}, {"label", "string"}}));
  EXPECT_EQ(merged.description, "new");
  EXPECT_EQ(catalog_->GetTable("iex", "aapl").ValueOrDie(), other);
  ASSERT_TRUE(catalog_->MergeTables({}).ok());
  EXPECT_EQ(CodeOf(catalog_->MergeTables({entry, Entry("sp500", "bars")})), ErrorCode::kInvalidData);
  EXPECT_TRUE(catalog_->ListTables("sp500")->empty());
}

TEST_P(CatalogConformance, MergingAtOnceLosesNoColumn) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        auto entry = Entry("iex", "msft");
        entry.columns = {{"c" + std::to_string(i), "bigint"}};
        EXPECT_TRUE(catalog_->MergeTables({entry}).ok());
      });
    }
  }
  EXPECT_EQ(catalog_->GetTable("iex", "msft")->columns.size(), 8U);
}

TEST_P(CatalogConformance, DropRemovesTheEntryAlone) {
  ASSERT_TRUE(catalog_->RegisterTable(Entry("sp500", "bars")).ok());
  ASSERT_TRUE(catalog_->RegisterTable(Entry("sp500", "actions")).ok());
  ASSERT_TRUE(catalog_->Drop("sp500", "bars").ok());
  EXPECT_EQ(Names(catalog_->ListTables("sp500").ValueOrDie()), (List{"actions"}));
  ASSERT_TRUE(catalog_->Drop("sp500", "actions").ok());
  EXPECT_TRUE(catalog_->ListDatabases().ValueOrDie().empty());
}

TEST_P(CatalogConformance, RefusesWhatNoEngineCanRead) {
  const auto code = [&](auto change) {
    auto entry = Entry("sp500", "bars");
    change(entry);
    return CodeOf(catalog_->RegisterTable(entry));
  };
  EXPECT_EQ(code([](TableEntry& e) { e.database = "us-stocks"; }), ErrorCode::kInvalidData);
  EXPECT_EQ(code([](TableEntry& e) { e.table = "../bars"; }), ErrorCode::kInvalidData);
  EXPECT_EQ(code([](TableEntry& e) { e.prefix = "clean/bars"; }), ErrorCode::kInvalidData);
  EXPECT_EQ(code([](TableEntry& e) { e.columns.clear(); }), ErrorCode::kInvalidData);
  EXPECT_EQ(code([](TableEntry& e) { e.unique = {"none"}; }), ErrorCode::kInvalidData);
  EXPECT_EQ(code([](TableEntry& e) { e.columns.push_back(e.columns[0]); }), ErrorCode::kInvalidData);
}

TEST_P(CatalogConformance, RegisteringAtOnceLosesNone) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back(
          [&, i] { EXPECT_TRUE(catalog_->RegisterTable(Entry("sp500", "t" + std::to_string(i))).ok()); });
    }
  }
  EXPECT_EQ(catalog_->ListTables("sp500")->size(), 8U);
}

}  // namespace

}  // namespace penstock::lake
