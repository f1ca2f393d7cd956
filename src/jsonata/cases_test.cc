// tests/jsonata/cases.jsonl: the JSONata project's own cases.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "jsonata/case_runner.h"

namespace penstock::jsonata {
namespace {

std::string ReadFile(const std::string& name) {
  std::ifstream in(std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/jsonata" / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(JsonataCases, AllPass) {
  const auto results = RunCases(ReadFile("cases.jsonl"), ReadFile("datasets.json"));
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  std::set<std::string> ids;
  int passed = 0;
  for (const auto& result : *results) {
    EXPECT_TRUE(result.passed) << result.id << ": " << result.difference;
    EXPECT_TRUE(ids.insert(result.id).second) << "twice: " << result.id;
    passed += result.passed ? 1 : 0;
  }
  EXPECT_EQ(passed, 1000);
}

TEST(JsonataCaseRunner, ReportsWhatDiffers) {
  const auto run = [](const std::string& fields) {
    auto results = RunCases("# a comment\n\n{\"id\":\"x\"," + fields + "}\n", R"({"d":{"a":[2,1]}})");
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? results->at(0) : CaseResult{};
  };
  EXPECT_TRUE(run(R"("expr":"a","dataset":"d","result":[2,1.0])").passed);
  EXPECT_FALSE(run(R"("expr":"a","dataset":"d","result":[1,2])").passed);
  EXPECT_TRUE(run(R"("expr":"a","dataset":"d","result":[1,2],"unordered":true)").passed);
  EXPECT_FALSE(run(R"("expr":"a","dataset":"d","result":[1,1],"unordered":true)").passed);
  EXPECT_FALSE(run(R"("expr":"a","dataset":"d","undefinedResult":true)").passed);
  EXPECT_FALSE(run(R"("expr":"b","dataset":"d","result":1)").passed);
  EXPECT_TRUE(run(R"("expr":"b","dataset":"d","undefinedResult":true)").passed);
  EXPECT_TRUE(run(R"("expr":"1+a","data":{"a":"x"},"code":"T2002","token":"+")").passed);
  EXPECT_FALSE(run(R"("expr":"1+a","data":{"a":"x"},"code":"T2001")").passed);
  EXPECT_FALSE(run(R"("expr":"1+a","data":{"a":"x"},"error":{"code":"T2002","token":"-"})").passed);
  EXPECT_FALSE(run(R"("expr":"1+a","data":{"a":2},"code":"T2002")").passed);
  EXPECT_TRUE(run(R"("expr":"1+$n","bindings":{"n":2},"result":3)").passed);
}

TEST(JsonataCaseRunner, RefusesWhatIsNoCase) {
  EXPECT_FALSE(RunCases("{\"id\":\"x\"}\n", "{}").ok());
  EXPECT_FALSE(RunCases("{\"id\":\"x\",\"expr\":\"a\",\"dataset\":\"unknown\"}\n", "{}").ok());
  EXPECT_FALSE(RunCases("", "[]").ok());
}

}  // namespace
}  // namespace penstock::jsonata
