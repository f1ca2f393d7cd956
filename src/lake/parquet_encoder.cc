#include "lake/parquet_encoder.h"

#include <arrow/array/util.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <zstd.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/thread_annotations.h"
#include "lake/columns.h"
#include "lake/parquet_footer.h"
#include "lake/parquet_layout.h"
#include "lake/parquet_page.h"

namespace penstock::lake {
namespace {

// As Parquet's own writer has them.
constexpr int64_t kPageRows = 20'000;
constexpr int64_t kPageBytes = 1 << 20;
constexpr size_t kWorthZstd = 512;  // bytes of a page

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

Status Failure(std::string_view why) {
  return MakeError(ErrorCode::kInternal, fmt::format("writing Parquet: {}", why));
}

// A file without rows, by Parquet's own writer: its footer has the schema and all else that is the same in
// each file.
Result<std::string> EmptyFile(const arrow::Schema& schema, const ParquetOptions& options) {
  std::vector<std::string> keys, values;
  std::string sorted_by;
  for (const auto& name : options.sorted_by) sorted_by += (sorted_by.empty() ? "" : ",") + name;
  auto metadata = options.metadata;
  if (!sorted_by.empty()) metadata["sorted_by"] = sorted_by;
  for (const auto& [key, value] : metadata) {
    keys.push_back(key);
    values.push_back(value);
  }
  try {
    const auto properties = parquet::WriterProperties::Builder().created_by("penstock")->build();
    std::shared_ptr<parquet::SchemaDescriptor> descriptor;
    RETURN_IF_ERROR(parquet::arrow::ToParquetSchema(
        &schema, *properties, *parquet::ArrowWriterProperties::Builder().build(), &descriptor));
    ASSIGN_OR_RETURN(const auto sink, arrow::io::BufferOutputStream::Create());
    parquet::ParquetFileWriter::Open(
        sink, std::static_pointer_cast<parquet::schema::GroupNode>(descriptor->schema_root()), properties,
        keys.empty() ? nullptr : arrow::key_value_metadata(std::move(keys), std::move(values)))
        ->Close();
    ASSIGN_OR_RETURN(const auto bytes, sink->Finish());
    return bytes->ToString();
  } catch (const std::exception& error) {
    return Failure(error.what());
  }
}

// What one file after another is made with.
class Workshop {
 public:
  // Valid until the next call.
  Result<std::string_view> Fold(std::string_view page, int level) {
    if (zstd_ == nullptr) zstd_.reset(ZSTD_createCCtx());
    if (folded_.size() < ZSTD_compressBound(page.size())) folded_.resize(ZSTD_compressBound(page.size()));
    const size_t size =
        ZSTD_compressCCtx(zstd_.get(), folded_.data(), folded_.size(), page.data(), page.size(), level);
    if (ZSTD_isError(size) != 0) return Failure(ZSTD_getErrorName(size));
    return std::string_view(folded_.data(), size);
  }

  std::string page;

  bool is_small() const { return page.capacity() + folded_.capacity() < 4 * kPageBytes; }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeContext> zstd_;
  std::string folded_;
};

// Those of all encoders, as many as threads were at work at once.
class Workshops {
 public:
  std::unique_ptr<Workshop> Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Workshop>();
    auto workshop = std::move(idle_.back());
    idle_.pop_back();
    return workshop;
  }
  void Return(std::unique_ptr<Workshop> workshop) {
    if (!workshop->is_small()) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(workshop));
  }
  static Workshops& Shared() {
    static Workshops shared;
    return shared;
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workshop>> idle_ GUARDED_BY(mutex_);
};

}  // namespace

struct ParquetEncoder::State {
  std::shared_ptr<arrow::Schema> schema;
  std::string empty_file;
  std::optional<ParquetFooter> footer;  // of it
  std::vector<StoredColumn> columns;
  std::vector<bool> repeats;
  std::vector<int> without_type;  // columns of nulls only
  std::vector<int> sorted_by;
  int zstd_level = 0;
  int64_t rows_a_group = 0;
  Status failure;

  Status Prepare(const ParquetOptions& options);
};

