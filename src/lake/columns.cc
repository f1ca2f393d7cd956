#include "lake/columns.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <bit>

#include "base/date.h"

namespace penstock::lake {
namespace {

using Kind = CellColumn::Kind;

template <typename T>
int Order(T a, T b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// IEEE 754's totalOrder, but for NaNs of negative sign, which sort with the others.
template <typename Float, typename Bits>
int OrderFloat(Float a, Float b) {
  if (a < b) return -1;
  if (b < a) return 1;
  const bool nan_a = a != a;
  const bool nan_b = b != b;
  if (nan_a != nan_b) return nan_a ? 1 : -1;
  const auto bits_a = std::bit_cast<Bits>(a);
  const auto bits_b = std::bit_cast<Bits>(b);
  return Order(bits_a, bits_b);
}

template <typename T>
T Load(const CellColumn& column, int64_t row) {
  return column.Values<T>()[row];
}

Status FillColumn(const arrow::ArrayData& array, CellColumn& cells) {
  const auto& type = *array.type;
  switch (type.id()) {
    case arrow::Type::BOOL: cells.kind = Kind::kBool; break;
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64: cells.kind = Kind::kUnsigned; break;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE: cells.kind = Kind::kFloat; break;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: cells.kind = Kind::kBytes; break;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP: cells.kind = Kind::kSigned; break;
    default:
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("tables hold no columns of type {}", type.ToString()));
  }
  cells.offset = array.offset;
  if (array.buffers[0] != nullptr && array.GetNullCount() != 0) cells.validity = array.buffers[0]->data();
  const auto* values = array.buffers[1].get();
  if (cells.kind == Kind::kBytes) {
    static constexpr int32_t kEmpty[1] = {0};
    cells.offsets = values == nullptr || values->size() == 0 ? kEmpty : array.GetValues<int32_t>(1);
    cells.data = array.buffers[2] == nullptr ? nullptr : array.buffers[2]->data();
  } else if (cells.kind == Kind::kBool) {
    cells.data = values == nullptr ? nullptr : values->data();
  } else {
    cells.width = static_cast<uint8_t>(static_cast<const arrow::FixedWidthType&>(type).bit_width() / 8);
    cells.data = values == nullptr ? nullptr : values->data() + array.offset * cells.width;
  }
  return Status::OK();
}

template <typename T>
void CopyCells(std::span<const RowRef> rows, int column, uint8_t* to) {
  auto* out = reinterpret_cast<T*>(to);
  for (const auto& ref : rows) {
    const auto& cells = ref.batch->column(column);
    *out++ = cells.IsNull(ref.row) ? T{} : cells.Values<T>()[ref.row];
  }
}

Result<std::shared_ptr<arrow::Array>> GatherColumn(const arrow::Field& field, std::span<const RowRef> rows,
                                                   int column) {
  const auto count = static_cast<int64_t>(rows.size());
  int64_t nulls = 0;
  for (const auto& ref : rows) nulls += ref.batch->column(column).IsNull(ref.row);
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls > 0) {
    if (!field.nullable()) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("a row without a value for the column {}", field.name()));
    }
    ASSIGN_OR_RETURN(validity, arrow::AllocateBuffer((count + 7) / 8));
    std::memset(validity->mutable_data(), 0, static_cast<size_t>((count + 7) / 8));
    for (int64_t i = 0; i < count; ++i) {
      const auto& ref = rows[static_cast<size_t>(i)];
      if (!ref.batch->column(column).IsNull(ref.row))
        validity->mutable_data()[i >> 3] |= static_cast<uint8_t>(1U << (i & 7));
    }
  }
  arrow::BufferVector buffers{validity};
  const auto id = field.type()->id();
  if (id == arrow::Type::STRING || id == arrow::Type::BINARY) {
    int64_t total = 0;
    for (const auto& ref : rows) {
      const auto& cells = ref.batch->column(column);
      if (!cells.IsNull(ref.row)) total += static_cast<int64_t>(cells.Bytes(ref.row).size());
    }
    if (total > INT32_MAX) {
      return MakeError(ErrorCode::kTooLarge,
                       fmt::format("column {}: {} bytes of text in one file", field.name(), total));
    }
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets, arrow::AllocateBuffer((count + 1) * 4));
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> data, arrow::AllocateBuffer(total));
    auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
    int32_t at = 0;
    for (const auto& ref : rows) {
      *offset++ = at;
      const auto& cells = ref.batch->column(column);
      if (cells.IsNull(ref.row)) continue;
      const auto bytes = cells.Bytes(ref.row);
      if (!bytes.empty()) std::memcpy(data->mutable_data() + at, bytes.data(), bytes.size());
      at += static_cast<int32_t>(bytes.size());
    }
    *offset = at;
    buffers.push_back(std::move(offsets));
    buffers.push_back(std::move(data));
  } else if (id == arrow::Type::BOOL) {
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> data, arrow::AllocateBuffer((count + 7) / 8));
    std::memset(data->mutable_data(), 0, static_cast<size_t>((count + 7) / 8));
    for (int64_t i = 0; i < count; ++i) {
      const auto& ref = rows[static_cast<size_t>(i)];
      const auto& cells = ref.batch->column(column);
      if (!cells.IsNull(ref.row) && cells.Bit(ref.row))
        data->mutable_data()[i >> 3] |= static_cast<uint8_t>(1U << (i & 7));
    }
    buffers.push_back(std::move(data));
  } else {
    const int width = static_cast<const arrow::FixedWidthType&>(*field.type()).bit_width() / 8;
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> data, arrow::AllocateBuffer(count * width));
    switch (width) {
      case 1: CopyCells<uint8_t>(rows, column, data->mutable_data()); break;
      case 2: CopyCells<uint16_t>(rows, column, data->mutable_data()); break;
      case 4: CopyCells<uint32_t>(rows, column, data->mutable_data()); break;
      default: CopyCells<uint64_t>(rows, column, data->mutable_data()); break;
    }
    buffers.push_back(std::move(data));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(field.type(), count, std::move(buffers), nulls));
}

}  // namespace

