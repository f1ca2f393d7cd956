// Our side of the benchmarks whose work is no verb of its own: the same input and output as the peers of
// bench/peers.
//
//   penstock_bench transform CHART_DIR OUT_DIR    chart bodies to validated Parquet, a file a symbol
//   penstock_bench update EOD_DIR BUCKET          a new day into each file of BUCKET/clean/bars
//   penstock_bench latest BUCKET OUT_FILE         the last row of each of these, from the files' tails
//   penstock_bench latest_index BUCKET OUT_FILE   the same, from the tail index
//   penstock_bench ted_extract BUCKET PIPELINE THREADS   BUCKET/ted/raw/bench.tar.gz to clean files
//   penstock_bench ted_merge BUCKET PIPELINE YEAR        the clean files of a year to merged ones
//   penstock_bench interpreter memory|durable|distributed OUT_DIR [ITEMS]    a Map of 10,000 items over Pass
//   penstock_bench stream_load ORIGIN STREAM RECORDS BATCH CONNECTIONS [PER_SECOND]    records into a
//   delivery stream
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/parallel.h"
#include "interpreter.h"
#include "lake/daily_bars.h"
#include "lake/parquet_file.h"
#include "lake/rules.h"
#include "series_works.h"
#include "source/registry.h"
#include "source/source.h"
#include "store/folder_store.h"
#include "stream_load.h"
#include "tender_works.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

// The peers write no more than these.
constexpr const char* kColumns[] = {"symbol", "date", "open", "high", "low", "close", "adj_close", "volume"};

// What the peers check, by our rules.
lake::TableSpec BarsLikeThePeers() {
  lake::TableSpec spec = lake::DailyBarsTable();
  spec.rules = {
      {"not_null", "not_null", {{"columns", {"open", "high", "low", "close", "adj_close", "volume"}}}},
      {"bounds", "bounds", {}},
      {"volume", "non_negative", {{"columns", {"volume"}}}},
      {"unique", "unique", {}}};
  return spec;
}

Result<std::string> ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return MakeError(ErrorCode::kIo, "cannot read " + path.string());
  std::string bytes(fs::file_size(path), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

Status Transform(const std::string& from, const std::string& to) {
  const SystemClock clock;
  ASSIGN_OR_RETURN(const auto source, source::MakeSource("yahoo", {}, {nullptr, &clock}));
  const lake::TableSpec spec = BarsLikeThePeers();
  ASSIGN_OR_RETURN(const auto validator, lake::Validator::Make(spec));
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const char* column : kColumns) fields.push_back(spec.schema->GetFieldByName(column));
  lake::ParquetOptions options;
  options.sorted_by = {"symbol", "date"};
  const lake::ParquetEncoder encoder(arrow::schema(fields), options);
  ASSIGN_OR_RETURN(const auto store, store::FolderStore::Open(to));

  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(from)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  // More than the processors: a put waits for the disk.
  return ParallelFor(files.size(), 4 * HardwareThreads(), [&](size_t i) -> Status {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(files[i]));
    const std::string symbol = files[i].stem().string();
    source::ParseContext context;
    context.symbol = symbol;
    context.fetched_at = TimePoint{};
    ASSIGN_OR_RETURN(const auto parsed, source->Parse(bytes, context));
    ASSIGN_OR_RETURN(const auto verdict, validator->Validate(parsed.bars, {}));
    arrow::ArrayVector columns;
    for (const char* column : kColumns) columns.push_back(verdict.accepted->GetColumnByName(column));
    const auto rows = arrow::RecordBatch::Make(arrow::schema(fields), verdict.accepted->num_rows(), columns);
    ASSIGN_OR_RETURN(const std::string file, encoder.Encode(*rows));
    return store->Put(symbol + ".parquet", file).status();
  });
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  using namespace penstock;
  const std::string_view work = argc > 1 ? argv[1] : "";
  Status status;
  if (work == "transform" && argc == 4) {
    status = Transform(argv[2], argv[3]);
  } else if (work == "update" && argc == 4) {
    status = UpdateTickers(argv[2], argv[3]);
  } else if ((work == "latest" || work == "latest_index") && argc == 4) {
    status = LatestOfTickers(argv[2], argv[3], work == "latest_index");
  } else if (work == "ted_extract" && argc == 5) {
    status = ExtractTenders(argv[2], argv[3], std::atoi(argv[4]));
  } else if (work == "ted_merge" && argc == 5) {
    status = MergeTenders(argv[2], argv[3], std::atoi(argv[4]));
  } else if (work == "interpreter" && (argc == 4 || argc == 5)) {
    status = RunInterpreter(argv[2], argv[3], argc == 5 ? std::atoll(argv[4]) : 10'000);
  } else if (work == "stream_load" && (argc == 7 || argc == 8)) {
    status = LoadStream({.origin = argv[2],
                         .stream = argv[3],
                         .records = std::atoll(argv[4]),
                         .batch = std::atoi(argv[5]),
                         .connections = std::atoi(argv[6]),
                         .records_per_s = argc == 8 ? std::atoll(argv[7]) : 0});
  } else {
    std::fprintf(stderr,
                 "usage: penstock_bench transform CHART_DIR OUT_DIR\n"
                 "       penstock_bench update EOD_DIR BUCKET\n"
                 "       penstock_bench latest|latest_index BUCKET OUT_FILE\n"
                 "       penstock_bench ted_extract BUCKET PIPELINE THREADS\n"
                 "       penstock_bench ted_merge BUCKET PIPELINE YEAR\n"
                 "       penstock_bench interpreter memory|durable|distributed OUT_DIR [ITEMS]\n"
                 "       penstock_bench stream_load ORIGIN STREAM RECORDS BATCH CONNECTIONS [PER_SECOND]\n");
    return 2;
  }
  if (!status.ok()) std::fprintf(stderr, "penstock_bench: %s\n", Describe(status).c_str());
  return status.ok() ? 0 : 1;
}