Status ParquetEncoder::State::Prepare(const ParquetOptions& options) {
  zstd_level = options.zstd_level;
  rows_a_group = options.rows_a_group;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = *schema->field(i);
    if (field.type()->id() == arrow::Type::NA) {
      without_type.push_back(i);
    } else if (!IsCellType(*field.type())) {
      return Failure(fmt::format("column {}: no {}", field.name(), field.type()->ToString()));
    }
  }
  ASSIGN_OR_RETURN(empty_file, EmptyFile(*schema, options));
  ASSIGN_OR_RETURN(footer, ParquetFooter::Parse(empty_file, static_cast<int64_t>(empty_file.size())));
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = *schema->field(i);
    const FooterColumn& stored = footer->columns()[static_cast<size_t>(i)];
    StoredColumn& column = columns.emplace_back();
    column.physical = stored.physical;
    column.optional = stored.optional;
    if (field.type()->id() == arrow::Type::TIMESTAMP) {  // there are no seconds in Parquet
      const auto unit = static_cast<const arrow::TimestampType&>(*field.type()).unit();
      if (unit == arrow::TimeUnit::SECOND) column.scale = 1000;
    }
    const bool repeating = std::find(options.repeating.begin(), options.repeating.end(), field.name()) !=
                           options.repeating.end();
    repeats.push_back(repeating);
    if (repeating) {
      const bool text = stored.physical == PhysicalType::kByteArray;
      column.encoding = text ? kDeltaByteArray : kDeltaBinaryPacked;
    }
  }
  for (const auto& name : options.sorted_by) {
    sorted_by.push_back(schema->GetFieldIndex(name));
    if (sorted_by.back() < 0) return Failure(fmt::format("sorted by an unknown column: {}", name));
  }
  return Status::OK();
}

// One file on its way.
class ParquetEncoder::File {
 public:
  File(const State& state, Workshop& workshop, const BatchView& rows)
      : state_(state), workshop_(workshop), rows_(rows) {}

  Result<std::string> Write() {
    out_.reserve(32 << 10);
    out_ = "PAR1";
    std::vector<Group> groups;
    for (int64_t row = 0; row < rows_.rows(); row += state_.rows_a_group) {
      Group& group = groups.emplace_back();
      group.rows = {row, std::min(rows_.rows(), row + state_.rows_a_group)};
      group.columns.resize(state_.columns.size());
      for (size_t i = 0; i < group.columns.size(); ++i) {
        RETURN_IF_ERROR(WriteColumn(i, group.rows, group.columns[i]));
      }
    }
    WriteIndexes(groups);
    std::vector<std::string> written;
    for (size_t i = 0; i < groups.size(); ++i) WriteGroup(groups[i], i, written.emplace_back());
    state_.footer->WriteWith(written, rows_.rows(), out_);
    return std::move(out_);
  }

 private:
  struct Column {
    WrittenChunk chunk;
    std::vector<WrittenPage> pages;
  };
  struct Group {
    RowRange rows;
    std::vector<Column> columns;
  };

  int64_t at() const { return static_cast<int64_t>(out_.size()); }

  // Where the page that begins at `begin` ends.
  int64_t EndOfPage(const CellColumn& cells, int64_t begin, int64_t end) const {
    end = std::min(end, begin + kPageRows);
    if (cells.kind != CellColumn::Kind::kBytes) return end;
    int64_t row = begin + 1;
    while (row < end && cells.offsets[row] - cells.offsets[begin] < kPageBytes) ++row;
    return row;
  }

  Status WriteColumn(size_t index, RowRange rows, Column& column) {
    const CellColumn& cells = rows_.column(static_cast<int>(index));
    const StoredColumn& stored = state_.columns[index];
    WrittenChunk& chunk = column.chunk;
    chunk.physical = stored.physical;
    chunk.name = state_.schema->field(static_cast<int>(index))->name();
    chunk.encoding = stored.encoding;
    chunk.rows = rows.size();
    chunk.begin = at();
    for (int64_t begin = rows.begin; begin < rows.end;) {
      const RowRange of_page{begin, EndOfPage(cells, begin, rows.end)};
      WrittenPage& page = column.pages.emplace_back();
      page.begin = at();
      page.first_row = begin - rows.begin;
      page.rows = of_page.size();
      page.nulls = CountNulls(cells, of_page);
      if (page.nulls > 0 && !stored.optional)
        return Failure(fmt::format("a null in the column {}", chunk.name));
      page.bounds = BoundsOf(stored, cells, of_page, page.nulls);
      workshop_.page.clear();
      RETURN_IF_ERROR(AppendPage(stored, cells, of_page, page.nulls, workshop_.page));
      const bool first = column.pages.size() == 1;
      if (first && state_.zstd_level != 0 && !state_.repeats[index] && workshop_.page.size() >= kWorthZstd) {
        chunk.codec = kZstd;
      }
      std::string_view bytes = workshop_.page;
      if (chunk.codec == kZstd) {
        ASSIGN_OR_RETURN(bytes, workshop_.Fold(workshop_.page, state_.zstd_level));
      }
      WritePageHeader(page.rows, stored.encoding, workshop_.page.size(), bytes, out_);
      const int64_t header = at() - page.begin;
      out_ += bytes;
      page.bytes = at() - page.begin;
      chunk.unfolded_bytes += header + static_cast<int64_t>(workshop_.page.size());
      chunk.nulls += page.nulls;
      begin = of_page.end;
    }
    chunk.bytes = at() - chunk.begin;
    chunk.bounds =
        column.pages.size() == 1 ? column.pages[0].bounds : BoundsOf(stored, cells, rows, chunk.nulls);
    return Status::OK();
  }

