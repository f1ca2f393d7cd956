#include "lake/evolving_table.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"
#include "base/parallel.h"
#include "lake/column_union.h"
#include "lake/columns.h"
#include "lake/parquet_file.h"
#include "store/object_store.h"

namespace penstock::lake {
namespace {

constexpr size_t kMaxShapes = 256;
// What a catalog has of a table of 30 columns, about.
constexpr size_t kCatalogBytesOfTable = size_t{4} << 10;

Status CheckTypes(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    if (field->type()->id() == arrow::Type::NA || IsCellType(*field->type())) continue;
    return MakeError(ErrorCode::kInvalidData, fmt::format("column {}: a table cannot hold {}", field->name(),
                                                          field->type()->ToString()));
  }
  return Status::OK();
}

}  // namespace

struct EvolvingTables::Shape {
  Shape(std::shared_ptr<arrow::Schema> named, Columns of, const ParquetOptions& options)
      : schema(std::move(named)), columns(std::move(of)), encoder(schema, options) {}

  std::shared_ptr<arrow::Schema> schema;  // with distinct names
  Columns columns;
  ParquetEncoder encoder;
};

EvolvingTables::EvolvingTables(store::ObjectStore& store, Catalog& catalog, std::string database,
                               const EvolvingTablesOptions& options)
    : store_(store), catalog_(catalog), database_(std::move(database)), options_(options) {}

EvolvingTables::~EvolvingTables() = default;

Status EvolvingTables::Load() {
  if (loaded_) return Status::OK();
  ASSIGN_OR_RETURN(auto tables, catalog_.ListTables(database_));
  for (auto& table : tables) known_[table.table] = std::move(table.columns);
  loaded_ = true;
  return Status::OK();
}

Result<std::shared_ptr<const EvolvingTables::Shape>> EvolvingTables::ShapeOf(const arrow::Schema& schema) {
  std::lock_guard lock(shapes_mutex_);
  const std::string& fingerprint = schema.fingerprint();
  if (const auto known = shapes_.find(fingerprint); known != shapes_.end()) return known->second;
  RETURN_IF_ERROR(CheckTypes(schema));
  ParquetOptions options;
  options.zstd_level = options_.zstd_level;
  options.repeating = options_.repeating;
  const auto named = WithDistinctNames(schema);
  const auto shape = std::make_shared<const Shape>(named, ColumnsOf(*named), options);
  if (shapes_.size() >= kMaxShapes) shapes_.clear();
  shapes_[fingerprint] = shape;
  return shape;
}

Status EvolvingTables::Add(const TableEntry& table, std::string key, const arrow::RecordBatch& rows) {
  const auto shape = ShapeOf(*rows.schema());
  if (!shape.ok()) return WithContext(shape.status(), key);
  const auto named = arrow::RecordBatch::Make((*shape)->schema, rows.num_rows(), rows.columns());
  ASSIGN_OR_RETURN(std::string bytes, (*shape)->encoder.Encode(*named));
  const Columns& columns = (*shape)->columns;
  bool flush = false;
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(Load());
    const auto known = known_.find(table.table);
    if (known == known_.end() || UniteColumns(known->second, columns) != known->second) {
      HeldFile held{table, std::move(key), std::move(bytes)};
      held.table.columns = columns;
      held_bytes_ += held.bytes.size();
      held_.push_back(std::move(held));
      flush = HoldsEnough();
      if (!flush) return Status::OK();
    }
  }
  return flush ? FlushHeld(true) : store_.Put(key, bytes).status();
}

bool EvolvingTables::HoldsEnough() const {
  return held_.size() >= std::max(options_.max_held_files, known_.size()) ||
         held_bytes_ >= std::max(options_.max_held_bytes, known_.size() * kCatalogBytesOfTable);
}

Status EvolvingTables::Flush() { return FlushHeld(false); }

Status EvolvingTables::FlushHeld(bool if_enough) {
  std::lock_guard one_at_a_time(flush_mutex_);
  std::vector<HeldFile> files;
  {
    std::lock_guard lock(mutex_);
    // The flush that was waited for has made the catalog larger, and what is enough.
    if (if_enough && !HoldsEnough()) return Status::OK();
    files.swap(held_);
    held_bytes_ = 0;
  }
  if (files.empty()) return Status::OK();
  std::map<std::string, TableEntry> tables;
  for (const auto& file : files) {
    const auto [place, is_new] = tables.emplace(file.table.table, file.table);
    if (!is_new) place->second.columns = UniteColumns(place->second.columns, file.table.columns);
  }
  RETURN_IF_ERROR(Register(std::move(tables)));
  RETURN_IF_ERROR(FaultPoint("lake.evolve.registered"));
  return ParallelFor(files.size(), options_.threads,
                     [&](size_t i) -> Status { return store_.Put(files[i].key, files[i].bytes).status(); });
}

Result<EvolvingTables::Columns> EvolvingTables::ReadColumns(const TableEntry& table) {
  ASSIGN_OR_RETURN(const auto objects, store::ListAll(store_, table.prefix));
  Columns columns;
  for (const auto& object : objects) {
    if (!object.key.ends_with(".parquet")) continue;
    auto stored = store_.Get(object.key);
    if (CodeOf(stored.status()) == ErrorCode::kNotFound) continue;  // removed since it was listed
    RETURN_IF_ERROR(stored.status());
    ASSIGN_OR_RETURN(const auto rows, ReadParquet(std::move(stored->bytes), object.key));
    columns = UniteColumns(columns, ColumnsOf(*rows->schema()));
  }
  return columns;
}

Status EvolvingTables::Register(std::map<std::string, TableEntry> tables) {
  std::vector<TableEntry*> lost;
  {
    std::lock_guard lock(mutex_);
    for (auto& [name, table] : tables) {
      if (!known_.contains(name)) lost.push_back(&table);
    }
  }
  RETURN_IF_ERROR(ParallelFor(lost.size(), options_.threads, [&](size_t i) -> Status {
    ASSIGN_OR_RETURN(const Columns before, ReadColumns(*lost[i]));
    lost[i]->columns = UniteColumns(before, lost[i]->columns);
    return Status::OK();
  }));
  std::vector<TableEntry> entries;
  for (auto& [name, table] : tables) {
    table.database = database_;
    table.evolving = true;
    if (!table.columns.empty()) entries.push_back(std::move(table));
  }
  RETURN_IF_ERROR(catalog_.MergeTables(entries));
  std::lock_guard lock(mutex_);
  for (const auto& entry : entries) {
    known_[entry.table] = UniteColumns(known_[entry.table], entry.columns);
  }
  return Status::OK();
}

Status EvolvingTables::Recover(const std::vector<TableEntry>& tables) {
  std::map<std::string, TableEntry> lost;
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(Load());
    for (const auto& table : tables) {
      if (!known_.contains(table.table)) lost[table.table] = table;
    }
  }
  return lost.empty() ? Status::OK() : Register(std::move(lost));
}

}  // namespace penstock::lake
