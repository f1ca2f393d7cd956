// Notices of a few attributes, a reader for them, and archives of them: for tests of what stands around the
// real reader.
#pragma once

#include <arrow/builder.h>
#include <arrow/table.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/date.h"
#include "pipeline/tenders/notice_readers.h"
#include "source/inflate.h"

namespace penstock::pipeline {

struct FakeNotice {
  std::string id;
  int64_t version = 1;
  std::string day = "2019-03-01";
  int lots = 1, awards = 0;
  std::string title = "";

  std::string Xml() const {
    return fmt::format("<notice id=\"{}\" version=\"{}\" day=\"{}\" lots=\"{}\" awards=\"{}\" title=\"{}\"/>",
                       id, version, day, lots, awards, title);
  }
};

inline TenderSchemas FakeSchemas() {
  const auto key = arrow::schema({arrow::field(kNoticeIdColumn, arrow::utf8(), false),
                                  arrow::field(kVersionColumn, arrow::int64()),
                                  arrow::field(kPublishedColumn, arrow::date32())});
  const auto with = [&key](const char* name, const std::shared_ptr<arrow::DataType>& type) {
    return key->AddField(3, arrow::field(name, type)).ValueOrDie();
  };
  return {with("title", arrow::utf8()), with("lot", arrow::int64()), with("award", arrow::int64())};
}

class FakeReader : public source::ted::NoticeReader {
 public:
  FakeReader() { Begin(); }

  Status Add(std::string_view xml, const source::ted::NoticeOrigin&) override {
    if (xml.find("broken") != xml.npos) return MakeError(ErrorCode::kInvalidData, "not a notice");
    if (xml.find("out of memory") != xml.npos) return MakeError(ErrorCode::kResourceExhausted, "no memory");
    const auto value = [xml](std::string_view name) {
      const std::string before = fmt::format("{}=\"", name);
      const size_t at = xml.find(before) + before.size();
      return std::string(xml.substr(at, xml.find('"', at) - at));
    };
    const auto day = DaysSinceEpoch(*ParseDate(value("day")));
    for (const auto& [which, rows] :
         {std::pair{0, 1}, {1, std::stoi(value("lots"))}, {2, std::stoi(value("awards"))}}) {
      for (int row = 1; row <= rows; ++row) {
        auto& to = *builders_[which];
        RETURN_IF_ERROR(to.GetFieldAs<arrow::StringBuilder>(0)->Append(value("id")));
        RETURN_IF_ERROR(to.GetFieldAs<arrow::Int64Builder>(1)->Append(std::stoll(value("version"))));
        RETURN_IF_ERROR(to.GetFieldAs<arrow::Date32Builder>(2)->Append(day));
        RETURN_IF_ERROR(which == 0 ? to.GetFieldAs<arrow::StringBuilder>(3)->Append(value("title"))
                                   : to.GetFieldAs<arrow::Int64Builder>(3)->Append(row));
      }
    }
    return Status::OK();
  }

  Result<source::ted::NoticeTables> Finish() override {
    TenderTables out;
    for (size_t which = 0; which < out.size(); ++which) {
      ASSIGN_OR_RETURN(const auto batch, builders_[which]->Flush());
      ASSIGN_OR_RETURN(out[which], arrow::Table::FromRecordBatches({batch}));
    }
    Begin();
    return source::ted::NoticeTables{out[0], out[1], out[2]};
  }

  int64_t notices() const override { return 0; }
  int64_t lots() const override { return 0; }
  int64_t awards() const override { return 0; }
  int64_t bytes() const override { return 0; }
  const source::ted::FieldMap& map() const override {
    static const source::ted::FieldMap kNone;
    return kNone;
  }

 private:
  void Begin() {
    const auto schemas = FakeSchemas();
    for (size_t which = 0; which < schemas.size(); ++which) {
      builders_[which] =
          arrow::RecordBatchBuilder::Make(schemas[which], arrow::default_memory_pool()).ValueOrDie();
    }
  }
  std::array<std::unique_ptr<arrow::RecordBatchBuilder>, 3> builders_;
};

inline NoticeReaders FakeReaders(std::string version = "1") {
  return {
      []() -> Result<std::unique_ptr<source::ted::NoticeReader>> { return std::make_unique<FakeReader>(); },
      FakeSchemas(), std::move(version)};
}

// POSIX.1-2017, pax, "ustar Interchange Format".
inline std::string FakeTar(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out;
  for (const auto& [name, bytes] : files) {
    std::string header(512, '\0');
    const auto put = [&](size_t at, const std::string& text) {
      std::memcpy(header.data() + at, text.data(), text.size());
    };
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", bytes.size()));
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar");
    put(263, "00");
    int sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, fmt::format("{:06o}", sum) + '\0');
    out += header + bytes + std::string((512 - bytes.size() % 512) % 512, '\0');
  }
  return out + std::string(1024, '\0');
}

inline std::string FakeTarGz(const std::vector<std::pair<std::string, std::string>>& files) {
  return source::Deflate(FakeTar(files)).ValueOrDie();
}

}  // namespace penstock::pipeline