  void WriteIndexes(std::vector<Group>& groups) {
    for (Group& group : groups) {
      for (size_t i = 0; i < group.columns.size(); ++i) {
        Column& column = group.columns[i];
        const bool ascending = !state_.sorted_by.empty() && state_.sorted_by[0] == static_cast<int>(i);
        column.chunk.column_index = at();
        WriteColumnIndex(column.pages, ascending, out_);
        column.chunk.column_index_bytes = at() - column.chunk.column_index;
      }
    }
    for (Group& group : groups) {
      for (Column& column : group.columns) {
        column.chunk.offset_index = at();
        WriteOffsetIndex(column.pages, out_);
        column.chunk.offset_index_bytes = at() - column.chunk.offset_index;
      }
    }
  }

  void WriteGroup(const Group& group, size_t number, std::string& out) const {
    using Type = ThriftType;
    ThriftWriter writer(out);
    writer.BeginStruct();
    writer.BeginList(1, Type::kStruct, group.columns.size());
    int64_t unfolded = 0, bytes = 0;
    for (const Column& column : group.columns) {
      WriteChunk(column.chunk, writer);
      unfolded += column.chunk.unfolded_bytes;
      bytes += column.chunk.bytes;
    }
    writer.Int(2, Type::kI64, unfolded);
    writer.Int(3, Type::kI64, group.rows.size());
    if (!state_.sorted_by.empty()) {
      writer.BeginList(4, Type::kStruct, state_.sorted_by.size());
      for (const int column : state_.sorted_by) {
        writer.BeginStruct();
        writer.Int(1, Type::kI32, column);
        writer.Bool(2, false);  // descending
        writer.Bool(3, true);   // nulls first
        writer.EndStruct();
      }
    }
    writer.Int(5, Type::kI64, group.columns.empty() ? 0 : group.columns[0].chunk.begin);
    writer.Int(6, Type::kI64, bytes);
    if (number <= INT16_MAX) writer.Int(7, Type::kI16, static_cast<int64_t>(number));
    writer.EndStruct();
  }

  const State& state_;
  Workshop& workshop_;
  const BatchView& rows_;
  std::string out_;
};

ParquetEncoder::ParquetEncoder(std::shared_ptr<arrow::Schema> schema, const ParquetOptions& options)
    : state_(std::make_unique<State>()) {
  state_->schema = schema->RemoveMetadata();
  const Status prepared = state_->Prepare(options);
  if (!prepared.ok()) state_->failure = WithContext(prepared, "schema of a Parquet file");
}

ParquetEncoder::~ParquetEncoder() = default;

Result<std::string> ParquetEncoder::Encode(const arrow::RecordBatch& batch) const {
  RETURN_IF_ERROR(state_->failure);
  if (!batch.schema()->Equals(*state_->schema, false)) {
    return Failure(
        fmt::format("expected columns {}, got {}", state_->schema->ToString(), batch.schema()->ToString()));
  }
  auto cells = batch.Slice(0);
  for (const int column : state_->without_type) {
    ASSIGN_OR_RETURN(const auto nulls, arrow::MakeArrayOfNull(arrow::int32(), batch.num_rows()));
    ASSIGN_OR_RETURN(cells, cells->SetColumn(column, arrow::field("", arrow::int32()), nulls));
  }
  ASSIGN_OR_RETURN(const auto view, BatchView::Make(std::move(cells)));
  for (int64_t row = 1; row < view->rows() && !state_->sorted_by.empty(); ++row) {
    int order = 0;
    for (const int column : state_->sorted_by) {
      order = CompareCells(view->column(column), row - 1, view->column(column), row);
      if (order != 0) break;
    }
    if (order > 0) return Failure(fmt::format("row {} is out of order", row));
  }
  auto workshop = Workshops::Shared().Take();
  try {
    auto bytes = File(*state_, *workshop, *view).Write();
    Workshops::Shared().Return(std::move(workshop));
    return bytes;
  } catch (const std::bad_alloc&) {
    return MakeError(ErrorCode::kResourceExhausted, "writing Parquet: out of memory");
  } catch (const std::exception& error) {
    return Failure(error.what());
  }
}

}  // namespace penstock::lake
