// Every recorded notice, row by row. tests/e2e/test_ted_fields.py holds what is expected here against the XML
// itself, by XPaths of its own. PENSTOCK_UPDATE_EXPECTED=1 writes the expectations anew.
#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "base/json.h"
#include "source/archive/archive_reader.h"
#include "source/ted/notice_reader.h"

namespace penstock::source::ted {
namespace {

namespace fs = std::filesystem;
const std::string kSource = PENSTOCK_SOURCE_DIR;

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

json::array RowsOf(const arrow::Table& table) {
  json::array rows;
  for (int64_t r = 0; r < table.num_rows(); ++r) {
    json::object row;
    for (int c = 0; c < table.num_columns(); ++c) {
      const auto scalar = table.column(c)->GetScalar(r).ValueOrDie();
      if (!scalar->is_valid) continue;
      const std::string& name = table.field(c)->name();
      switch (scalar->type->id()) {
        case arrow::Type::INT64: row[name] = static_cast<const arrow::Int64Scalar&>(*scalar).value; break;
        case arrow::Type::DOUBLE: row[name] = static_cast<const arrow::DoubleScalar&>(*scalar).value; break;
        case arrow::Type::BOOL: row[name] = static_cast<const arrow::BooleanScalar&>(*scalar).value; break;
        default: row[name] = scalar->ToString(); break;
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// Name and bytes of every recorded notice: files, and what is in the packages that the demonstration replays.
std::map<std::string, std::string> Recorded() {
  std::map<std::string, std::string> notices;
  const std::string files = kSource + "/tests/data/ted";
  for (const auto& entry : fs::recursive_directory_iterator(files)) {
    if (entry.path().extension() != ".xml") continue;
    notices[fs::relative(entry.path(), files).string()] = ReadAll(entry.path());
  }
  for (const auto& entry : fs::directory_iterator(kSource + "/data/ted/packages")) {
    if (entry.path().extension() != ".gz") continue;
    const std::string bytes = ReadAll(entry.path());
    MemorySource source(bytes);
    const auto counts = ReadArchive(source, entry.path().filename().string(), {},
                                    {.on_file =
                                         [&](const std::string& name, std::string_view xml) {
                                           notices["packages/" + name] = xml;
                                           return Status::OK();
                                         },
                                     .on_refused = [](const RefusedEntry&) { return Status::OK(); }});
    EXPECT_TRUE(counts.ok() && counts->refused == 0) << entry.path();
  }
  return notices;
}

TEST(NoticeGoldenTest, EveryRecordedNoticeGivesTheRowsExpected) {
  const auto map = ReadFieldMap(kSource + "/pipelines/ted/fields.yaml");
  ASSERT_TRUE(map.ok()) << Describe(map.status());
  const auto reader = NoticeReader::Make(*map);
  ASSERT_TRUE(reader.ok()) << Describe(reader.status());
  const auto recorded = Recorded();
  ASSERT_GE(recorded.size(), 331u);
  std::vector<std::string> lines;
  for (const auto& [name, xml] : recorded) {
    json::object line{{"file", name}};
    const Status status = (*reader)->Add(xml, {"", name});
    if (!status.ok()) line["error"] = NameOf(CodeOf(status));
    const auto tables = (*reader)->Finish();
    ASSERT_TRUE(tables.ok());
    for (const auto& table : {tables->notices, tables->lots, tables->awards}) {
      ASSERT_TRUE(table->ValidateFull().ok()) << name;
    }
    EXPECT_EQ(tables->notices->num_rows(), status.ok() ? 1 : 0) << name;
    line["notices"] = RowsOf(*tables->notices);
    line["lots"] = RowsOf(*tables->lots);
    line["awards"] = RowsOf(*tables->awards);
    lines.push_back(ToJson(line));
  }
  const std::string expected_file = kSource + "/tests/data/ted/expected.jsonl";
  if (std::getenv("PENSTOCK_UPDATE_EXPECTED") != nullptr) {
    std::ofstream out(expected_file, std::ios::binary);
    for (const std::string& line : lines) out << line << "\n";
    return;
  }
  std::ifstream in(expected_file);
  std::string expected;
  for (size_t i = 0; i < lines.size(); ++i) {
    ASSERT_TRUE(std::getline(in, expected)) << "expected.jsonl ends before " << lines[i].substr(0, 80);
    EXPECT_EQ(lines[i], expected);
  }
  EXPECT_FALSE(std::getline(in, expected)) << "more is expected: " << expected.substr(0, 80);
}

}  // namespace
}  // namespace penstock::source::ted