bool IsCellType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return true;
    default: return false;
  }
}

int64_t CellColumn::Integer(int64_t row) const {
  const bool is_signed = kind == Kind::kSigned;
  switch (width) {
    case 1: return is_signed ? Load<int8_t>(*this, row) : Load<uint8_t>(*this, row);
    case 2: return is_signed ? Load<int16_t>(*this, row) : Load<uint16_t>(*this, row);
    case 4: return is_signed ? Load<int32_t>(*this, row) : static_cast<int64_t>(Load<uint32_t>(*this, row));
    case 8: return Load<int64_t>(*this, row);
    default: return kind == Kind::kBool ? Bit(row) : 0;
  }
}

double CellColumn::Number(int64_t row) const {
  if (kind == Kind::kFloat) return width == 8 ? Load<double>(*this, row) : Load<float>(*this, row);
  if (kind == Kind::kUnsigned && width == 8) return static_cast<double>(Load<uint64_t>(*this, row));
  return static_cast<double>(Integer(row));
}

int CompareCells(const CellColumn& a, int64_t row_a, const CellColumn& b, int64_t row_b) {
  const bool null_a = a.IsNull(row_a);
  const bool null_b = b.IsNull(row_b);
  if (null_a || null_b) return null_a == null_b ? 0 : (null_a ? -1 : 1);
  switch (a.kind) {
    case Kind::kBytes: {
      const int order = a.Bytes(row_a).compare(b.Bytes(row_b));
      return order < 0 ? -1 : (order > 0 ? 1 : 0);
    }
    case Kind::kBool: return Order(a.Bit(row_a), b.Bit(row_b));
    case Kind::kFloat:
      if (a.width == 8) return OrderFloat<double, int64_t>(Load<double>(a, row_a), Load<double>(b, row_b));
      return OrderFloat<float, int32_t>(Load<float>(a, row_a), Load<float>(b, row_b));
    case Kind::kUnsigned:
      return Order(static_cast<uint64_t>(a.Integer(row_a)), static_cast<uint64_t>(b.Integer(row_b)));
    case Kind::kSigned: return Order(a.Integer(row_a), b.Integer(row_b));
  }
  return 0;
}

Result<std::shared_ptr<const BatchView>> BatchView::Make(std::shared_ptr<arrow::RecordBatch> batch) {
  std::shared_ptr<BatchView> view(new BatchView);
  view->rows_ = batch->num_rows();
  view->columns_.resize(static_cast<size_t>(batch->num_columns()));
  for (int i = 0; i < batch->num_columns(); ++i) {
    RETURN_IF_ERROR(FillColumn(*batch->column_data(i), view->columns_[static_cast<size_t>(i)]));
  }
  view->batch_ = std::move(batch);
  return std::shared_ptr<const BatchView>(std::move(view));
}

int CompareRows(const RowRef& a, const RowRef& b, int count) {
  for (int i = 0; i < count; ++i) {
    if (const int order = CompareCells(a.batch->column(i), a.row, b.batch->column(i), b.row); order != 0)
      return order;
  }
  return 0;
}

Result<std::shared_ptr<arrow::RecordBatch>> GatherRows(const std::shared_ptr<arrow::Schema>& schema,
                                                       std::span<const RowRef> rows) {
  arrow::ArrayVector arrays;
  arrays.reserve(static_cast<size_t>(schema->num_fields()));
  for (int i = 0; i < schema->num_fields(); ++i) {
    ASSIGN_OR_RETURN(auto array, GatherColumn(*schema->field(i), rows, i));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.size()), std::move(arrays));
}

std::string DescribeKey(const RowRef& row, std::span<const int> columns) {
  std::string text;
  for (const int index : columns) {
    if (!text.empty()) text += '/';
    const auto& cells = row.batch->column(index);
    if (cells.IsNull(row.row)) {
      text += "null";
    } else if (cells.kind == Kind::kBytes) {
      text += cells.Bytes(row.row);
    } else if (row.batch->batch().column(index)->type_id() == arrow::Type::DATE32) {
      text += FormatDate(FromDaysSinceEpoch(static_cast<int32_t>(cells.Integer(row.row))));
    } else if (cells.kind == Kind::kFloat) {
      text += fmt::format("{}", cells.Number(row.row));
    } else {
      text += fmt::format("{}", cells.Integer(row.row));
    }
  }
  return text;
}

}  // namespace penstock::lake
